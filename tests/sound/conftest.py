"""The running switch of the tests in `tests/switch`."""

from tests.switch.conftest import switch

__all__ = ["switch"]
