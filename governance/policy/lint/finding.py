"""One finding of `policy lint`."""

from __future__ import annotations

from dataclasses import dataclass

from governance.engine.call import Json

CODES = (
    "unreachable",
    "shadowed",
    "redundant",
    "too_broad",
    "expired",
    "unused",
    "missing",
    "agent_not_required",
    "off",
    "in_shadow",
    "ambiguous",
    "incomplete",
)
"""Every code that a finding may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """`path` names the object by id (`rules.finance-reads`), not by its place in a file."""

    code: str
    path: str
    message: str

    def line(self) -> dict[str, Json]:
        """The finding as `policy lint --json` prints it."""
        return {"code": self.code, "path": self.path, "message": self.message}
