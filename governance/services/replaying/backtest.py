"""Backtest: the recorded decisions of the last days, decided again by a policy that is not in force yet.

What flips is counted by rule, agent and tool and named by the ids of its records; values stay sealed to whoever reads
the result. What cannot be decided again is unknown and counted as such, never as unchanged.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings

from accounts.models import User
from audit.records.kinds import Kind
from audit.trace.reading import records_between
from governance.deciding import keys
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.document.policy import PolicyDocument
from governance.engine.principal import TIERS, DirectoryEntry, PrincipalKind
from governance.policy.checks.validate import checked
from governance.policy.document.codec import digest
from governance.selectors.policy_versions import newest_version
from governance.services.replaying.replay import Replayed, Replayer, Unknown
from governance.vault.errors import VaultError
from governance.vault.master import Purpose

MOST_FLIPS = 10_000
"""Flips that are listed one by one; further ones are counted."""

BATCH = 2_000
Progress = Callable[[int, int], None]
"""Told how many records are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One decision that would be another. `was` and `now` are effects; `rule` the rule or else the code of `now`."""

    id: str
    at: int
    principal: str
    agent: str | None
    entity: str
    was: str
    now: str
    code: str | None
    rule: str | None


@dataclass(slots=True, kw_only=True)
class Backtest:
    """What came of it: every record is the same, a flip or unknown, by reason. `seconds` is the time it took."""

    total: int = 0
    same: int = 0
    flipped: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    flips: list[Flip] = field(default_factory=list)
    by_rule: Counter[str] = field(default_factory=Counter)
    by_agent: Counter[str] = field(default_factory=Counter)
    by_tool: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON: counts, ids and shapes."""
        return {
            "total": self.total,
            "same": self.same,
            "flipped": self.flipped,
            "unknown": dict(self.unknown),
            "by_rule": dict(self.by_rule.most_common()),
            "by_agent": dict(self.by_agent.most_common()),
            "by_tool": dict(self.by_tool.most_common()),
            "flips": [{name: getattr(flip, name) for name in Flip.__dataclass_fields__} for flip in self.flips],
            "seconds": round(self.seconds, 3),
        }


def backtest(
    document: PolicyDocument, *, since: datetime, until: datetime, progress: Progress | None = None
) -> Backtest:
    """Decide the decisions of `since` up to `until` again by `document`.

    Payloads are opened where this process holds the private half of the capture key (the worker, a command), for
    their evaluation only. Raises PolicyErrors for an unsound document.
    """
    wanted = records_between(since, until).filter(kind=Kind.DECISION)
    total = wanted.count()
    replayer = _replayer(document)
    bodies = wanted.order_by().values_list("body", flat=True).iterator(chunk_size=BATCH)
    return run_backtest(replayer, (bytes(body) for body in bodies), total=total, progress=progress)


def run_backtest(
    replayer: Replayer, bodies: Iterator[bytes], *, total: int, progress: Progress | None = None
) -> Backtest:
    """The same over records that are at hand."""
    started = time.perf_counter()
    result = Backtest()
    for body in bodies:
        result.total += 1
        try:
            replayed = replayer.replay(body)
        except Unknown as unknown:
            result.unknown[unknown.reason] += 1
        else:
            if replayed.flips:
                _count(result, replayed)
            else:
                result.same += 1
        if progress is not None and result.total % BATCH == 0:
            progress(result.total, max(total, result.total))
    if progress is not None:
        progress(result.total, max(total, result.total))
    result.seconds = time.perf_counter() - started
    return result


def _count(result: Backtest, replayed: Replayed) -> None:
    record, decision = replayed.record, replayed.decision
    assert decision is not None
    who, entity = record.head.who, record.call.entity
    result.flipped += 1
    named = decision.rule or decision.code or next(iter(decision.matched), "") or "default_allow"
    result.by_rule[named] += 1
    result.by_agent[who.agent or "no agent"] += 1
    result.by_tool[entity] += 1
    if len(result.flips) < MOST_FLIPS:
        result.flips.append(
            Flip(
                id=record.head.id, at=record.head.at, principal=who.name, agent=who.agent, entity=entity,
                was=record.decision.effect.value, now=decision.effect.value, code=decision.code, rule=decision.rule,
            )
        )  # fmt: skip


def _replayer(document: PolicyDocument) -> Replayer:
    sound, current = checked(document), newest_version().document
    return Replayer(
        snapshot=compile_snapshot(sound, release=0, digest=digest(sound), keys=keys.engine_keys()),
        directory=_directory(),
        capture_keys=keys.capture_keys(),
        digest_keys=_digest_key,
        same_detectors=all(current.get(part) == sound.get(part) for part in ("detectors", "exemptions", "layers")),
        issuer=settings.TOOLGATE_ISSUER,
    )


@lru_cache(maxsize=16)
def _digest_key(kid: str) -> bytes | None:
    master = keys.master_keys()
    try:
        return master.derive(Purpose.ARGUMENTS_DIGEST, kid=kid)
    except VaultError:
        return None


def _directory() -> dict[str, DirectoryEntry]:
    """The directory as it is now: it says who owns an agent, and where the owner belongs."""
    return {
        user.username: DirectoryEntry(
            kind=PrincipalKind(user.kind),
            active=user.is_active,
            tier=TIERS[user.tier],
            epoch=user.epoch,
            owner=user.owner.username if user.owner else None,
            roles=frozenset(user.roles),
            groups=frozenset(user.groups),
            departments=frozenset(user.departments),
        )
        for user in User.objects.select_related("owner")
    }
