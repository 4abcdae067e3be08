"""User Interaction (ITU-T Q.1213): what the caller hears and keys (M1, M2, O5), a mailbox (M4), a release (R7).

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
from routing.state import Announcing, CollectingKeys, FinalAnnouncement, HungUpBy, Phase, TakingMessage
from routing.step_context import StepContext

MOST_PASSWORD: Final = 16


def enter_announcement(ctx: StepContext, name: NodeName, node: Announcement) -> None:
    """Play it; the call goes on at its end."""
    ctx.note(name, "announce", node.then, looked_at=(("prompts", ", ".join(node.prompts)),))
    if node.answer:
        caller.answer(ctx)
    caller.play(ctx, node.prompts)
    ctx.activity = Announcing(name)
    ctx.phase = Phase.HEARING


def react_announcement(ctx: StepContext, activity: Announcing, event: Event) -> NodeName | None:
    """The announcement was heard to its end."""
    if isinstance(event, PromptEnded):
        return ctx.node(activity.node, Announcement).then
    return None


def enter_menu(ctx: StepContext, name: NodeName, node: Menu) -> None:
    """Ask for the first time."""
    if node.answer:
        caller.answer(ctx)
    ctx.phase = Phase.HEARING
    _ask(ctx, CollectingKeys(name, node.tries), node.prompts, _keys_of(ctx, node))


def enter_verify(ctx: StepContext, name: NodeName, node: Verify) -> None:
    """Ask for the password for the first time."""
    if node.answer:
        caller.answer(ctx)
    ctx.phase = Phase.HEARING
    _ask(ctx, CollectingKeys(name, node.tries), (node.prompt,), _digits_of(node))


def _ask(ctx: StepContext, activity: CollectingKeys, prompts: tuple[PromptName, ...], collect: CollectDigits) -> None:
    caller.play(ctx, prompts, barge_in=True)
    ctx.activity = activity
    legs.gather(ctx, collect)


def _keys_of(ctx: StepContext, node: Menu) -> CollectDigits:
    most = max(map(len, ctx.plan.extensions), default=1) if node.extensions else 1
    return CollectDigits(CALLER, most, node.first_s, node.inter_s, "" if Key("#") in node.keys else "#")


def _digits_of(node: Verify) -> CollectDigits:
    return CollectDigits(CALLER, MOST_PASSWORD, node.first_s, node.inter_s, secret=node.password)


def react_keys(ctx: StepContext, activity: CollectingKeys, event: Event) -> NodeName | None:
    """Keys came in, or none did."""
    match ctx.plan.nodes[activity.node], event:
        case Menu() as menu, DigitsKeyed(leg=leg, digits=digits, end=end) if leg == CALLER:
            return _chosen(ctx, activity, menu, digits, end)
        case Verify() as verify, SecretKeyed(leg=leg, matched=matched) if leg == CALLER:
            return _verified(ctx, activity, verify, matched=matched)
        case _:
            return None


def _chosen(ctx: StepContext, activity: CollectingKeys, menu: Menu, digits: str, end: KeysEnd) -> NodeName | None:
    _keyed(ctx)
    looked_at = (("keys", digits), ("ended", end))
    chosen: NodeName | None = menu.keys.get(Key(digits))
    if chosen is None and menu.extensions and Extension(digits) in ctx.plan.extensions:
        chosen = NodeName(ctx.plan.extensions[Extension(digits)])
    if chosen is not None:
        passed = tuple((to, f"key {key}") for key, to in sorted(menu.keys.items()) if key != digits)
        ctx.note(activity.node, "menu", chosen, looked_at=looked_at, passed_over=passed)
        ctx.menus = (*ctx.menus, (activity.node, digits))[-MOST_MENUS:]
        return chosen
    if activity.tries == 1:
        ctx.note(
            activity.node, "menu", menu.otherwise, looked_at=looked_at, passed_over=(("ask again", "no tries left"),)
        )
        return menu.otherwise
    again = menu.wrong_prompt if digits else menu.timeout_prompt
    ctx.note(activity.node, "menu", "ask again", looked_at=looked_at)
    _ask(ctx, attrs.evolve(activity, tries=activity.tries - 1), (again, *menu.prompts), _keys_of(ctx, menu))
    return None


def _verified(ctx: StepContext, activity: CollectingKeys, verify: Verify, *, matched: bool) -> NodeName | None:
    _keyed(ctx)
    if matched:
        ctx.note(activity.node, "verify", "then", looked_at=(("password", "right"),))
        return ctx.plan.next_node(activity.node, verify.then)
    looked_at = (("password", "wrong"), ("tries left", str(activity.tries - 1)))
    ctx.note(activity.node, "verify", "ask again" if activity.tries > 1 else "refuse", looked_at=looked_at)
    if activity.tries > 1:
        prompts = (verify.wrong_prompt, verify.prompt)
        _ask(ctx, attrs.evolve(activity, tries=activity.tries - 1), prompts, _digits_of(verify))
    else:
        caller.release_after(ctx, WRONG_PASSWORD, NOT_ALLOWED_PROMPT)
    return None


def _keyed(ctx: StepContext) -> None:
    """The collection is over; its first key, or the wait after it, has ended the prompt."""
    ctx.gathering -= {CALLER}
    caller.heard(ctx)


def enter_voicemail(ctx: StepContext, name: NodeName, node: Voicemail) -> None:
    """Answer and greet."""
    ctx.note(name, "voicemail", "take a message", looked_at=(("mailbox", node.mailbox),))
    caller.answer(ctx)
    caller.play(ctx, (node.greeting,))
    ctx.activity = TakingMessage(name)
    ctx.phase = Phase.HEARING


def react_voicemail(ctx: StepContext, activity: TakingMessage, event: Event) -> None:
    """The greeting is over, or the message is."""
    match event:
        case PromptEnded():
            node = ctx.node(activity.node, Voicemail)
            ctx.do(TakeMessage(node.mailbox, node.most_s, node.silence_s))
        case MessageTaken(seconds=seconds):
            ctx.note(activity.node, "voicemail", "release", looked_at=(("seconds", str(seconds)),))
            caller.end(ctx, NORMAL, HungUpBy.SWITCH)
        case _:
            pass


def enter_release(ctx: StepContext, name: NodeName, node: Release) -> None:
    """End the call as the plan says."""
    ctx.note(name, "release", node.cause)
    caller.release_after(ctx, CAUSES[node.cause], node.announce)


def react_final_announcement(ctx: StepContext, activity: FinalAnnouncement, event: Event) -> None:
    """The caller has heard why, or has had the time to."""
    if isinstance(event, PromptEnded) or (isinstance(event, TimerFired) and event.timer == caller.FINAL_ANNOUNCEMENT):
        caller.end(ctx, activity.outcome.cause, activity.outcome.hung_up_by)
