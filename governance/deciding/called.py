"""What people call whom an identity names: words of the directory and of the release, never of a token.

A record outlives principals and agents, so it keeps names beside ids. What the directory does not hold has no name.
"""

from __future__ import annotations

from collections.abc import Mapping

from accounts.directory.live import Called
from accounts.identity.verified import Identity
from audit.records.who import Names
from governance.engine.document.policy import PolicyDocument
from governance.engine.principal import PrincipalKind

NOBODY = Called("", "")


def names_of(identity: Identity, named: Mapping[str, Called], document: PolicyDocument) -> Names:
    """The names of the caller: its principal's, with the address, its owner's, its agent's, and who asks about it."""
    caller = identity.caller
    anonymous = caller.principal.kind is PrincipalKind.ANONYMOUS
    return {
        **_of(None if anonymous else caller.principal.id, caller.agent, named, document),
        **_name("owner", caller.principal.owner, named),
        **_name("asked_by", identity.asked_by, named),
    }


def link_names_of(identity: Identity, named: Mapping[str, Called], document: PolicyDocument) -> list[Names]:
    """The names of every further link of its chain."""
    return [
        _of(link.principal.id if link.principal is not None else None, link.agent, named, document)
        for link in identity.caller.chain
    ]


def _of(
    principal: str | None, agent: str | None, named: Mapping[str, Called], document: PolicyDocument
) -> dict[str, str]:
    called = named.get(principal or "", NOBODY)
    known = document.get("agents", {}).get(agent or "")
    found = {"principal": called.name, "email": called.email, "agent": known.get("name", "") if known else ""}
    return {key: name for key, name in found.items() if name}


def _name(key: str, id: str | None, named: Mapping[str, Called]) -> dict[str, str]:
    called = named.get(id or "", NOBODY)
    return {key: called.name} if called.name else {}
