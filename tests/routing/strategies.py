"""What Hypothesis makes the routing core's inputs from: plans, facts, numbers.

Rule: every strategy gives values that a document could hold; what no document can hold is tested where it is
refused.
"""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from routing.facts import Caller, CallerClass, Facts
from routing.ids import CallId, NodeName, Number400, TargetName, TrunkName
from routing.plan import FIRST_HUNT, Address, ForwardOn, Hunt, Plan, Target

SHANGHAI = timezone(timedelta(hours=8))
NAMES = tuple(TargetName(name) for name in ("front-desk", "mobile", "night", "sales", "branch"))

addresses = st.sampled_from(
    ("02162288300", "13800138000", "075512345678", "07561234567", "sip:desk@127.0.0.1:5070;transport=tcp")
).map(Address)

targets = st.builds(
    Target,
    addresses,
    ring_s=st.none() | st.integers(5, 300),
    capacity=st.integers(0, 30),
    authorised_until=st.none() | st.dates(datetime(2020, 1, 1).date(), datetime(2030, 1, 1).date()),  # noqa: DTZ001 - only its date is used
)

numbers_400 = st.builds(
    lambda segment, rest: Number400(f"{segment}{rest:06d}"),
    st.sampled_from(("4000", "4001", "4006", "4007", "4008", "4009")),
    st.integers(0, 999_999),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan of one hunt over some of its targets."""
    named = draw(st.dictionaries(st.sampled_from(NAMES), targets, min_size=1))
    hunted = tuple(draw(st.lists(st.sampled_from(sorted(named)), min_size=1, unique=True)))
    hunt = draw(
        st.builds(
            Hunt,
            st.just(hunted),
            ring_s=st.none() | st.integers(5, 60),
            forward_on=st.sampled_from(ForwardOn),
        )
    )
    return Plan(
        number=draw(numbers_400),
        subscriber="示例公司",
        targets=named,
        nodes={FIRST_HUNT: hunt},
        start=FIRST_HUNT,
        max_forwards=draw(st.integers(0, 10)),
    )


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Facts of a call, some of whose targets are down."""
    arrived = draw(st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis adds the zone
    return Facts(
        call_id=CallId("c-1"),
        dialled=Number400("4006001234"),
        caller=Caller("02112345678", CallerClass.FIXED, "021", "上海"),
        trunk=TrunkName("carrier"),
        arrived=arrived.astimezone(SHANGHAI),
        seed=draw(st.integers(0, 2**32)),
        down=draw(st.dictionaries(st.sampled_from(NAMES), st.just("gateway dead"), max_size=2)),
    )


__all__ = ["NAMES", "SHANGHAI", "NodeName", "addresses", "facts", "numbers_400", "plans", "targets"]
