"""Who may call: Screen, Verify, Limit, in the documents' own words (O1–O6, R10)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cause import ALL_LINES_BUSY, AREA_REFUSED, CALLER_CANCELLED, NOT_ALLOWED, OVER_MONTH_LIMIT, WRONG_PASSWORD
from routing.command import CollectDigits, JoinQueue, Play, Release, Ring, StartTimer
from routing.event import CallerHungUp, CallerReleased, KeysEnd, PromptEnded, SecretKeyed, TimerFired
from routing.explain import World, explain
from routing.facts import Caller, CallerClass, Facts, Usage
from routing.ids import CALLER, NodeName, PromptName
from routing.node import Limit, Screen, Verify
from routing.nodes import gates
from routing.plan import GATES, Plan
from routing.state import HungUpBy, Outcome
from tests.unit.routing.calls import TWO_TARGETS, Call
from tests.unit.routing.strategies import facts, plans

SHENZHEN = Caller("075588881234", CallerClass.FIXED, "0755")
MOBILE = Caller("13912345678", CallerClass.MOBILE, "0755")
HONG_KONG = Caller("+85221234567", CallerClass.HK_MO_TW)
BEIJING = Caller("01062288300", CallerClass.FIXED, "010")
PAYPHONE = Caller("02162288300", CallerClass.PAYPHONE, "021")
NOBODY = Caller("", CallerClass.UNKNOWN)


def screened(screen: str, caller: Caller) -> Call:
    """A call of the simple plan with this screen."""
    return Call(TWO_TARGETS + f"[screen]\n{screen}\n", caller=caller)


def refused_with(call: Call) -> tuple[str, str]:
    """The prompt that a refused caller hears, and the cause of the release after it."""
    play, timer = call.first
    assert isinstance(play, Play)
    assert isinstance(timer, StartTimer)
    release = call.then(PromptEnded(3.0, CALLER))[0]
    assert isinstance(release, Release)
    call.then(CallerReleased(3.1))
    assert call.over()
    return play.prompts[0], release.cause.slug


def passes(call: Call) -> bool:
    """Whether the call reached a target."""
    return any(isinstance(command, Ring) for command in call.first)


@pytest.mark.req("O4")
@pytest.mark.parametrize(
    ("black", "caller", "refused"),
    [
        ('numbers = ["139 1234 5678"]', MOBILE, True),
        ('prefixes = ["1391"]', MOBILE, True),
        ('areas = ["0755"]', MOBILE, True),
        ('areas = ["0755"]', SHENZHEN, True),
        ('prefixes = ["0755"]', SHENZHEN, True),
        ('prefixes = ["0755"]', MOBILE, False),
        ('prefixes = ["1234", "5678"]', MOBILE, False),
        ('areas = ["021"]', MOBILE, False),
    ],
)
def test_black_list(black: str, caller: Caller, refused: bool) -> None:
    """Whole numbers, leading digits and areas are refused with 您无权拨打该号码; trailing digits never match."""
    call = screened(f"black = {{ {black} }}", caller)
    assert passes(call) is not refused
    if refused:
        assert refused_with(call) == ("not-allowed", NOT_ALLOWED.slug)


@pytest.mark.req("O4")
def test_white_list_exclusive_or_first() -> None:
    """Exclusive: only these callers. Priority: everyone, these first."""
    only = 'white = { areas = ["0755"] }'
    assert passes(screened(only, SHENZHEN))
    assert refused_with(screened(only, BEIJING)) == ("not-allowed", NOT_ALLOWED.slug)
    first = only + '\nwhite_is = "priority"'
    assert passes(screened(first, BEIJING))
    assert screened(first, SHENZHEN).state.priority
    assert not screened(first, BEIJING).state.priority


@pytest.mark.req("O3")
def test_areas_that_may_or_may_not_call() -> None:
    """Area refusals play 对不起，您要的电话忙！; a caller whose area is unknown is not among the allowed."""
    assert passes(screened('areas_only = ["0755"]', MOBILE))
    assert refused_with(screened('areas_only = ["0755"]', BEIJING)) == ("busy", AREA_REFUSED.slug)
    assert refused_with(screened('areas_never = ["010"]', BEIJING)) == ("busy", AREA_REFUSED.slug)
    assert refused_with(screened('areas_only = ["0755"]', NOBODY)) == ("busy", AREA_REFUSED.slug)
    assert AREA_REFUSED.sip == 486


@pytest.mark.req("O1", "O2")
def test_classes_and_callers_from_abroad() -> None:
    """Overseas, Hong Kong, Macau, Taiwan are refused unless let in; other classes are let in unless refused."""
    assert refused_with(Call(TWO_TARGETS, caller=HONG_KONG)) == ("not-allowed", NOT_ALLOWED.slug)
    assert passes(screened("overseas = true", HONG_KONG))
    assert passes(Call(TWO_TARGETS, caller=PAYPHONE))
    assert refused_with(screened('refuse = ["payphone"]', PAYPHONE)) == ("not-allowed", NOT_ALLOWED.slug)
    assert passes(Call(TWO_TARGETS, caller=NOBODY))
    assert refused_with(screened("anonymous = false", NOBODY)) == ("not-allowed", NOT_ALLOWED.slug)


@pytest.mark.req("O4")
def test_lists_have_names() -> None:
    """A list that is named once can be used in several places."""
    call = screened('black = { lists = ["bad"] }\n[lists.bad]\nclasses = ["payphone"]', PAYPHONE)
    assert refused_with(call)[0] == "not-allowed"
    assert call.state.trace[0].passed_over == (("then", "class payphone in list bad is on the black list"),)


def test_refusal_without_a_word() -> None:
    """`announce = false` releases at once."""
    assert screened("announce = false", HONG_KONG).first == (Release(NOT_ALLOWED),)
    assert screened('announce = false\nareas_never = ["010"]', BEIJING).first == (Release(AREA_REFUSED),)


def test_a_farewell_that_never_ends_is_cut_off() -> None:
    """A caller who is refused is released after half a minute, even if no end of the announcement is heard of."""
    call = Call(TWO_TARGETS, caller=HONG_KONG)
    timer = call.first[1]
    assert isinstance(timer, StartTimer)
    assert call.then(TimerFired(30, timer.timer)) == (Release(NOT_ALLOWED),)


@pytest.mark.req("O5")
def test_password_before_anything_else() -> None:
    """The caller keys the password before any target rings; the right one lets in."""
    call = Call(TWO_TARGETS + '[verify]\npassword = "2580"\n')
    play, collect = call.first
    assert play == Play(CALLER, (PromptName("password"),), barge_in=True)
    assert isinstance(collect, CollectDigits)
    assert collect.secret.startswith("scrypt:")
    assert isinstance(call.then(SecretKeyed(5, CALLER, matched=True, end=KeysEnd.END_KEY))[1], Ring)
    assert "2580" not in repr(call.state)


@pytest.mark.req("O5")
def test_password_tries_are_counted() -> None:
    """Three wrong passwords, or silences, and the call is released; no target has rung."""
    call = Call(TWO_TARGETS + '[verify]\npassword = "2580"\nanswer = true\n')
    call.then(SecretKeyed(5, CALLER, matched=False, end=KeysEnd.END_KEY))
    again = call.then(SecretKeyed(9, CALLER, matched=False, end=KeysEnd.FIRST_TIMEOUT))
    assert isinstance(again[0], Play)
    assert again[0].prompts == ("password-wrong", "password")
    call.then(SecretKeyed(15, CALLER, matched=False, end=KeysEnd.FULL))
    assert call.then(PromptEnded(18, CALLER))[0] == Release(WRONG_PASSWORD)
    assert call.state.attempts == ()


@pytest.mark.req("O1", "O6")
def test_who_hangs_up_while_being_refused_is_refused() -> None:
    """The call's cause is the refusal, not the caller's BYE, so that it counts against no cap."""
    call = screened('areas_never = ["021"]', PAYPHONE)
    call.then(CallerHungUp(1.0, CALLER_CANCELLED))
    assert call.state.outcome == Outcome(AREA_REFUSED, HungUpBy.CALLER)
    busy = Call(TWO_TARGETS + '[nodes.end]\nkind = "release"\ncause = "busy"\nannounce = "busy"\n')
    busy.then(CallerHungUp(1.0, CALLER_CANCELLED))
    assert busy.state.outcome == Outcome(CALLER_CANCELLED, HungUpBy.CALLER)


@pytest.mark.req("O6")
@pytest.mark.parametrize(
    ("limit", "usage", "let_in"),
    [
        ('month_cost = "300.00"', Usage(cost_li=299_999), True),
        ('month_cost = "300.00"', Usage(cost_li=300_000), False),
        ("month_calls = 100", Usage(calls=99), True),
        ("month_calls = 100", Usage(calls=100), False),
    ],
)
def test_cost_control(limit: str, usage: Usage, let_in: bool) -> None:
    """Below the month's cap calls connect; at the cap they stop."""
    call = Call(TWO_TARGETS + f"[limit]\n{limit}\n", usage=usage)
    assert passes(call) is let_in
    if not let_in:
        assert refused_with(call) == ("busy", OVER_MONTH_LIMIT.slug)


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    ("limit", "lines"), [('mode = "switchboard"', 10), ('mode = "trunk"', 30), ('mode = "switchboard"\nlines = 14', 14)]
)
def test_lines(limit: str, lines: int) -> None:
    """Switchboard mode connects ten calls at once, more when bought; trunk mode thirty. Over it: busy."""
    assert passes(Call(TWO_TARGETS + f"[limit]\n{limit}\n", live_calls=lines - 1))
    assert refused_with(Call(TWO_TARGETS + f"[limit]\n{limit}\n", live_calls=lines)) == ("busy", ALL_LINES_BUSY.slug)


@pytest.mark.req("R10")
def test_over_the_lines_callers_may_queue() -> None:
    """With `over` the call goes there instead, white-listed callers first."""
    text = (
        '[screen]\nwhite = { areas = ["021"] }\nwhite_is = "priority"\n[limit]\nmode = "switchboard"\nover = "wait"\n'
        '[nodes.desk]\nkind = "hunt"\n[nodes.wait]\nkind = "queue"\nthen = "desk"\notherwise = "end"\n'
        '[nodes.end]\nkind = "release"\n'
    )
    assert Call(TWO_TARGETS + text, live_calls=10).first[0] == JoinQueue(NodeName("wait"), priority=True)


def _may_call(plan: Plan, of: Facts) -> bool:
    """Whether the gates let this caller in, by their rules alone."""
    screen, limit = plan.nodes[GATES[0]], plan.nodes.get(GATES[2])
    assert isinstance(screen, Screen)
    if gates.refusal(plan, screen, of.caller) or gates.area_refusal(screen, of.caller):
        return False
    if isinstance(limit, Limit):
        cost = limit.month_cost is None or of.usage.cost_li < limit.month_cost
        return cost and (limit.month_calls is None or of.usage.calls < limit.month_calls)
    return True


@pytest.mark.req("O1", "O2", "O3", "O4", "O5", "O6", "S2")
@settings(max_examples=60)
@given(plans(), facts(), st.booleans())
def test_no_forbidden_caller_ever_reaches_a_target(plan: Plan, of: Facts, knows: bool) -> None:
    """Over whole plans: a caller whom a gate refuses rings nobody, waits nowhere and hears no menu."""
    explained = explain(plan, of, World(keys=("2580",) if knows else ("1111", "1111", "1111")))
    password = isinstance(plan.nodes.get(GATES[1]), Verify)
    visited = {step.node for step in explained.state.trace} - set(GATES)
    if not _may_call(plan, of) or (password and not knows):
        assert explained.state.attempts == ()
        assert not visited


def test_the_trace_tells_of_no_screen_that_is_not_there() -> None:
    """A plan without a screen has none in its trace, but for a caller whom every plan refuses."""
    assert [step.kind for step in Call(TWO_TARGETS).state.trace] == ["hunt"]
    abroad = Caller("+14155550100", CallerClass.OVERSEAS)
    assert [step.kind for step in Call(TWO_TARGETS, caller=abroad).state.trace] == ["screen"]
    screened = Call(TWO_TARGETS + '[screen]\nareas_never = ["0898"]\n')
    assert [step.kind for step in screened.state.trace] == ["screen", "hunt"]
