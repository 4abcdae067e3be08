"""Transfer by REFER (RFC 3515): what a seat's telephone may ask for, and the reports that it gets (M3).

Rule: a call is referred only to what its plan names (W1): whoever can make a telephone send REFER must not be able to
call at the subscriber's cost. Every REFER gets a final report.
"""

from typing import Final

from routing import legs
from routing.command import ReportTransfer
from routing.event import TransferAsked
from routing.ids import NodeName
from routing.node import Hunt
from routing.nodes import transfer
from routing.number import read_number
from routing.plan import Extension, Plan
from routing.state import Talking, Transferring
from routing.step_context import StepContext

NOT_FOUND: Final = 404
DECLINED: Final = 603


def asked(ctx: StepContext, activity: Talking, event: TransferAsked) -> None:
    """The telephone of the seat that talks with the caller sent REFER; another's is declined."""
    settings = ctx.plan.transfer
    group = find(ctx.plan, event.to)
    if settings is None or not settings.refer or event.leg != activity.leg:
        decline(ctx, event, DECLINED, "transfers by REFER are not allowed here")
    elif group is None:
        decline(ctx, event, NOT_FOUND, "not of this plan")
    else:
        request = Transferring(
            activity.leg, attended=False, waiting=group.targets, referred=True, replaces=event.replaces, fax=group.fax
        )
        ctx.do(ReportTransfer(activity.leg, transfer.TRYING))
        transfer.begin(ctx, settings, request, (("to", event.to), ("how", _how(event))))


def _how(event: TransferAsked) -> str:
    return "REFER with Replaces" if event.replaces else "REFER"


def decline(ctx: StepContext, event: TransferAsked, status: int, why: str) -> None:
    """Nothing comes of a REFER; its sender gets a report, unless its leg is not up."""
    ctx.note(transfer.NODE, "transfer", "refuse", looked_at=(("to", event.to),), passed_over=((event.to, why),))
    attempt = legs.find(ctx, event.leg)
    if attempt is not None and attempt.answered_s is not None and attempt.stopped is None:
        ctx.do(ReportTransfer(event.leg, status))


def find(plan: Plan, to: str) -> Hunt | None:
    """The group that a REFER means: an extension, a department's or target's name, or a target's address."""
    user = to.partition(":")[2].partition("@")[0] if to.lower().startswith("sip:") else to
    if Extension(user) in plan.extensions:
        return plan.group(plan.extensions[Extension(user)])
    if isinstance(department := plan.nodes.get(NodeName(user)), Hunt):
        return department
    number = read_number(user).digits
    for name, target in sorted(plan.targets.items(), key=lambda one: one[0]):
        if name == user or _bare(target.address) in (number, _bare(to)):
            return Hunt((name,))
    return None


def _bare(address: str) -> str:
    """A SIP URI without its parameters, which a telephone's own Contact has more of; a number as it is."""
    return address.partition(";")[0].lower()
