from __future__ import annotations

import json
import logging
import logging.config
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from config import logging as our_logging
from config.redaction import REDACTED, redact_event, redacted

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"got {JWT} back", f"got {REDACTED} back"),
        ("Authorization: Bearer abcdefgh12345678", f"Authorization: Bearer {REDACTED}"),
        ("postgres://app:hunter2@db/x", f"postgres://app:{REDACTED}@db/x"),
        ("redis://:hunter2@cache:6379/0", f"redis://:{REDACTED}@cache:6379/0"),
        ("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----", REDACTED),
        ("-----BEGIN PRIVATE KEY-----\nMC4C cut", REDACTED),
        ("nothing to hide: postgres://app@db/x", "nothing to hide: postgres://app@db/x"),
    ],
)
def test_what_looks_like_a_credential_is_replaced_wherever_it_stands(text: str, expected: str) -> None:
    assert redacted(text) == expected
    assert redacted({"a": [text]}) == {"a": [expected]}


@pytest.mark.parametrize(
    "name", ["password", "user_password", "Authorization", "api_key", "set-cookie", "refresh_token"]
)
def test_a_telling_name_hides_its_value(name: str) -> None:
    assert redact_event(None, "info", {name: "x", "event": "e"}) == {name: REDACTED, "event": "e"}


@pytest.mark.parametrize("name", ["tokens_left_count", "passwordless", "keyboard", "author"])
def test_a_harmless_name_keeps_its_value(name: str) -> None:
    assert redact_event(None, "info", {name: 3}) == {name: 3}


def test_what_is_nested_too_deep_is_replaced_whole() -> None:
    value: Any = "postgres://app:hunter2@db/x"
    for _ in range(50):
        value = [value]
    assert "hunter2" not in json.dumps(redacted(value))


def write_lines(folder: Path, writer: int, count: int) -> None:
    our_logging.FILE_BYTES = 4096
    handler = our_logging.SharedFileHandler(str(folder / "toolgate.jsonl"), delay=True)
    for number in range(count):
        handler.emit(logging.LogRecord("t", logging.INFO, "", 0, f"{writer} {number} {'x' * 40}", None, None))
    handler.close()


def test_several_processes_append_and_rotate_one_file_without_losing_a_line(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_lines, args=(tmp_path, writer, 150)) for writer in range(3)]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
    assert [process.exitcode for process in writers] == [0, 0, 0]
    lines = [
        line for path in tmp_path.glob("toolgate.jsonl*") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len(list(tmp_path.glob("toolgate.jsonl.[0-9]"))) > 1
    assert sorted(tuple(line.split()[:2]) for line in lines) == sorted(
        (str(w), str(n)) for w in range(3) for n in range(150)
    )


def test_a_log_file_is_json_lines_and_redacted(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logging.config.dictConfig(
            our_logging.logging_configuration(level="info", form="json", folder=tmp_path / "logs")
        )
        logging.getLogger("tests").warning("signed in with %s", JWT, extra={"password": "hunter2"})
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers, root.level = before, level
    line = json.loads((tmp_path / "logs" / "toolgate.jsonl").read_text(encoding="utf-8"))
    assert line["event"] == f"signed in with {REDACTED}"
    assert line["level"] == "warning"
    assert line["at"].endswith("Z")
    assert "hunter2" not in json.dumps(line)
