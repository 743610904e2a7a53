"""`policy explain`: why a call is decided as it is, and the nearest change that would make it pass."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from governance.engine.asking.explain import Explanation
from governance.engine.asking.posed_caller import PosedCaller, described
from governance.engine.decision import Outcome
from governance.engine.document.policy import PolicyDocument
from governance.engine.strict_json import BadJson, read_json
from governance.management.policy.documents import is_stored, load
from governance.management.policy.subcommand import GOOD, UNUSABLE, Streams, Subcommand
from governance.policy.document.moments import seconds
from governance.policy.testing import TestBench

_WORD = {True: "true", False: "false", None: "cannot be evaluated"}


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("policy", metavar="FILE|current", help="a policy file, a folder, draft, current or a release")
    parser.add_argument(
        "--principal", required=True, help="an id, anonymous, or JSON that describes one as a test does"
    )
    parser.add_argument(
        "--call",
        required=True,
        help='JSON as in a test, or @FILE: {"server": "files", "tool": "read", "arguments": {}}',
    )
    parser.add_argument("--agent", help="the agent that acts for the principal")
    parser.add_argument("--at", help="the clock, 2026-06-01T12:00:00Z (default: now)")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: Namespace, streams: Streams) -> int:
    """0 when it was explained, whatever the decision; 2 when policy, principal or call cannot be used."""
    document = load(options.policy, streams)
    if document is None:
        return UNUSABLE
    try:
        text = options.call
        call = _object(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
        said = options.principal
        principal = described(_object(said)) if said.startswith("{") else said
        at = seconds(options.at) if options.at else time.time()
        if "entity" not in call and not {"server", "tool"} <= call.keys():
            raise ValueError("the call names neither server and tool nor an entity")
        if is_stored(options.policy):
            document = _with_directory(document)
        posed = PosedCaller(principal=principal, agent=options.agent)
        told = TestBench(document).explain(posed, call, at=at)
    except (OSError, ValueError, KeyError, TypeError, BadJson) as error:
        streams.err.write(f"{error}\n")
        return UNUSABLE
    streams.out.write(json.dumps(_plain(told), ensure_ascii=False) + "\n" if options.json else _text(told))
    return GOOD


def _object(text: str) -> Any:
    value = read_json(text.encode())
    if not isinstance(value, dict):
        raise ValueError("a JSON object is wanted")
    return value


def _with_directory(document: PolicyDocument) -> PolicyDocument:
    """The document with the directory's people as they are now: no release holds them."""
    from accounts.models import User

    people: dict[str, Any] = {
        user.username: {
            "kind": user.kind, "tier": user.tier, "roles": user.roles, "groups": user.groups,
            "departments": user.departments, "status": user.status,
            **({"owner": user.owner.username} if user.owner else {}),
        }
        for user in User.objects.select_related("owner")
    }  # fmt: skip
    return {**document, "principals": people}


def _plain(told: Explanation) -> dict[str, Any]:
    decision = told.decision
    return {
        "decision": decision.effect.value,
        "layer": decision.layer,
        "code": decision.code,
        "rule": decision.rule,
        "reason": decision.reason,
        "layers": [{"layer": layer.layer, "outcome": layer.outcome.value} for layer in decision.layers],
        "rules": [
            {
                "rule": one.rule, "effect": one.effect.value, "shadow": one.shadow, "matches": one.matches,
                "subjects": one.subjects, "window": one.window, "parameters": one.parameters,
                "condition": one.condition,
                "parts": [{"source": part.source, "value": part.value} for part in one.parts],
            }
            for one in told.considered
        ],
        "omitted": told.omitted,
        "nearest": (
            None
            if told.nearest is None
            else {"path": told.nearest.path, "fix": told.nearest.fix, "rule": told.nearest.rule}
        ),
    }  # fmt: skip


def _text(told: Explanation) -> str:
    decision = told.decision
    lines = [f"{decision.effect.value}" + (f": {decision.code} ({decision.reason})" if decision.code else "")]
    for layer in decision.layers:
        mark = "  " if layer.outcome in (Outcome.PASS, Outcome.SKIPPED) else "> "
        lines.append(f"{mark}{layer.layer:<12} {layer.outcome.value}")
    for one in told.considered:
        state = "matches" if one.matches else "does not match"
        why = [] if one.subjects else ["not about this caller"]
        why += [] if one.window else ["outside its validity"]
        why += [f"parameter {one.parameters}"] if one.parameters is not None else []
        lines.append(f"  {one.effect.value:<5} {one.rule}: {', '.join([state, *why])}")
        lines += [f"          {part.source}: {_WORD[part.value]}" for part in one.parts]
    if told.omitted:
        lines.append(f"  and {told.omitted} more rules")
    if told.nearest is not None:
        lines.append(f"To make it pass, {told.nearest.path}: {told.nearest.fix}")
    return "\n".join(lines) + "\n"


SUBCOMMAND = Subcommand(
    name="explain",
    summary="say why a call is decided as it is, and what would make it pass",
    configure=configure,
    run=run,
    needs_database=lambda options: is_stored(options.policy),
)
