"""What the caller hears and keys: announcements, welcomes, menus, voicemail, fax, queues (M1, M2, M4, M6, R10)."""

import pytest

from routing.caller import FINAL_ANNOUNCEMENT, FINAL_ANNOUNCEMENT_S, RINGING_TONE
from routing.cause import BUSY, MEDIA_LOST, NORMAL
from routing.check.behaviour import behaviour
from routing.command import (
    MOST_MENUS,
    Alert,
    Answer,
    CollectDigits,
    Connect,
    Context,
    HangUp,
    JoinQueue,
    Play,
    Release,
    Ring,
    StartRecording,
    StartTimer,
    StopPlaying,
    TakeMessage,
)
from routing.event import (
    DigitsKeyed,
    KeysEnd,
    MediaLost,
    MessageTaken,
    PromptEnded,
    QueueMoved,
    SecretKeyed,
    TargetAnswered,
    TargetFailed,
    TargetHungUp,
    TargetRang,
    TargetsLooked,
    TimerFired,
)
from routing.ids import CALLER, LegId, NodeName, PromptName, TargetName
from routing.nodes import hunt
from tests.unit.routing.calls import HEAD, ONE_TARGET, TWO_TARGETS, Call

ONE = LegId(1)
DESK, MOBILE = TargetName("front-desk"), TargetName("mobile")
END = '[nodes.end]\nkind = "release"\ncause = "busy"\nannounce = "busy"\n'
HELLO = '[nodes.hello]\nkind = "announce"\nprompts = ["hello"]\nthen = "desk"\n'
TONE = Play(CALLER, (RINGING_TONE,), loop=True)
DESK_NODE = '[nodes.desk]\nkind = "hunt"\ntargets = ["front-desk"]\n'


@pytest.mark.req("M1")
def test_welcome_in_place_of_ring_back() -> None:
    """彩铃: from the first ring on the caller hears the welcome, not answered, until the target answers."""
    call = Call('welcome = "hello"\nrecord = true\n' + ONE_TARGET)
    assert call.first[0] == Play(CALLER, (PromptName("hello"),), loop=True)
    assert call.then(TargetRang(1, ONE, early_media=True)) == ()
    answered = call.then(TargetAnswered(2, ONE))
    assert answered[1:] == (StopPlaying(CALLER), Answer(), Connect(CALLER, ONE), StartRecording())


RECORDED = (PromptName("recorded"),)


@pytest.mark.req("M5")
def test_the_caller_is_told_of_the_recording_before_a_target_rings() -> None:
    """`caller`: the notice is heard unanswered, once, then the target rings; recording begins with the conversation."""
    call = Call('record = true\nrecord_announce = "caller"\n' + TWO_TARGETS)
    assert call.first == (Play(CALLER, RECORDED),)
    assert call.state.trace[-1].kind == "notice"
    ringing = call.then(PromptEnded(3, CALLER))
    assert ringing[0] == TONE
    assert isinstance(ringing[1], Ring)
    assert isinstance(call.then(TargetFailed(4, ONE, BUSY))[1], Ring)
    answered = call.then(TargetAnswered(5, LegId(2)))
    assert answered[1:] == (StopPlaying(CALLER), Answer(), Connect(CALLER, LegId(2)), StartRecording())


@pytest.mark.req("M5")
def test_both_are_told_before_they_are_connected() -> None:
    """`both`: charged from the answer; both hear the notice, and only after both ends of it they are connected."""
    call = Call('record = true\nrecord_announce = "both"\n' + ONE_TARGET)
    assert isinstance(call.first[0], Ring)
    assert call.then(TargetAnswered(2, ONE))[1:] == (Answer(), Play(CALLER, RECORDED), Play(ONE, RECORDED))
    assert call.state.charged_from_s == 2
    assert call.then(PromptEnded(5, ONE)) == ()
    assert call.then(PromptEnded(5, ONE)) == ()
    assert call.then(PromptEnded(5.1, CALLER)) == (Connect(CALLER, ONE), StartRecording())


@pytest.mark.req("M5")
def test_a_target_that_hangs_up_while_it_is_told_ends_the_call() -> None:
    """Nothing is connected or recorded; the record says that the target hung up."""
    call = Call('record = true\nrecord_announce = "both"\n' + ONE_TARGET)
    call.then(TargetAnswered(2, ONE))
    assert call.then(TargetHungUp(3, ONE, NORMAL)) == (Release(NORMAL),)
    assert call.state.outcome is not None
    assert call.state.outcome.target == DESK


@pytest.mark.req("M5")
def test_media_lost_while_both_are_told_ends_the_call() -> None:
    """Silence from a leg of the call ends it; from any other leg nothing follows."""
    call = Call('record = true\nrecord_announce = "both"\n' + ONE_TARGET)
    call.then(TargetAnswered(2, ONE))
    assert call.then(MediaLost(3, LegId(9))) == ()
    assert call.then(MediaLost(3, ONE)) == (Release(MEDIA_LOST), HangUp(ONE, MEDIA_LOST))


@pytest.mark.req("M5", "M6", "R10")
def test_the_notice_comes_before_the_queue_and_never_to_a_fax() -> None:
    """Whoever waits is told before they stand in line, not when a seat is free; a fax is neither told nor recorded."""
    line = '[nodes.line]\nkind = "queue"\nthen = "desk"\notherwise = "end"\n'
    head = 'record = true\nrecord_announce = "caller"\n'
    call = Call(head + TWO_TARGETS + line + DESK_NODE + END)
    assert call.first == (Play(CALLER, RECORDED),)
    assert isinstance(call.then(PromptEnded(3, CALLER))[0], JoinQueue)
    call.then(QueueMoved(4, NodeName("line"), 0))
    assert isinstance(call.then(TargetsLooked(5, NodeName("line"), {DESK: 0}, {}, {}))[-2], Ring)
    fax = Call(head + ONE_TARGET + "[hunt]\nfax = true\n")
    assert isinstance(fax.first[0], Ring)
    assert fax.then(TargetAnswered(2, ONE))[1:] == (Answer(), Connect(CALLER, ONE))


@pytest.mark.req("M5", "T3")
@pytest.mark.parametrize("line", ["", '[nodes.line]\nkind = "queue"\nthen = "desk"\notherwise = "end"\n'])
def test_the_notice_where_nobody_can_take_the_call(line: str) -> None:
    """When every target is outside its hours the caller is told nevertheless; the comparison of two plans says so.

    A plan that records without a word, or tells both, does then what one without recording does.
    """
    closed = HEAD + '[targets]\nfront-desk = { address = "021-6228 8300", hours = "Sun 08:00-12:00" }\n'
    nodes = closed + line + DESK_NODE + 'otherwise = "end"\n' + END
    heads = ("", *(f'record = true\nrecord_announce = "{whom}"\n' for whom in ("nobody", "both", "caller")))
    calls = [Call(head + nodes) for head in heads]
    silent, unsaid, both, told = calls
    assert told.first == (Play(CALLER, RECORDED),)
    assert silent.first == unsaid.first == both.first != told.first
    found = [behaviour(one.plan, one.state.facts.caller, one.plan.moment(one.state.facts)) for one in calls]
    assert found[0] == found[1] == found[2] != found[3]


@pytest.mark.req("M1")
def test_announcement_before_the_answer() -> None:
    """An announcement plays unanswered; then the target rings, and the caller hears our ringing tone and a 180."""
    call = Call(TWO_TARGETS + HELLO + DESK_NODE)
    assert call.first == (Play(CALLER, (PromptName("hello"),)),)
    assert call.then(MessageTaken(1, 1)) == ()
    ringing = call.then(PromptEnded(3, CALLER))
    assert ringing[0] == TONE
    assert isinstance(ringing[1], Ring)
    assert call.then(TargetRang(4, ONE, early_media=False)) == (Alert(),)
    assert call.then(PromptEnded(5, CALLER)) == ()
    assert call.then(PromptEnded(5, ONE)) == ()
    assert call.then(TargetAnswered(6, ONE))[1:3] == (StopPlaying(CALLER), Answer())


@pytest.mark.req("M1")
def test_early_media_takes_the_place_of_the_ringing_tone() -> None:
    """After an announcement the tone is heard until a target's own audio comes; when that target fails, again."""
    call = Call(TWO_TARGETS + HELLO.replace('then = "desk"', 'then = "both"') + '[nodes.both]\nkind = "hunt"\n')
    call.then(PromptEnded(3, CALLER))
    assert call.then(TargetRang(4, ONE, early_media=True)) == (StopPlaying(CALLER), Alert(ONE))
    assert call.then(TargetFailed(5, ONE, BUSY))[1:2] == (TONE,)
    assert call.then(TargetRang(6, LegId(2), early_media=True)) == (StopPlaying(CALLER), Alert(LegId(2)))


@pytest.mark.req("M1")
def test_no_silence_after_the_early_media_of_a_target_that_failed() -> None:
    """Nothing of ours was heard before: the first target's early media opened the caller's audio, so the tone follows.

    A caller who has had no audio yet makes the ringing tone alone.
    """
    call = Call(TWO_TARGETS)
    assert all(not isinstance(command, Play) for command in call.first)
    assert call.then(TargetRang(1, ONE, early_media=True)) == (Alert(ONE),)
    assert TONE in call.then(TargetFailed(2, ONE, BUSY))


@pytest.mark.req("M1", "R8")
def test_the_ringing_tone_while_a_busy_target_is_waited_out() -> None:
    """`after-wait`: between a busy target, whose early media was heard, and the next the caller hears the tone."""
    call = Call(TWO_TARGETS + '[hunt]\nbusy_advance = "after-wait"\n')
    call.then(TargetRang(1, ONE, early_media=True))
    assert TONE in call.then(TargetFailed(2, ONE, BUSY))
    assert all(not isinstance(command, Play) for command in call.then(TimerFired(15, hunt.PAUSE)))


@pytest.mark.req("M1")
def test_a_ringback_of_the_plan_is_heard_in_place_of_early_media() -> None:
    """Even where it names the ringing tone itself: the plan has chosen what is heard."""
    call = Call('welcome = "ringback"\n' + ONE_TARGET)
    assert call.first[0] == TONE
    assert call.then(TargetRang(4, ONE, early_media=True)) == ()


@pytest.mark.req("M1")
def test_an_answered_caller_hears_a_ringing_tone() -> None:
    """Once answered for an announcement, the caller hears our tone while targets ring."""
    text = '[nodes.hello]\nkind = "announce"\nprompts = ["hello"]\nthen = "desk"\nanswer = true\n' + DESK_NODE
    call = Call(TWO_TARGETS + text)
    assert call.first[0] == Answer()
    assert call.then(PromptEnded(3, CALLER))[0] == Play(CALLER, (PromptName("ringback"),), loop=True)
    assert call.then(TargetRang(4, ONE, early_media=False)) == ()


MENU = (
    '[extensions]\n801 = "mobile"\n802 = "desk"\n'
    '[nodes.menu]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 1 = "desk", 2 = "sub", "#" = "end" }\n'
    "extensions = true\n"
    'otherwise = "end"\ntries = 2\n'
    '[nodes.sub]\nkind = "menu"\nprompts = ["sub"]\nkeys = { 0 = "menu" }\notherwise = "end"\nanswer = true\n'
    + DESK_NODE
    + END
)


def keyed(call: Call, digits: str, end: KeysEnd = KeysEnd.INTER_TIMEOUT) -> tuple[object, ...]:
    """The caller keys something."""
    return call.then(DigitsKeyed(call.state.at_s + 5, CALLER, digits, end))


@pytest.mark.req("M2")
def test_menu_key_to_department_and_sub_menu() -> None:
    """产品咨询请按1: a key leads to a department, another to a sub-menu and back."""
    call = Call(TWO_TARGETS + MENU)
    assert call.first == (
        Play(CALLER, (PromptName("menu"),), barge_in=True),
        CollectDigits(CALLER, 3, 8, 3, end_keys=""),
    )
    sub = keyed(call, "2")
    assert sub[0] == Answer()
    assert sub[2] == CollectDigits(CALLER, 1, 8, 3, end_keys="#")
    assert isinstance(keyed(call, "0", KeysEnd.FULL)[0], Play)
    way = ((NodeName("menu"), "2"), (NodeName("sub"), "0"), (NodeName("menu"), "1"))
    assert Ring(ONE, DESK, "02162288300", Context(way)) in keyed(call, "1")


def test_the_target_is_told_of_the_last_menus_only() -> None:
    """A caller who goes round and round leaves the last ten menus in the context; a password leaves nothing."""
    call = Call(TWO_TARGETS + MENU + '[verify]\npassword = "2580"\n')
    call.then(SecretKeyed(1, CALLER, matched=True, end=KeysEnd.END_KEY))
    for digits in ("2", "0") * 8:
        keyed(call, digits)
    [rung] = [one for one in keyed(call, "801") if isinstance(one, Ring)]
    assert len(rung.context.menus) == MOST_MENUS
    assert rung.context.menus[-1] == (NodeName("menu"), "801")
    assert "2580" not in repr(rung)


@pytest.mark.req("M2")
@pytest.mark.parametrize(("digits", "target"), [("801", MOBILE), ("802", DESK)])
def test_extension_dialled_directly(digits: str, target: TargetName) -> None:
    """请拨分机号: an extension rings its seat or its department."""
    rung = keyed(Call(TWO_TARGETS + MENU), digits, KeysEnd.FULL)[1]
    assert isinstance(rung, Ring)
    assert rung.target == target


@pytest.mark.req("M2")
def test_time_outs_and_wrong_keys_are_told_apart() -> None:
    """Silence and a wrong key have prompts of their own; after the tries the default is taken."""
    call = Call(TWO_TARGETS + MENU)
    assert keyed(call, "", KeysEnd.FIRST_TIMEOUT)[0] == Play(
        CALLER, (PromptName("menu-timeout"), PromptName("menu")), barge_in=True
    )
    assert keyed(call, "9") == (
        Play(CALLER, (PromptName("busy"),)),
        StartTimer(FINAL_ANNOUNCEMENT, FINAL_ANNOUNCEMENT_S),
    )
    other = Call(TWO_TARGETS + MENU)
    assert keyed(other, "9")[0] == Play(CALLER, (PromptName("menu-wrong"), PromptName("menu")), barge_in=True)
    assert other.then(TargetFailed(9, ONE, BUSY)) == ()
    assert other.then(QueueMoved(9, NodeName("menu"), 0)) == ()


def test_a_caller_who_keys_for_ever_meets_an_end() -> None:
    """Menus that lead to each other end after many rounds."""
    call = Call(TWO_TARGETS + MENU)
    for _ in range(600):
        if call.state.outcome:
            break
        keyed(call, "2")
        keyed(call, "0")
    assert call.state.outcome is not None
    assert call.state.outcome.cause.slug == "plan-too-long"


@pytest.mark.req("M4")
def test_voicemail() -> None:
    """留言: the caller is answered, greeted, and the message is taken; at its end the call is released."""
    text = '[nodes.box]\nkind = "voicemail"\nmailbox = "office"\n'
    call = Call(TWO_TARGETS + text)
    assert call.first == (Answer(), Play(CALLER, (PromptName("voicemail-greeting"),)))
    assert call.then(PromptEnded(5, CALLER)) == (TakeMessage("office", 120, 5),)
    assert call.then(QueueMoved(6, NodeName("box"), 0)) == ()
    assert call.then(MessageTaken(20, 14)) == (Release(NORMAL),)
    assert call.state.charged_from_s is None


@pytest.mark.req("M4", "R7")
def test_voicemail_after_the_wait() -> None:
    """When the wait runs out at the last target the call goes to voicemail."""
    text = DESK_NODE + 'otherwise = "box"\n[nodes.box]\nkind = "voicemail"\nmailbox = "office"\n'
    call = Call(TWO_TARGETS + text)
    timer = call.first[1]
    assert isinstance(timer, StartTimer)
    assert call.then(TimerFired(55, timer.timer))[1:] == (Answer(), Play(CALLER, (PromptName("voicemail-greeting"),)))


@pytest.mark.req("M6")
def test_fax_key() -> None:
    """传真请拨4: the fax line is rung as one."""
    text = (
        '[nodes.menu]\nkind = "menu"\nprompts = ["menu"]\nkeys = { 4 = "fax" }\notherwise = "fax"\n'
        '[nodes.fax]\nkind = "hunt"\ntargets = ["mobile"]\nfax = true\n'
    )
    rung = keyed(Call(TWO_TARGETS + text), "4", KeysEnd.FULL)[1]
    assert rung == Ring(ONE, MOBILE, "13800138000", Context(((NodeName("menu"), "4"),)), fax=True)


@pytest.mark.req("R7")
def test_when_none_is_left_the_caller_hears_why() -> None:
    """对不起，您要的电话忙！ and then the release, where the plan says so."""
    call = Call(TWO_TARGETS + '[hunt]\ntargets = ["mobile"]\nannounce = "busy"\n')
    commands = call.then(TargetFailed(1, ONE, BUSY))
    assert Play(CALLER, (PromptName("busy"),)) in commands
    assert call.then(PromptEnded(4, CALLER))[0] == Release(BUSY)
