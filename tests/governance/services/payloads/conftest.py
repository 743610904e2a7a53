"""A deciding process whose records reach the trail by the real way: captured, journalled, shipped; and its staff."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from accounts.models import User
from audit.intake.ingest import drain_outbox
from audit.intake.ship import Shipper
from audit.models import TrailRecord
from audit.trace.reading import find_record
from audit.writing import process as writing
from governance.deciding import keys, startup
from tests.governance.admin.actors import signed_in
from tests.governance.api.deciding import CAPTURE, Process, demo_document, started
from tests.governance.api.management.clients import Answered, Office, Person

MARK = "a-plain-text-that-nobody-else-writes"
AWS = "AKIA" + "2E0A8F3B244C9986"
WHY = "Case 1184: what did the agent read?"


@dataclass(slots=True)
class House:
    """`process` decides, `ship` brings what it recorded into the trail, `staff` are people with tokens."""

    process: Process
    staff: Office
    shipper: Shipper

    def captured(self, tool: str = "read", *, principal: Any = "alice", **arguments: Any) -> UUID:
        """A decision about `files/<tool>`, in the trail."""
        arguments = arguments or {"path": f"/srv/ledger/{MARK}.csv"}
        answered = self.process.decide(principal, {"server": "files", "tool": tool, "arguments": arguments})
        assert answered.status == 200, answered.body
        self.ship()
        return UUID(answered.json["id"])

    def ship(self) -> None:
        """Journal and outbox, to their ends."""
        while self.shipper.step() or self.shipper.step():
            pass
        with writing.connect() as opened:
            drain_outbox(opened, alarm=lambda code, detail: pytest.fail(code))

    def row(self, record: UUID) -> TrailRecord:
        found = find_record(record)
        assert found is not None
        return found

    def opening(self, answered: Answered) -> dict[str, Any]:
        """The record of an opening, from the trail."""
        self.ship()
        return self.row(UUID(answered.json["opening"])).content()

    def browser(self, person: Person) -> Any:
        return signed_in(User.objects.get(username=person.name))


def planted(record: UUID, change: Callable[[dict[str, Any]], None]) -> UUID:
    """The record once more under another id, changed: what somebody who holds the database could put there."""
    row = TrailRecord.objects.get(pk=record)
    content = row.content()
    row.pk = UUID(int=row.pk.int ^ 1)
    content["id"], row.n = str(row.pk), None
    change(content)
    row.body = json.dumps(content, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    fields = TrailRecord._meta.fields
    with connection.cursor() as cursor:
        names = ", ".join(f'"{one.column}"' for one in fields)
        places = ", ".join(["%s"] * len(fields))
        cursor.execute(
            f"INSERT INTO audit_trail ({names}) VALUES ({places})", [getattr(row, one.attname) for one in fields]
        )
    return row.pk


def ask(person: Person, record: UUID, reason: str = WHY) -> Answered:
    return person.post(f"/api/v1/records/{record}/payload", {"reason": reason})


@pytest.fixture
def house(tmp_path: Path, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "guard" not in name]
    document: Any = demo_document()
    tools = document["servers"]["files"]["tools"]
    for level in ("full", "digest", "none"):
        tools[f"read_{level}"] = {**tools["read"], "capture": level}
    process = started(tmp_path, document=document)
    monkeypatch.setattr(keys, "capture_keys", lambda: CAPTURE)
    monkeypatch.setattr(writing, "journal", lambda: process.runtime.journal)
    told: list[Any] = []
    shipper = Shipper(
        process.runtime.journal.folder,
        key_for=lambda kid: b"j" * 32,
        connect=writing.connect,
        send=None,
        alarm=lambda code, detail: told.append((code, detail)),
    )
    with startup.deciding_by(process.runtime):
        yield House(process, Office(process), shipper)
    shipper.close()
    process.runtime.journal.close()
    assert told == []
