"""What a policy means that says nothing of limits and staleness: the policy's schema, its tables and the compiled
release all take it from here."""

from __future__ import annotations

from collections.abc import Mapping

from governance.engine.document.controls import RateTierWord

RATE_CLASS = "mcp"
"""The rate class of an entity that names none."""

BASE_PER_SECOND: Mapping[str, float] = {
    "oauth_public": 10,
    "oauth_auth": 10,
    "contexts": 100,
    "tasks": 50,
    "artifacts": 50,
    "agent_registry": 50,
    "agents": 20,
    "mcp_registry": 50,
    "mcp": 200,
    "stream": 100,
    "content": 50,
}
"""Calls a second of the rate classes that ship."""

TIER_MULTIPLIERS: Mapping[RateTierWord, float] = {"admin": 10, "service": 5, "a2a": 5, "mcp": 5, "user": 1, "anon": 0.5}
"""By how much a rate tier multiplies them."""

BURST_MULTIPLIER = 3
"""How many seconds' worth of calls a bucket holds."""

SESSION_CALLS = 300
"""Calls of one signed session in its window."""

SESSION_WINDOW_SECONDS = 60

STALE_AFTER = 300
"""Seconds without confirmed state until every call is denied."""

STALE_AFTER_RESTRICTED = 30
"""The same for restricted entities."""
