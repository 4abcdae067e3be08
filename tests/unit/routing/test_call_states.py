"""docs/call-states.md shows the state machine that the code has."""

from routing.state import Activity
from tests.support.call_states import PAGE, explored, page


def test_the_page_is_up_to_date_and_has_every_activity() -> None:
    """The page is what the exploration finds; it enters and leaves every activity there is."""
    arrows = explored()
    activities = {kind.__name__ for kind in Activity.__args__}
    assert {after for _, after in arrows} >= activities
    assert {before for before, _ in arrows} >= activities
    assert PAGE.read_text(encoding="utf-8") == page(arrows), "run: python -m tests.support.call_states"
