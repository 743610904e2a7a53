"""`manage.py audit`: ask the trail from the command line."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.services.actor import Actor
from audit.intake.quarantine import review, unreviewed_frames, unreviewed_segments
from audit.models import TrailRecord
from audit.records.kinds import Kind
from audit.trace.reading import find_by_counter, find_record, quarantine_reason, records_between
from audit.writing import process
from governance.deciding import keys
from governance.services.payloads import PayloadRefused, RecordUnknown, open_payload

FOUND, MISSING, DIFFERENT = 0, 1, 2
_PLAIN = dict.fromkeys([*range(32), *range(127, 160)], "\ufffd")


def inert(text: object) -> str:
    """Text that cannot steer a terminal: control characters and direction marks are replaced."""
    shown = str(text).translate(_PLAIN)
    return "".join(char if char.isprintable() else "\ufffd" for char in shown)


class Command(BaseCommand):
    """Receipts, single records, captured payloads, short lists and the quarantine.

    Exit: 0 found, 1 not in the trail, 2 there but different, not to be opened, or in quarantine and not reviewed.
    """

    help = "Ask the trail: receipt, show, payload, list, quarantine. Exit 0 found, 1 absent, 2 different or withheld."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        receipt = commands.add_parser("receipt", help="whether the record of a receipt is in the trail")
        receipt.add_argument("node", type=UUID)
        receipt.add_argument("boot", type=UUID)
        receipt.add_argument("n", type=int)
        receipt.add_argument("--digest", help="the receipt's digest, hex")
        receipt.add_argument("--json", action="store_true")
        show = commands.add_parser("show", help="one record, exactly as it was written")
        show.add_argument("id", type=UUID)
        show.add_argument("--json", action="store_true", help="the canonical bytes and nothing else")
        payload = commands.add_parser("payload", help="what a record captured, opened for a reason that is recorded")
        payload.add_argument("id", type=UUID)
        payload.add_argument("--reason", required=True, help="10 to 500 characters, recorded with who asked")
        payload.add_argument("--json", action="store_true", help="the payload exactly as it was sealed")
        listing = commands.add_parser("list", help="the newest records")
        listing.add_argument("--kind", choices=[kind.value for kind in Kind])
        listing.add_argument("--effect", choices=["allow", "deny", "ask"])
        listing.add_argument("--code", help="payload.opened lists who opened captured payloads")
        listing.add_argument("--principal")
        listing.add_argument("--hours", type=float, default=24.0)
        listing.add_argument("--limit", type=int, default=50)
        listing.add_argument("--json", action="store_true")
        quarantine = commands.add_parser("quarantine", help="what was set aside and nobody has reviewed")
        quarantine.add_argument(
            "--reviewed", metavar="REASON", help="record that you have looked at all of it, and why"
        )
        quarantine.add_argument("--limit", type=int, default=50)
        quarantine.add_argument("--json", action="store_true")

    def handle(self, *args: Any, command: str, **options: Any) -> None:
        code: int = getattr(self, f"_{command}")(**options)
        if code:
            sys.exit(code)

    def _receipt(self, *, node: UUID, boot: UUID, n: int, digest: str | None, json: bool, **_: Any) -> int:
        found = find_by_counter(node=node, boot=boot, n=n)
        if found is None:
            reason = quarantine_reason(boot=boot, n=n)
            state, code = ("quarantined", DIFFERENT) if reason is not None else ("missing", MISSING)
            self._say({"state": state, "reason": reason}, json)
            return code
        same = digest is None or bytes(found.leaf).hex() == digest.lower()
        told = {
            "state": "recorded" if same else "different",
            "id": str(found.id),
            "seq": found.seq,
            "at": found.at.isoformat(),
            "digest": bytes(found.leaf).hex(),
        }
        self._say(told, json)
        return FOUND if same else DIFFERENT

    def _show(self, *, id: UUID, json: bool, **_: Any) -> int:
        found = find_record(id)
        if found is None:
            self._say({"state": "missing"}, json)
            return MISSING
        if json:
            self.stdout.write(bytes(found.body).decode("utf-8"))
        else:
            self._say({"seq": found.seq, "digest": bytes(found.leaf).hex(), **found.content()}, False)
        return FOUND

    def _payload(self, *, id: UUID, reason: str, json: bool, **_: Any) -> int:
        actor = Actor.command("audit payload", staff=getpass.getuser())
        try:
            opened = open_payload(
                actor=actor, record_id=id, reason=reason, door="command", ring=keys.capture_keys(),
                journal=process.journal(),
            )  # fmt: skip
        except RecordUnknown:
            self._say({"state": "missing"}, json)
            return MISSING
        except PayloadRefused as refusal:
            raise CommandError(f"{refusal} ({refusal.code}).", returncode=DIFFERENT) from None
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages), returncode=DIFFERENT) from None
        finally:
            process.close_journal()
        for line in [opened.text] if json else opened.indented().splitlines():
            self.stdout.write(line if json else inert(line))
        self.stderr.write(f"Opened the {opened.place}, captured at {opened.level}; recorded as {opened.opening}.")
        return FOUND

    def _list(self, *, hours: float, limit: int, json: bool, **filters: Any) -> int:
        if not 0 < limit <= 10_000 or not 0 < hours <= 24 * 400:
            raise CommandError("--limit is 1 to 10000, --hours at most 9600")
        now = datetime.now(UTC)
        rows = records_between(now - timedelta(hours=hours), now + timedelta(minutes=1))
        for name in ("kind", "effect", "code", "principal"):
            if filters.get(name) is not None:
                rows = rows.filter(**{name: filters[name]})
        found = list(rows[:limit])
        for row in found:
            self._row(self._told(row), json)
        return FOUND if found else MISSING

    def _quarantine(self, *, reviewed: str | None, limit: int, json: bool, **_: Any) -> int:
        journal = Path(settings.TOOLGATE_JOURNAL_DIR)
        if not 0 < limit <= 10_000:
            raise CommandError("--limit is 1 to 10000")
        if reviewed is not None:
            if not reviewed.strip():
                raise CommandError("--reviewed: say what was found, in a few words")
            done = review(journal, staff=getpass.getuser(), reason=reviewed.strip())
            self._say({"reviewed": done.frames, "segments": done.segments}, json)
            return FOUND
        frames, segments = unreviewed_frames(), unreviewed_segments(journal)
        for frame in frames.defer("frame")[:limit]:
            told = {
                "at": frame.at.isoformat(timespec="milliseconds"),
                "segment": frame.segment,
                "position": frame.position,
                "n": frame.n,
                "reason": frame.reason,
            }
            self._row(told, json)
        for path in segments:
            self._row({"file": str(path), "bytes": path.stat().st_size}, json)
        return DIFFERENT if segments or frames.exists() else FOUND

    def _row(self, told: dict[str, Any], as_json: bool) -> None:
        self.stdout.write(
            json.dumps(told)
            if as_json
            else "  ".join(inert("-" if item in (None, "") else item) for item in told.values())
        )

    @staticmethod
    def _told(row: TrailRecord) -> dict[str, Any]:
        return {
            "seq": row.seq,
            "at": row.at.isoformat(timespec="milliseconds"),
            "kind": row.kind,
            "who": row.principal or row.actor,
            "what": "/".join(filter(None, (row.server, row.tool))),
            "result": row.effect or row.status,
            "code": row.code,
            "id": str(row.id),
        }

    def _say(self, told: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        for name, value in told.items():
            if value is not None:
                shown = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
                self.stdout.write(f"{inert(name)}: {inert(shown)}")
