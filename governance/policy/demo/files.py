"""The demo: a policy in canonical form, and named calls that show what can come of one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
POLICY_FILE = FOLDER / "policy.yaml"
CALLS_FILE = FOLDER / "calls.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCall:
    """One call of the demo.

    `request` is the body of `POST /api/v1/decisions`; `times` how often it is sent, `expect` what comes of the last
    (decision, layer, code); `switch` the target of `manage.py kill` while it is sent, None for none.
    """

    name: str
    says: str
    principal: str
    agent: str
    request: dict[str, Any]
    expect: dict[str, str | None] = field(default_factory=dict)
    times: int = 1
    switch: str | None = None


def demo_calls() -> tuple[DemoCall, ...]:
    """Every call of the demo, in the order in which README shows them."""
    return tuple(DemoCall(**call) for call in json.loads(CALLS_FILE.read_text(encoding="utf-8"))["calls"])
