"""The running switch of the end-to-end tests."""

from tests.support.switch import own_switch, switch

__all__ = ["own_switch", "switch"]
