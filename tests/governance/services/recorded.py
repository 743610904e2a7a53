"""Recorded decisions of the services' tests: decided by the engine, captured and written as web writes them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from audit.intake.columns import COLUMNS, Row, copy_data
from audit.intake.ingest import drain_outbox
from audit.models import DayKey
from audit.records.capture import CaptureLevel, Capturer
from audit.records.decision_record import Inputs, prepare_decision
from audit.records.record import stamp
from audit.records.who import Who, links_of
from audit.writing.frames import leaf_of
from governance.deciding import keys
from governance.engine.call import Call
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.deciding.driver import run
from governance.engine.deciding.pipeline import decide
from governance.engine.detection.redaction import redact
from governance.engine.need import Answer, Buckets, Need, NeedBuckets
from governance.engine.principal import Caller, DirectoryEntry, Principal, PrincipalKind, Tier
from governance.engine.world import Switch, World
from governance.policy.document.codec import canonical_json, digest
from governance.vault.capture import DayKeys, SealedDayKey
from governance.vault.master import Purpose

DIRECTORY = {"ann": DirectoryEntry(kind=PrincipalKind.USER, active=True, tier=Tier.USER, epoch=1)}
NODE = "0192b3c4-0000-7000-8000-000000000001"


class Recorder:
    """Decides calls by one document and keeps their records as bytes."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        plain: Any = dict(document)
        self.snapshot = compile_snapshot(plain, release=1, digest=digest(plain), keys=keys.engine_keys())
        master = keys.master_keys()
        self.capturer = Capturer(
            sealer=DayKeys(keys.capture_keys()), digest_key=master.derive(Purpose.ARGUMENTS_DIGEST), kid=master.kid
        )
        self.bodies: list[bytes] = []
        self.day_keys: dict[str, SealedDayKey] = {}

    def record(
        self, tool: str, arguments: dict[str, Any], *, principal: str = "ann", agent: str | None = None,
        level: CaptureLevel = CaptureLevel.REDACTED, at: float | None = None, switches: Iterable[Switch] = (),
    ) -> str:  # fmt: skip
        """One decision, recorded; its id."""
        at = time.time() if at is None else at
        caller = Caller(
            principal=Principal(id=principal, kind=PrincipalKind.USER, tier=Tier.USER, roles=frozenset({"analyst"})),
            agent=agent,
        )
        call = Call(entity=f"files/{tool}", arguments=arguments, size=len(canonical_json(arguments)))
        world = World.of(switches=switches, confirmed_at=at, directory=DIRECTORY)
        steps = decide(self.snapshot, world, caller, call, now=at)
        buckets: dict[str, bool] = {}

        def spent(need: Need) -> Answer:
            assert isinstance(need, NeedBuckets)
            buckets.update(principal=True, session=True)
            return Buckets()

        decision = run(steps, spent)
        scan = decision.scan or self.snapshot.scanner.scan(arguments)
        cleaned = redact(arguments, scan.findings) if scan.findings else None
        capture = self.capturer.take(
            arguments,
            level=level,
            redacted=cleaned if isinstance(cleaned, dict) else None,
            principal=principal,
            at=int(at * 1e6),
        )
        for part in capture.attachments:
            key = SealedDayKey(**{name: part[name] for name in ("id", "kid", "principal", "day", "sealed")})
            self.day_keys[key.id] = key
        made = prepare_decision(
            who=Who.principal(principal, kind="user", agent=agent, links=links_of(caller)),
            call=call,
            decision=decision,
            inputs=Inputs(now=at, buckets=buckets),
            arguments=capture,
        )
        record_id, body = stamp(made, at=int(at * 1e6), node=NODE, boot=None, n=None, random=os.urandom(24))
        self.bodies.append(body)
        return record_id

    def store(self) -> None:
        """Put the records into the trail, and the day keys beside it."""
        DayKey.objects.bulk_create(_rows(self.day_keys.values()))
        with connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(max(seq), 0) + 1 FROM audit_trail")
            (first,) = cursor.fetchone()
            names = ", ".join(f'"{name}"' for name in COLUMNS)
            with cursor.copy(f"COPY audit_trail ({names}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(copy_data([Row(body) for body in self.bodies], first))

    def ingest(self) -> None:
        """Bring the records into the trail as the worker does."""
        with connection.cursor() as cursor:
            for body in self.bodies:
                cursor.execute(
                    "INSERT INTO audit_outbox (id, leaf, body) VALUES (%s, %s, %s)",
                    [Row(body).id, leaf_of(body), body],
                )
        driver: Any = connection.connection
        drain_outbox(driver, alarm=_ignore)


def _ignore(code: str, detail: Mapping[str, Any]) -> None: ...


def _rows(found: Iterable[SealedDayKey]) -> list[DayKey]:
    now = datetime.now(tz=UTC)
    return [
        DayKey(id=key.id, kid=key.kid, principal=key.principal, day=key.day, sealed=key.sealed, created_at=now)
        for key in found
    ]
