"""Numbers as carriers and people write them (N1, N2, R5, O1, O2, O4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.admission.caller_lookup import caller_of
from routing.areas import AREAS
from routing.facts import CallerClass
from routing.number import (
    Number,
    NumberFault,
    carrier_of,
    is_400,
    parse_400,
    print_400,
    print_address,
    print_number,
    read_number,
)
from tests.unit.routing.strategies import numbers_400


@pytest.mark.req("N1", "O2")
@pytest.mark.parametrize(
    "text",
    ["400-622-8300", "4006228300", "400 622 8300", "４００-６２２-８３００", "+864006228300", "0086 400-622-8300"],
)
def test_400_number_in_any_spelling(text: str) -> None:
    """With or without hyphens, from inside and outside, it is the same number."""
    assert parse_400(text) == "4006228300"


@pytest.mark.req("N1", "N2")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("400-222-8300", "segment 4002, which no carrier has"),
        ("800-622-8300", "must be 400 and seven more"),
        ("400622830", "must be 400 and seven more"),
        ("40062283001", "must be 400 and seven more"),
        ("400-CALL-NOW", "must be digits"),
        ("", "must be digits"),
    ],
)
def test_what_is_no_400_number(text: str, says: str) -> None:
    """What is not ten digits from a carrier's segment is refused, with the reason."""
    with pytest.raises(NumberFault, match=says):
        parse_400(text)


@pytest.mark.req("N1", "N2")
@given(numbers_400)
def test_printing_and_parsing_are_inverse(number: str) -> None:
    """A printed 400 number is read as itself, and has a carrier."""
    assert parse_400(print_400(parse_400(number))) == number
    assert carrier_of(parse_400(number)).startswith("China ")


@pytest.mark.req("N2")
def test_segments_and_their_carriers() -> None:
    """4000 and 4006 are Unicom's, 4001 and 4007 Mobile's, 4008 and 4009 Telecom's."""
    carriers = {
        segment: carrier_of(parse_400(f"{segment}123456")) for segment in ("4000", "4006", "4001", "4007", "4008")
    }
    assert carriers == {
        "4000": "China Unicom",
        "4006": "China Unicom",
        "4001": "China Mobile",
        "4007": "China Mobile",
        "4008": "China Telecom",
    }


@pytest.mark.req("R5", "O1", "O2")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("021-6228 8300", Number("02162288300", CallerClass.FIXED, "021")),
        ("+86 21 6228 8300", Number("02162288300", CallerClass.FIXED, "021")),
        ("862162288300", Number("02162288300", CallerClass.FIXED, "021")),
        ("(0756) 123-4567", Number("07561234567", CallerClass.FIXED, "0756")),
        ("0755-8888 1234", Number("075588881234", CallerClass.FIXED, "0755")),
        ("138 0013 8000", Number("13800138000", CallerClass.MOBILE)),
        ("013800138000", Number("13800138000", CallerClass.MOBILE)),
        ("+8613800138000", Number("13800138000", CallerClass.MOBILE)),
        ("008613800138000", Number("13800138000", CallerClass.MOBILE)),
        ("8613800138000", Number("13800138000", CallerClass.MOBILE)),
        ("10086", Number("10086", CallerClass.SERVICE)),
        ("95588", Number("95588", CallerClass.SERVICE)),
        ("02195588", Number("02195588", CallerClass.SERVICE, "021")),
        ("4006001234", Number("4006001234", CallerClass.SERVICE)),
        ("+852 2123 4567", Number("+85221234567", CallerClass.HK_MO_TW)),
        ("00853 2812 3456", Number("+85328123456", CallerClass.HK_MO_TW)),
        ("+886 2 1234 5678", Number("+886212345678", CallerClass.HK_MO_TW)),
        ("+1 415 555 0100", Number("+14155550100", CallerClass.OVERSEAS)),
        ("+012345", Number("", CallerClass.UNKNOWN)),
        ("anonymous", Number("", CallerClass.UNKNOWN)),
        ("", Number("", CallerClass.UNKNOWN)),
        ("alice", Number("", CallerClass.VOIP)),
        ("62288300", Number("62288300", CallerClass.UNKNOWN)),
        ("+8655", Number("55", CallerClass.UNKNOWN)),
    ],
)
def test_callers_and_targets_in_any_spelling(text: str, expected: Number) -> None:
    """One canonical form for each number, whoever wrote it."""
    assert read_number(text) == expected


@pytest.mark.req("R5")
@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("02162288300", "021-6228 8300"),
        ("07561234567", "0756-123 4567"),
        ("13800138000", "138 0013 8000"),
        ("4006228300", "400-622-8300"),
        ("10086", "10086"),
        ("+85221234567", "+85221234567"),
        ("sip:desk@example.com", "sip:desk@example.com"),
    ],
)
def test_numbers_are_printed_as_people_write_them(number: str, printed: str) -> None:
    """Area code and number with a hyphen, mobiles in 3-4-4; and what is printed is read as the same."""
    assert print_number(number) == printed


@pytest.mark.req("O4")
@given(st.text())
def test_any_text_is_read_and_keeps_its_form(text: str) -> None:
    """Nothing raises, and a number in canonical form is read as itself: nothing is ever cut off at its end."""
    number = read_number(text)
    assert read_number(number.digits).digits == number.digits
    assert number.caller_class is not CallerClass.FIXED or number.digits.startswith(number.area)


@pytest.mark.req("R1")
def test_a_mobile_has_its_home_area() -> None:
    """A mobile's area is its home's, by its prefix; a landline's place is its area code's; an unknown one has none."""
    mobile = caller_of("+8613800138000", display="王")
    assert (mobile.number, mobile.area, mobile.place, mobile.display) == ("13800138000", "010", "北京", "王")
    assert caller_of("13600000000").place
    fixed = caller_of("0755-8888 1234", withheld=True)
    assert (fixed.area, fixed.place, fixed.withheld) == ("0755", "广东深圳", True)
    assert caller_of("anonymous").area == ""


def test_area_table() -> None:
    """Every area code has the form of one, and the municipalities are there."""
    assert AREAS["010"] == "北京"
    assert AREAS["0755"] == "广东深圳"
    assert len(AREAS) > 300
    assert all(read_number(area + "62288300").area == area for area in AREAS)


@pytest.mark.req("O1")
@pytest.mark.parametrize("category", ["payphone", "phs", "campus", "voip"])
def test_a_carrier_says_what_a_landline_is(category: str) -> None:
    """The category that comes with a landline is its class; the place is still its area code's."""
    said = caller_of("021-6228 8300", category=category)
    assert (said.caller_class, said.area, said.place) == (CallerClass(category), "021", "上海")


@pytest.mark.req("O1", "O2")
@given(st.text() | st.sampled_from(["021-6228 8300", "+85221234567", "+14155550100", "13800138000"]), st.text())
def test_a_category_hides_nobody(text: str, category: str) -> None:
    """Whatever is not a landline has the class that its number shows, and a category of no account changes nothing."""
    plain = caller_of(text)
    assert caller_of(text, category=category) == plain
    if plain.caller_class is not CallerClass.FIXED:
        assert caller_of(text, category="payphone") == plain


@pytest.mark.req("N1")
def test_an_address_is_printed_as_people_write_it() -> None:
    """A number with its spaces; a SIP URI and nothing stay as they are."""
    assert print_address("02112345678") == print_number("02112345678") == "021-1234 5678"
    assert print_address("sip:a@b") == "sip:a@b"
    assert print_address("") == ""


@pytest.mark.req("N3")
@pytest.mark.parametrize(
    ("text", "is_one"),
    [("400-600-1234", True), ("+864006001234", True), ("4002345678", True), ("02140060012", False), ("10086", False)],
)
def test_whether_a_caller_shows_a_400_number(text: str, is_one: bool) -> None:
    """In any spelling and segment; no other number is taken for one."""
    assert is_400(read_number(text).digits) is is_one
