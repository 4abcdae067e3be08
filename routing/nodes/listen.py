"""User Interaction: what the caller hears and keys (M1, M2, O5), a mailbox (M4), and a release with its
reason.

Rule: the caller is answered, and so charged, only where the plan says so and where a message is taken.
"""

from typing import Final

import attrs

from routing import caller, legs
from routing.cause import NORMAL, WRONG_PASSWORD
from routing.command import MOST_MENUS, CollectDigits, TakeMessage
from routing.event import DigitsKeyed, Event, KeysEnd, MessageTaken, PromptEnded, SecretKeyed, TimerFired
from routing.ids import CALLER, NodeName, PromptName
from routing.node import (
    CAUSES,
    NOT_ALLOWED_PROMPT,
    Announcement,
    Key,
    Menu,
    Release,
    Verify,
    Voicemail,
)
from routing.plan import Extension
from routing.state import Announcing, FinalAnnouncement, HungUpBy, Keying, Phase, TakingMessage
from routing.step_context import StepContext

MOST_PASSWORD: Final = 16


def enter_announcement(turn: StepContext, name: NodeName, node: Announcement) -> None:
    """Play it; the call goes on at its end."""
    turn.note(name, "announce", node.then, looked_at=(("prompts", ", ".join(node.prompts)),))
    if node.answer:
        caller.answer(turn)
    caller.play(turn, node.prompts)
    turn.place = Announcing(name)
    turn.phase = Phase.HEARING


def react_announcement(turn: StepContext, place: Announcing, event: Event) -> NodeName | None:
    """The announcement was heard to its end."""
    if isinstance(event, PromptEnded):
        return turn.node(place.node, Announcement).then
    return None


def enter_menu(turn: StepContext, name: NodeName, node: Menu) -> None:
    """Ask for the first time."""
    if node.answer:
        caller.answer(turn)
    turn.phase = Phase.HEARING
    _ask(turn, Keying(name, node.tries), node.prompts, _keys_of(turn, node))


def enter_verify(turn: StepContext, name: NodeName, node: Verify) -> None:
    """Ask for the password for the first time."""
    if node.answer:
        caller.answer(turn)
    turn.phase = Phase.HEARING
    _ask(turn, Keying(name, node.tries), (node.prompt,), _digits_of(node))


def _ask(turn: StepContext, place: Keying, prompts: tuple[PromptName, ...], collect: CollectDigits) -> None:
    caller.play(turn, prompts, barge_in=True)
    turn.place = place
    legs.gather(turn, collect)


def _keys_of(turn: StepContext, node: Menu) -> CollectDigits:
    most = max(map(len, turn.plan.extensions), default=1) if node.extensions else 1
    return CollectDigits(CALLER, most, node.first_s, node.inter_s, "" if Key("#") in node.keys else "#")


def _digits_of(node: Verify) -> CollectDigits:
    return CollectDigits(CALLER, MOST_PASSWORD, node.first_s, node.inter_s, secret=node.password)


def react_keying(turn: StepContext, place: Keying, event: Event) -> NodeName | None:
    """Keys came in, or none did."""
    match turn.plan.nodes[place.node], event:
        case Menu() as menu, DigitsKeyed(leg=leg, digits=digits, end=end) if leg == CALLER:
            return _chosen(turn, place, menu, digits, end)
        case Verify() as verify, SecretKeyed(leg=leg, matched=matched) if leg == CALLER:
            return _verified(turn, place, verify, matched=matched)
        case _:
            return None


def _chosen(turn: StepContext, place: Keying, menu: Menu, digits: str, end: KeysEnd) -> NodeName | None:
    _keyed(turn)
    seen = (("keys", digits), ("ended", end))
    chosen: NodeName | None = menu.keys.get(Key(digits))
    if chosen is None and menu.extensions and Extension(digits) in turn.plan.extensions:
        chosen = NodeName(turn.plan.extensions[Extension(digits)])
    if chosen is not None:
        passed = tuple((to, f"key {key}") for key, to in sorted(menu.keys.items()) if key != digits)
        turn.note(place.node, "menu", chosen, looked_at=seen, passed_over=passed)
        turn.menus = (*turn.menus, (place.node, digits))[-MOST_MENUS:]
        return chosen
    if place.tries == 1:
        turn.note(place.node, "menu", menu.otherwise, looked_at=seen, passed_over=(("ask again", "no tries left"),))
        return menu.otherwise
    again = menu.wrong_prompt if digits else menu.timeout_prompt
    turn.note(place.node, "menu", "ask again", looked_at=seen)
    _ask(turn, attrs.evolve(place, tries=place.tries - 1), (again, *menu.prompts), _keys_of(turn, menu))
    return None


def _verified(turn: StepContext, place: Keying, verify: Verify, *, matched: bool) -> NodeName | None:
    _keyed(turn)
    if matched:
        turn.note(place.node, "verify", "then", looked_at=(("password", "right"),))
        return turn.plan.way(place.node, verify.then)
    seen = (("password", "wrong"), ("tries left", str(place.tries - 1)))
    turn.note(place.node, "verify", "ask again" if place.tries > 1 else "refuse", looked_at=seen)
    if place.tries > 1:
        prompts = (verify.wrong_prompt, verify.prompt)
        _ask(turn, attrs.evolve(place, tries=place.tries - 1), prompts, _digits_of(verify))
    else:
        caller.farewell(turn, WRONG_PASSWORD, NOT_ALLOWED_PROMPT)
    return None


def _keyed(turn: StepContext) -> None:
    """The collection is over; its first key, or the wait after it, has ended the prompt."""
    turn.gathering -= {CALLER}
    caller.heard(turn)


def enter_voicemail(turn: StepContext, name: NodeName, node: Voicemail) -> None:
    """Answer and greet."""
    turn.note(name, "voicemail", "take a message", looked_at=(("mailbox", node.mailbox),))
    caller.answer(turn)
    caller.play(turn, (node.greeting,))
    turn.place = TakingMessage(name)
    turn.phase = Phase.HEARING


def react_voicemail(turn: StepContext, place: TakingMessage, event: Event) -> None:
    """The greeting is over, or the message is."""
    match event:
        case PromptEnded():
            node = turn.node(place.node, Voicemail)
            turn.do(TakeMessage(node.mailbox, node.most_s, node.silence_s))
        case MessageTaken(seconds=seconds):
            turn.note(place.node, "voicemail", "release", looked_at=(("seconds", str(seconds)),))
            caller.end(turn, NORMAL, HungUpBy.SWITCH)
        case _:
            pass


def enter_release(turn: StepContext, name: NodeName, node: Release) -> None:
    """End the call as the plan says."""
    turn.note(name, "release", node.cause)
    caller.farewell(turn, CAUSES[node.cause], node.announce)


def react_farewell(turn: StepContext, place: FinalAnnouncement, event: Event) -> None:
    """The caller has heard why, or has had the time to."""
    if isinstance(event, PromptEnded) or (isinstance(event, TimerFired) and event.timer == caller.FAREWELL):
        caller.end(turn, place.outcome.cause, place.outcome.hung_up_by)
