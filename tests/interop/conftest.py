"""The running switch of the tests against other people's programs."""

from tests.support.switch import own_switch, switch

__all__ = ["own_switch", "switch"]
