"""The running switch of the tests in `tests/switch`."""

from tests.switch.conftest import own_switch, switch

__all__ = ["own_switch", "switch"]
