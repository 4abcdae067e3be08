"""The switch that measurements start for themselves."""

from tests.switch.conftest import own_switch

__all__ = ["own_switch"]
