"""`manage.py audit payload`: opened on the host that has the key, by an operating-system user who is recorded."""

from __future__ import annotations

import getpass
import json
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from audit.trace.payloads import openings_of
from audit.writing.journal import Journal
from governance.deciding import keys
from tests.governance.api.deciding import CAPTURE
from tests.governance.services.payloads.conftest import AWS, MARK, WHY, House


def run(capsys: pytest.CaptureFixture[str], record: UUID, *options: str, reason: str = WHY) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("audit", "payload", str(record), f"--reason={reason}", *options)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except CommandError as refusal:
        return refusal.returncode, "", str(refusal)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_it_prints_the_payload_inert_and_names_the_opening(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    record = house.captured("read_full", path=f"/srv/{MARK}", note="\x1b[2J\u202e")
    code, out, err = run(capsys, record)
    assert code == 0
    assert MARK in out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert MARK not in err
    house.ship()
    (opening,) = openings_of(house.row(record))
    assert opening.head.id in err
    assert (opening.door, opening.reason, opening.head.who.staff) == ("command", WHY, getpass.getuser())
    assert opening.by == f"{getpass.getuser()} (OS user)"
    code, out, _ = run(capsys, record, "--json")
    assert json.loads(out) == {"path": f"/srv/{MARK}", "note": "\x1b[2J\u202e"}


def test_it_says_why_nothing_is_opened(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    record = house.captured()
    assert run(capsys, uuid4())[0] == 1
    assert run(capsys, record, reason="short")[::2] == (2, "Give a reason of 10 to 500 characters; it is recorded.")
    code, _, err = run(capsys, record, reason=f"It held {AWS} in clear")
    assert (code, AWS in err) == (2, False)
    assert "payload.none" in run(capsys, house.captured("read_none"))[2]
    with monkeypatch.context() as patched:
        patched.setattr(keys, "capture_keys", CAPTURE.public_only)
        code, _, err = run(capsys, record)
        assert (code, "TOOLGATE_CAPTURE_KEY" in err) == (2, True)
    running = house.process.runtime.journal
    full = Journal(running.folder.parent / "full", node=running.node, key=b"j" * 32, cap=0)
    monkeypatch.setattr(house.process.runtime, "journal", full)
    code, out, err = run(capsys, record)
    assert (code, out, "audit.unavailable" in err) == (2, "", True)


def test_openings_are_listed_by_their_code(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    record = house.captured()
    run(capsys, record)
    house.ship()
    (opening,) = openings_of(house.row(record))
    call_command("audit", "list", "--code", "payload.opened", "--json")
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert opening.head.id in [one["id"] for one in listed]
    assert {one["code"] for one in listed} == {"payload.opened"}
