"""The switch that measurements start for themselves."""

from tests.support.switch import own_switch

__all__ = ["own_switch"]
