"""Layer 3: nothing that is denied to everybody stands in the call."""

from __future__ import annotations

from governance.engine.blocking.entry import CODES, UNREADABLE
from governance.engine.compiled.snapshot import HitLike
from governance.engine.deciding.run import Run, Stop

NAME = "blocklist"

_UNREADABLE = "The call contains a command or a statement that cannot be read to its end."
_ORDER = tuple(dict.fromkeys(CODES.values()))


def check(run: Run) -> Stop | None:
    """Deny on a hit in force; of several the first code in the order entity, host, action, argument, unreadable."""
    call = run.call
    hits = run.snapshot.blocklist.match(call.kind.value, call.entity, call.arguments)
    if not hits:
        return None
    run.note(
        NAME,
        "hits",
        [{"entry": hit.entry, "kind": hit.kind, "path": hit.path, "shadow": hit.shadow} for hit in hits],
    )
    in_force: list[HitLike] = []
    for hit in hits:
        if hit.shadow:
            run.shadowed[hit.entry] = None
            run.shadow_failed.add(NAME)
        elif not _exempted(run, hit):
            in_force.append(hit)
    if not in_force:
        return None
    if run.now < run.snapshot.shadow_until.get(NAME, float("-inf")):
        run.shadow_failed.add(NAME)
        for hit in in_force:
            run.shadowed[hit.entry] = None
        return None
    first = min(in_force, key=lambda hit: (_ORDER.index(CODES[hit.kind]), hit.entry))
    reason = _UNREADABLE if first.kind == UNREADABLE else "The call contains something that is blocked."
    return Stop(NAME, CODES[first.kind], reason, rule=first.entry)


def _exempted(run: Run, hit: HitLike) -> bool:
    for exemption in run.snapshot.exemptions[NAME]:
        if exemption.holds(kind=run.call.kind, entity=run.call.entity, name=hit.entry, path=hit.path, now=run.now):
            run.exemptions[exemption.id] = None
            return True
    return False
