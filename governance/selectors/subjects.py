"""The posed callers that AuthZEN's subjects name: what somebody could do who is not here."""

from __future__ import annotations

from collections.abc import Iterator

from governance.engine.asking.posed_caller import PosedCaller
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.principal import Caller, Directory, PrincipalKind


def named_subject(directory: Directory, snapshot: Snapshot, kind: str, name: str) -> Caller | None:
    """The caller that AuthZEN's subject names: a user, a service, either (`identity`), or an agent for its owner."""
    if kind == "agent":
        bound = snapshot.bounds.get(name)
        if bound is None or bound.owner is None:
            return None
        return PosedCaller(principal=bound.owner, agent=name).caller(directory)
    entry = directory.get(name)
    if entry is None or kind not in ("identity", entry.kind.value):
        return None
    return PosedCaller(principal=name).caller(directory)


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
