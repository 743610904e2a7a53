"""Callers made up for a question: what somebody could do who is not here."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.identity.caller import principal_of
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.principal import Caller, Directory, DirectoryEntry, PrincipalKind


def caller_in(
    directory: Directory, name: str, *, agent: str | None = None, entry: DirectoryEntry | None = None
) -> Caller:
    """A principal of the directory (or as `entry` describes it), through an agent if one is named.

    A name that the directory does not hold makes a principal that is not known, to which nothing is allowed.
    """
    return Caller(principal=principal_of(name, entry or directory.get(name)), agent=agent)


def named_subject(directory: Directory, snapshot: Snapshot, kind: str, name: str) -> Caller | None:
    """The caller that AuthZEN's subject names: a user, a service, either (`identity`), or an agent for its owner."""
    if kind == "agent":
        bound = snapshot.bounds.get(name)
        return None if bound is None or bound.owner is None else caller_in(directory, bound.owner, agent=name)
    entry = directory.get(name)
    if entry is None or kind not in ("identity", entry.kind.value):
        return None
    return caller_in(directory, name)


def subjects(directory: Directory, snapshot: Snapshot, kind: str, *, after: str) -> Iterator[tuple[str, Caller]]:
    """Every subject of a kind behind `after`, by id."""
    names = snapshot.bounds if kind == "agent" else directory
    for name in sorted(name for name in names if name > after):
        caller = named_subject(directory, snapshot, kind, name)
        if caller is not None:
            yield name, caller


def is_kind(kind: str, principal: PrincipalKind) -> bool:
    """Whether AuthZEN's subject type means principals of this kind."""
    return kind in ("identity", principal.value)
