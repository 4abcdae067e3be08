"""Keys go on through a bridge once, in order, with their length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.callproc.key_relay import LOST_END_S, USUAL_MS, KeyRelay, Meant, PassedKey
from b2bua.callproc.leg_events import Keyed, Way
from routing.ids import CALLER, LegId

SEAT = LegId(1)


def event(relay: KeyRelay, key: str, now: float, mark: int, length_ms: int, *, over: bool) -> bool:
    """One RFC 4733 packet from the caller."""
    return relay.hear(Keyed(CALLER, key, Way.EVENT, mark, length_ms, over), now)


@pytest.mark.req("S1", "K9")
def test_a_key_goes_on_when_it_is_over_with_its_length() -> None:
    """Nothing is sent while the key is held; at its end it is, once, as long as it was."""
    relay = KeyRelay()
    assert event(relay, "5", 0.00, 7, 20, over=False)
    relay.decide(CALLER, Meant.FAR_END, 1)
    assert not event(relay, "5", 0.02, 7, 40, over=False)
    assert list(relay.due(0.02)) == []
    assert not event(relay, "5", 0.14, 7, 160, over=True)
    assert list(relay.due(0.14)) == [PassedKey(CALLER, "5", 160)]
    assert list(relay.due(9.0)) == []


@pytest.mark.req("K9")
def test_a_key_whose_end_is_lost_ends_by_time() -> None:
    """Three lost end packets neither lose the key nor hold up those after it."""
    relay = KeyRelay()
    event(relay, "5", 0.0, 7, 60, over=False)
    relay.decide(CALLER, Meant.FAR_END, 1)
    assert relay.next_due_s() == LOST_END_S
    assert list(relay.due(LOST_END_S)) == [PassedKey(CALLER, "5", 60)]


@pytest.mark.req("K9")
def test_the_same_key_twice_is_two_keys() -> None:
    """Two presses of one key have two RTP timestamps, even if the first packets of the second are lost."""
    relay = KeyRelay()
    assert event(relay, "5", 0.0, 100, 50, over=True)
    assert event(relay, "5", 0.1, 200, 80, over=False)
    relay.decide(CALLER, Meant.FAR_END, 2)
    event(relay, "5", 0.12, 200, 90, over=True)
    assert [each.length_ms for each in relay.due(0.12)] == [50, 90]


@pytest.mark.req("K9")
@pytest.mark.parametrize(("first", "second"), [(Way.EVENT, Way.INFO), (Way.INFO, Way.EVENT), (Way.SOUND, Way.EVENT)])
def test_a_key_that_comes_in_two_ways_counts_once(first: Way, second: Way) -> None:
    """F14: who sends an event and INFO for one press pressed once; a press by INFO alone repeats at will."""
    relay = KeyRelay()
    assert relay.hear(Keyed(CALLER, "7", first, mark=1), 0.0)
    assert not relay.hear(Keyed(CALLER, "7", second, mark=1), 0.05)
    assert relay.hear(Keyed(CALLER, "8", second, mark=2), 0.1)
    assert relay.hear(Keyed(CALLER, "8", second, mark=3), 0.15)


@pytest.mark.req("M3", "K9")
def test_keys_for_us_go_nowhere_and_those_not_decided_wait() -> None:
    """A transfer's code stays with us; while it may still be one, later keys wait their turn."""
    relay = KeyRelay()
    for place, key in enumerate("*25"):
        relay.hear(Keyed(SEAT, key, Way.EVENT, mark=place + 1, length_ms=90), place / 10)
    assert list(relay.due(1.0)) == []
    relay.decide(SEAT, Meant.US, 2)
    assert list(relay.due(1.0)) == []
    relay.decide(SEAT, Meant.FAR_END, 1)
    assert list(relay.due(1.0)) == [PassedKey(SEAT, "5", 90)]


@pytest.mark.req("K9")
def test_sound_is_not_doubled_and_info_without_a_length_has_the_usual_one() -> None:
    """What came as sound passed the bridge as sound; INFO goes on as a key of usual length."""
    relay = KeyRelay()
    relay.hear(Keyed(CALLER, "1", Way.SOUND), 0.0)
    relay.hear(Keyed(CALLER, "2", Way.INFO), 1.0)
    relay.decide(CALLER, Meant.FAR_END, 2)
    assert list(relay.due(1.0)) == [PassedKey(CALLER, "2", USUAL_MS)]


@pytest.mark.req("K9")
@given(st.lists(st.tuples(st.sampled_from("0123456789*#ABCD"), st.integers(40, 500), st.integers(0, 3)), max_size=20))
def test_any_keys_arrive_once_in_order(presses: list[tuple[str, int, int]]) -> None:
    """Whatever is pressed, however many of its packets are lost but one, it arrives once, in order, not longer."""
    relay, now, got = KeyRelay(), 0.0, ""
    for mark, (key, length_ms, lost) in enumerate(presses):
        packets = [(length, False) for length in range(20, length_ms, 20)] + [(length_ms, True)] * 3
        for length, over in packets[min(lost, len(packets) - 1) :]:
            now += 0.02
            if event(relay, key, now, mark, length, over=over):
                relay.decide(CALLER, Meant.FAR_END, 1)
            for each in relay.due(now):
                got += each.key
                assert each.length_ms <= length_ms
    got += "".join(each.key for each in relay.due(now + 1))
    assert got == "".join(key for key, _, _ in presses)
