"""Layer 6: nothing asks, or an unused approval for exactly this call exists."""

from __future__ import annotations

from governance.engine.deciding.run import Run, Stop
from governance.engine.decision import Effect
from governance.engine.need import Answer, Approval, NeedApproval

NAME = "approval"

_REASONS = {
    "required": "Someone has to approve this call first.",
    "denied": "An approver denied this call.",
    "expired": "The approval of this call has expired.",
    "limit": "Too many approvals are open.",
    "unavailable": "Approvals cannot be looked up at the moment.",
}


def check(run: Run) -> NeedApproval | None:
    """Ask for an approval when a rule or a hook asks."""
    if not run.asks:
        return None
    asks = tuple(sorted(run.asks))
    return NeedApproval(call=run.outgoing, asks=asks, approvals=dict(run.approvals), sensitivity=run.sensitivity)


def settle(run: Run, answer: Answer) -> Stop | None:
    """Anything but `approved` stops the call."""
    if not isinstance(answer, Approval):
        raise TypeError("layer 6 was answered with something else than Approval")
    run.note(NAME, "state", answer.state)
    if answer.id is not None:
        run.note(NAME, "approval", answer.id)
    if answer.state == "approved":
        return None
    state = answer.state if answer.state in _REASONS else "unavailable"
    return Stop(
        NAME,
        f"approval.{state}",
        _REASONS[state],
        effect=Effect.ASK if state == "required" else Effect.DENY,
        rule=min(run.asks).partition(":")[2],
    )
