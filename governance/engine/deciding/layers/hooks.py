"""Layer 5: every synchronous hook that matches lets the call pass. Hooks can only tighten."""

from __future__ import annotations

from dataclasses import replace

from governance.engine.call import Json
from governance.engine.deciding.redacting import blank
from governance.engine.deciding.run import Run, Stop
from governance.engine.decision import Obligation
from governance.engine.need import Answer, Hook, HookRun, HookRuns, NeedHooks

NAME = "hooks"
_FAILED = {"error": "hook.error", "timeout": "hook.timeout"}
_VERDICTS = frozenset({"pass", "deny", "ask", "error", "timeout"})


def check(run: Run) -> NeedHooks | None:
    """Ask for the matching hooks to be run. With none that matches nothing is asked."""
    hooks = run.snapshot.hooks
    if not hooks:
        return None
    firing = tuple(entry.hook for entry in hooks if entry.fires(run.call))
    if not firing:
        return None
    run.firing = firing
    return NeedHooks(hooks=firing, call=run.outgoing)


def settle(run: Run, answer: Answer) -> Stop | None:
    """Fold what the hooks say, in their order; the first deny or failure decides."""
    firing = run.firing
    if not isinstance(answer, HookRuns):
        raise TypeError("layer 5 was answered with something else than HookRuns")
    runs = {one.hook: one for one in answer.runs}
    run.note(NAME, "runs", [_evidence(hook, runs.get(hook.id)) for hook in firing])
    stop: Stop | None = None
    for hook in firing:
        stop = stop or _fold(run, hook, runs.get(hook.id) or HookRun(hook=hook.id, verdict="error"))
    return stop


def _fold(run: Run, hook: Hook, said: HookRun) -> Stop | None:
    verdict = said.verdict if said.verdict in _VERDICTS else "error"
    if hook.shadow:
        if verdict != "pass":
            run.shadowed[hook.id] = None
            run.shadow_failed.add(NAME)
        return None
    if verdict in _FAILED:
        if hook.on_failure == "allow" and hook.category != "system":
            skipped = run.evidence.get(NAME, {}).get("skipped")
            run.note(NAME, "skipped", [*(skipped if isinstance(skipped, list) else []), hook.id])
            return None
        return Stop(NAME, _FAILED[verdict], "A check of this call failed.", rule=hook.id)
    if verdict == "deny":
        return Stop(NAME, "hook.deny", "A check denies this call.", rule=hook.id)
    if verdict == "ask":
        run.asks[f"hook:{hook.id}"] = None
    if said.confirm:
        run.obligations.append(Obligation(type="confirm", paths=said.confirm))
    if said.redact:
        run.obligations.append(Obligation(type="redact", paths=said.redact))
        run.redacted.update(dict.fromkeys(said.redact))
        arguments = blank(dict(run.call.arguments), said.redact)
        run.call = replace(run.call, arguments=arguments)
        run.outgoing = replace(run.outgoing, arguments=blank(dict(run.outgoing.arguments), said.redact))
    return None


def _evidence(hook: Hook, said: HookRun | None) -> Json:
    return {
        "hook": hook.id,
        "verdict": "missing" if said is None else said.verdict,
        "reason": "" if said is None else said.reason,
        "shadow": hook.shadow,
    }
