"""The published list of operations is that of the code."""

import pytest

from b2bua.api.document import PAGE, page


@pytest.mark.req("S6")
def test_the_page_is_up_to_date() -> None:
    """`python -m b2bua.api.document` would write what is there."""
    assert PAGE.read_text("utf-8") == page(), "run python -m b2bua.api.document"
