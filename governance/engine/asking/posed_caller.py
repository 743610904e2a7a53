"""The posed caller: somebody about whom a question is asked or a test is written, and who need not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.engine.principal import (
    ANONYMOUS,
    TIERS,
    Caller,
    Directory,
    DirectoryEntry,
    Principal,
    PrincipalKind,
    principal_of,
)

DESCRIBED = "question:principal"
"""The id of a principal described on the spot; no slug, so that no rule can name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PosedCaller:
    """Who would call: a principal by its id, `anonymous`, or as somebody describes it, and the agent acting for it.

    Nothing here is verified: a posed caller is for questions without effect alone.
    """

    principal: str | DirectoryEntry
    agent: str | None = None
    audience: str | None = None

    def caller(self, directory: Directory) -> Caller:
        """The caller that this would be. An id that the directory does not hold is not known, and may do nothing."""
        return Caller(principal=self._principal(directory), agent=self.agent, audience=self.audience)

    def _principal(self, directory: Directory) -> Principal:
        if isinstance(self.principal, DirectoryEntry):
            anonymous = self.principal.kind is PrincipalKind.ANONYMOUS
            return ANONYMOUS if anonymous else principal_of(DESCRIBED, self.principal)
        if self.principal == ANONYMOUS.id:
            return ANONYMOUS
        return principal_of(self.principal, directory.get(self.principal))


def described(fields: Mapping[str, Any]) -> DirectoryEntry:
    """A principal as a policy, a test or a question describes it, in the policy file's fields.

    An active user unless it says something else; a service without a tier is of the tier `service`. Raises KeyError or
    ValueError for a kind or tier that there is not.
    """
    kind = PrincipalKind(fields.get("kind", "user"))
    return DirectoryEntry(
        kind=kind,
        active=fields.get("status", "active") == "active",
        tier=TIERS[fields.get("tier", "service" if kind is PrincipalKind.SERVICE else "user")],
        epoch=0,
        owner=fields.get("owner"),
        roles=frozenset(fields.get("roles", ())),
        groups=frozenset(fields.get("groups", ())),
        departments=frozenset(fields.get("departments", ())),
    )
