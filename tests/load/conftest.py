"""The switches that the load tests start for themselves."""

from tests.support.switch import own_switch, switch

__all__ = ["own_switch", "switch"]
