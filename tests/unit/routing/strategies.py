"""What Hypothesis makes the routing core's inputs from: whole plans, facts, numbers.

Rule: every strategy gives values that a document could hold; what no document can hold is tested where it is refused.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from typing import Any

import attrs
from hypothesis import strategies as st

from routing.check.caller_groups import LANDLINES
from routing.facts import Caller, CallerClass, DayKind, Facts, Usage
from routing.hours import DAY_MIN, YEARS, DateRange, DayWord, When, Window, Yearly
from routing.ids import CallId, NodeName, Number400, PromptName, TargetName, TrunkName
from routing.measure import Li
from routing.node import (
    Announcement,
    BusyAdvance,
    CompareOrigin,
    CompareTime,
    Distribution,
    ForwardOn,
    Hunt,
    Key,
    Limit,
    LineMode,
    MailboxName,
    Menu,
    Node,
    Order,
    OriginBranch,
    Queue,
    Release,
    ReleaseCause,
    Screen,
    ShareBranch,
    TimeBranch,
    Verify,
    Voicemail,
    WhiteIs,
)
from routing.number import read_number
from routing.origin import AreaCode, ListName, Origin, Prefix, WholeNumber
from routing.plan import (
    GATES,
    Address,
    Announced,
    Extension,
    GroupName,
    HoursName,
    Plan,
    Target,
    Transfer,
)
from routing.secret import Secret, hide

SHANGHAI = timezone(timedelta(hours=8))
NAMES = tuple(TargetName(name) for name in ("front-desk", "mobile", "night", "sales-1", "branch"))
NODES = tuple(NodeName(f"n{at}") for at in range(7))
SECRET: Secret = hide("2580", "4006001234")
HOURS = HoursName("work")
LIST = ListName("vip")

AREAS = st.sampled_from(("021", "0755", "010", "0571")).map(AreaCode)
CALLERS = (
    "02112345678",
    "075588881234",
    "13800138000",
    "13912345678",
    "+85221234567",
    "+14155550100",
    "10086",
    "",
    "31234567",
)
addresses = st.sampled_from(
    ("02162288300", "13800138000", "075512345678", "07561234567", "sip:desk@127.0.0.1:5070;transport=tcp")
).map(Address)
prompts = st.sampled_from(("welcome", "closed", "menu")).map(PromptName)
dates = st.dates(date(2025, 12, 28), date(2026, 10, 10))
month_days = dates.map(lambda day: (day.month, day.day)) | st.sampled_from(((2, 28), (2, 29), (3, 1), (12, 31), (1, 1)))
date_ranges = st.builds(
    lambda day, more: DateRange(day, day + timedelta(more)), dates, st.integers(0, 5) | st.just(12)
) | st.builds(Yearly, month_days, month_days)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """A window on at least one kind of day."""
    weekdays = draw(st.frozensets(st.integers(0, 6)))
    words = draw(st.frozensets(st.sampled_from(DayWord), max_size=1))
    ranges = tuple(draw(st.sets(date_ranges, max_size=1)))
    begin = draw(st.integers(0, DAY_MIN - 1))
    end = draw(st.integers(1, DAY_MIN - 1).map(lambda more: begin + more))
    if not (weekdays or words or ranges):
        weekdays = frozenset({0})
    return Window(weekdays, words, ranges, begin, end)


whens = st.builds(
    lambda own, named: When((HOURS,) if named else (), tuple(own)), st.lists(windows(), max_size=2), st.booleans()
).filter(lambda when: when != When())

targets = st.builds(
    Target,
    addresses,
    ring_s=st.none() | st.integers(5, 300),
    hours=st.just(When()) | whens,
    closed=st.just(When()) | whens,
    capacity=st.integers(0, 3),
    authorised_until=st.none() | st.dates(date(2025, 12, 1), date(2026, 12, 1)),
)
plain_targets = st.builds(Target, addresses, ring_s=st.none() | st.integers(5, 60))

origins = st.builds(
    Origin,
    areas=st.frozensets(AREAS, max_size=2),
    prefixes=st.frozensets(st.sampled_from(("138", "0755", "+852", "021123")).map(Prefix), max_size=1),
    numbers=st.frozensets(st.sampled_from(("13800138000", "02112345678")).map(WholeNumber), max_size=1),
    classes=st.frozensets(st.sampled_from(CallerClass), max_size=1),
)
screens = st.just(Screen()) | st.builds(
    Screen,
    black=origins,
    white=st.just(Origin()) | origins | st.just(Origin(lists=frozenset({LIST}))),
    white_is=st.sampled_from(WhiteIs),
    areas_only=st.frozensets(AREAS, max_size=2),
    areas_never=st.frozensets(AREAS, max_size=1),
    refuse=st.frozensets(st.sampled_from(CallerClass), max_size=1),
    overseas=st.booleans(),
    anonymous=st.booleans(),
    announce=st.booleans(),
)
numbers_400 = st.builds(
    lambda segment, rest: Number400(f"{segment}{rest:06d}"),
    st.sampled_from(("4000", "4001", "4006", "4007", "4008", "4009")),
    st.integers(0, 999_999),
)


def limits(then: Any, over: Any) -> st.SearchStrategy[Limit]:
    """Caps on cost, calls and lines."""
    return st.builds(
        Limit,
        then=then,
        month_cost=st.none() | st.integers(0, 10**6).map(Li),
        month_calls=st.none() | st.integers(1, 10),
        mode=st.none() | st.sampled_from(LineMode),
        lines=st.none() | st.integers(0, 40),
        over=over,
    )


def verifies(then: Any) -> st.SearchStrategy[Verify]:
    """Passwords, always 2580."""
    return st.builds(Verify, st.just(SECRET), then, tries=st.integers(1, 3), answer=st.booleans())


@st.composite
def shares(draw: st.DrawFn, way: st.SearchStrategy[NodeName]) -> Distribution:
    """Percentages that add up to 100."""
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=3)))
    percents = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return Distribution(tuple(ShareBranch(percent, draw(way)) for percent in percents))


def hunts(way: st.SearchStrategy[Any]) -> st.SearchStrategy[Hunt]:
    """A hunt over some of the targets, in any order."""
    return st.builds(
        Hunt,
        st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple),
        order=st.sampled_from(Order),
        ring_s=st.none() | st.integers(5, 60),
        forward_on=st.sampled_from(ForwardOn),
        busy_advance=st.sampled_from(BusyAdvance),
        wave=st.integers(1, 3),
        ringback=st.none() | prompts,
        fax=st.booleans(),
        busy=st.none() | way,
        otherwise=st.none() | way,
        announce=st.none() | prompts,
    )


@cache
def nodes_at(at: int) -> st.SearchStrategy[Node]:
    """A node that leads only to later ones, but for a menu, which may lead anywhere; the last leads nowhere."""
    if at == len(NODES) - 1:
        mailbox = st.builds(Voicemail, st.just(MailboxName("office")))
        release = st.builds(Release, st.sampled_from(ReleaseCause), st.none() | prompts)
        return st.one_of(hunts(st.none()), mailbox, release)
    way, anywhere = st.sampled_from(NODES[at + 1 :]), st.sampled_from(NODES)
    areas_at_least = st.frozensets(AREAS, min_size=1, max_size=2)
    origin = st.builds(OriginBranch, areas=areas_at_least, then=way) | st.builds(
        OriginBranch,
        prefixes=st.just(frozenset({Prefix("138")})),
        classes=st.just(frozenset({CallerClass.FIXED})),
        then=way,
    )
    timed = st.builds(TimeBranch, whens, way)
    return st.one_of(
        hunts(way),
        hunts(way),
        st.builds(Screen, way, origins, areas_only=st.frozensets(AREAS, max_size=2)),
        limits(way, st.none() | way),
        verifies(way),
        st.builds(CompareOrigin, st.lists(origin, min_size=1, max_size=2).map(tuple), way),
        st.builds(CompareTime, st.lists(timed, min_size=1, max_size=3).map(tuple), way),
        shares(way),
        st.builds(Announcement, st.lists(prompts, min_size=1, max_size=2).map(tuple), way, st.booleans()),
        st.builds(
            Menu,
            st.lists(prompts, min_size=1, max_size=1).map(tuple),
            st.dictionaries(st.sampled_from("01*#").map(Key), anywhere, min_size=1, max_size=3),
            anywhere,
            extensions=st.booleans(),
            tries=st.integers(1, 2),
            answer=st.booleans(),
        ),
    )


QUEUES = st.builds(
    Queue,
    st.just(NODES[-2]),
    st.just(NODES[-1]),
    most_waiting=st.integers(1, 3),
    tell_s=st.sampled_from((0, 30)),
    answer=st.booleans(),
)
GROUPS = st.sampled_from([*map(GroupName, NAMES), GroupName(NODES[-2])])
EXTENSIONS = st.dictionaries(st.sampled_from(("801", "802", "10")).map(Extension), GROUPS, min_size=1)
LIMITS = limits(st.just(NodeName("")), st.none() | st.sampled_from(NODES))
VERIFIES = verifies(st.just(NodeName("")))
TRANSFERS = st.none() | st.builds(Transfer, refer=st.booleans())
TARGETS = st.fixed_dictionaries(dict.fromkeys(NAMES, plain_targets | targets))
HOLIDAYS = st.sets(date_ranges, max_size=2).map(lambda some: tuple(sorted(some, key=str)))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A whole plan, with nodes of every kind, that passes every test of a document."""
    nodes: dict[NodeName, Node] = {name: draw(nodes_at(at)) for at, name in enumerate(NODES)}
    nodes[NODES[-2]] = draw(hunts(st.just(NODES[-1])))
    nodes[NODES[2]] = draw(QUEUES)
    nodes[GATES[0]] = draw(screens)
    if draw(st.integers(0, 3)) == 0:
        nodes[GATES[1]] = draw(VERIFIES)
    if draw(st.booleans()):
        nodes[GATES[2]] = draw(LIMITS)
    return Plan(
        number=draw(numbers_400),
        subscriber="示例公司",
        targets=draw(TARGETS),
        nodes=nodes,
        start=draw(st.sampled_from(NODES)),
        max_forwards=draw(st.none() | st.integers(0, 10)),
        welcome=draw(st.none() | prompts),
        record=draw(st.booleans()),
        record_announce=draw(st.sampled_from(Announced)),
        retention_days=draw(st.sampled_from((0, 90))),
        media_lost_s=draw(st.sampled_from([0, 60, 3600])),
        holidays=draw(HOLIDAYS),
        hours={HOURS: When(windows=(draw(windows()),))},
        lists={LIST: draw(origins)},
        extensions=draw(EXTENSIONS),
        transfer=draw(TRANSFERS),
    )


@st.composite
def callers(draw: st.DrawFn) -> Caller:
    """A caller of any class; a mobile with a home."""
    number = read_number(draw(st.sampled_from(CALLERS)))
    area = number.area or (draw(AREAS) if number.caller_class is CallerClass.MOBILE else "")
    return Caller(number.digits, number.caller_class, area)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Facts of a call, some of whose targets are down."""
    arrived = draw(st.datetimes(datetime(2025, 12, 20), datetime(2026, 10, 20), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis adds the zone
    return Facts(
        call_id=CallId("c-1"),
        dialled=Number400("4006001234"),
        caller=draw(callers()),
        trunk=TrunkName("carrier"),
        arrived=arrived.astimezone(SHANGHAI),
        seed=draw(st.integers(0, 2**32)),
        usage=Usage(draw(st.sampled_from((0, 0, 500_000))), draw(st.sampled_from((0, 0, 12)))),
        live_calls=draw(st.sampled_from((0, 0, 9, 10, 40))),
        down=draw(st.dictionaries(st.sampled_from(NAMES), st.just("gateway dead"), max_size=2)),
        today=draw(st.sampled_from(DayKind)),
        yesterday=draw(st.sampled_from(DayKind)),
    )


@st.composite
def any_callers(draw: st.DrawFn) -> Caller:
    """Any caller that a trunk may bring, near what plans name or far from it."""
    near = st.from_regex(r"(021|0755|138|0591|1391234|\+852|\+1|0|10|)[0-9]{4,9}", fullmatch=True)
    number = read_number(draw(st.sampled_from(CALLERS) | near))
    kind, area = number.caller_class, number.area
    if kind is CallerClass.MOBILE:
        area = draw(st.sampled_from(("", "021", "0755", "0571", "0898")))
    elif kind is CallerClass.FIXED:
        kind = draw(st.sampled_from(LANDLINES))
    return Caller(number.digits, kind, area)


@st.composite
def days(draw: st.DrawFn) -> tuple[date, DayKind, DayKind]:
    """A date, and what the calendar may say of it and of its eve."""
    day = draw(dates | st.dates(date(YEARS[0], 1, 2), date(YEARS[-1], 12, 31)))
    kind, eve_kind = (_kind(draw, one) for one in (day, day - timedelta(days=1)))
    return day, kind, eve_kind


def _kind(draw: st.DrawFn, day: date) -> DayKind:
    kinds = (DayKind.WEEKEND, DayKind.MAKEUP) if day.weekday() >= 5 else (DayKind.WORKDAY,)
    kind: DayKind = draw(st.sampled_from((*kinds, DayKind.HOLIDAY)))
    return kind


_OF_A_HUNT = ("order", "ring_s", "forward_on", "busy_advance", "wave", "ringback", "announce")
_OF_A_PLAN = ("welcome", "record", "holidays", "hours", "lists", "transfer", "max_forwards", "hunt", "screen", "target")


@st.composite
def edits(draw: st.DrawFn, of: st.SearchStrategy[Plan]) -> tuple[Plan, Plan]:
    """A plan, and the same with one thing in it changed as somebody might change it."""
    old, other = draw(of), draw(plans())
    match draw(st.sampled_from(_OF_A_PLAN)):
        case "hunt":
            name = draw(st.sampled_from([name for name, node in old.nodes.items() if isinstance(node, Hunt)]))
            hunt = draw(hunts(st.none()))
            fields = draw(st.sets(st.sampled_from(_OF_A_HUNT), min_size=1))
            theirs: Any = {field: getattr(hunt, field) for field in fields}
            node = attrs.evolve(old.nodes[name], **theirs)
            return old, attrs.evolve(old, nodes={**old.nodes, name: node})
        case "screen":
            return old, attrs.evolve(old, nodes={**old.nodes, GATES[0]: draw(screens)})
        case "target":
            one = draw(st.sampled_from(sorted(old.targets)))
            return old, attrs.evolve(old, targets={**old.targets, one: draw(targets | plain_targets)})
        case "hours":
            return old, attrs.evolve(old, hours=dict.fromkeys(old.hours, other.hours[HOURS]))
        case "lists":
            return old, attrs.evolve(old, lists=dict.fromkeys(old.lists, other.lists[LIST]))
        case field:
            change: Any = {field: getattr(other, field)}
            return old, attrs.evolve(old, **change)
