"""Labels are remembered as clean by their shape, and never let a credential through for it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from governance.deciding.remembered.labels import CleanLabels
from governance.engine.detection.scanner import Scanner
from governance.engine.document.controls import DetectorFields

KEY = b"k" * 32
PLAIN = Scanner.compile(fingerprint_key=KEY)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CANARY = "c2ab07d1f00dd3adb33f5eedfacef33d"


class Counted:
    """How often the real scanner is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scans = 0
        scan = Scanner.scan

        def counted(scanner: Scanner, value: Any) -> Any:
            self.scans += 1
            return scan(scanner, value)

        monkeypatch.setattr(Scanner, "scan", counted)


def test_ids_of_one_shape_are_scanned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, labels = Counted(monkeypatch), CleanLabels()
    named = {"context": {"session_id": "s-1", "trace_id": TRACE}}
    assert labels.secret_at(named, PLAIN) is None
    before = counted.scans
    for _ in range(50):
        named = {"context": {"session_id": "s-1", "trace_id": uuid.uuid4().hex[:-1] + "f"}}
        assert labels.secret_at(named, PLAIN) is None
    assert counted.scans <= before + 2


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ({"context": {"trace_id": "ghp_" + "Ab3Cd5Ef7Gh9Ij1Kl3Mn5Op7Qr9St2Uv4Wx0"}}, "/context/trace_id"),
        ({"call_id": "AKIA" + "Z3MKQ7VJ2XW4RTB5"}, "/call_id"),
        ({"data_sources": ["AKIA" + "Z3MKQ7VJ2XW4RTB5"]}, "/data_sources/0"),
    ],
)
def test_a_credential_is_found_each_time_and_by_its_path(named: dict[str, Any], path: str) -> None:
    labels = CleanLabels()
    assert labels.secret_at({"context": {"trace_id": TRACE}}, PLAIN) is None
    assert [labels.secret_at(named, PLAIN) for _ in range(3)] == [path] * 3


def test_a_canary_of_an_ids_shape_is_found_after_others_of_its_shape() -> None:
    labels, scanner = CleanLabels(), Scanner.compile(canaries=[CANARY], fingerprint_key=KEY)
    assert labels.secret_at({"context": {"trace_id": TRACE}}, scanner) is None
    assert labels.secret_at({"context": {"trace_id": CANARY}}, scanner) == "/context/trace_id"


def test_a_canary_split_over_two_labels_is_found_after_others_of_their_shape() -> None:
    labels, scanner = CleanLabels(), Scanner.compile(canaries=[CANARY], fingerprint_key=KEY)
    halves = {"context": {"task_id": CANARY[:16], "trace_id": CANARY[16:]}}
    assert labels.secret_at({"context": {"task_id": TRACE[:16], "trace_id": TRACE[16:]}}, scanner) is None
    assert labels.secret_at(halves, scanner) is not None


def test_an_id_whose_bytes_can_be_read_is_scanned_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, labels = Counted(monkeypatch), CleanLabels()
    labels.secret_at({"context": {"trace_id": TRACE}}, PLAIN)
    before = counted.scans
    labels.secret_at({"context": {"trace_id": b"password=hunter2".hex()}}, PLAIN)
    assert counted.scans > before


def test_another_scanner_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = CleanLabels()
    own: DetectorFields = {
        "id": "ticket",
        "pattern": "4bf9[0-9a-f]{28}",
        "examples": {"match": [TRACE], "pass": ["none"]},
    }
    assert labels.secret_at({"context": {"trace_id": TRACE}}, PLAIN) is None
    strict = Scanner.compile(own=[own], fingerprint_key=KEY)
    assert labels.secret_at({"context": {"trace_id": TRACE}}, strict) == "/context/trace_id"
    assert labels.secret_at({"context": {"trace_id": TRACE}}, PLAIN) is None
