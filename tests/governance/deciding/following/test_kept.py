from __future__ import annotations

import os
from pathlib import Path

import pytest

from governance.deciding.following.state_files import KeptState
from governance.vault.encoding import to_base64url
from governance.vault.master import MasterKeys
from governance.vault.signing import EpochMac


def kept_in(folder: Path, kid: str = "k1", key: bytes | None = None) -> KeptState:
    text = f"{kid}:{to_base64url(key or KEY)}"
    return KeptState(folder=folder, macs=EpochMac(MasterKeys.parse(text)))


KEY = os.urandom(32)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "state")
    kept.save("release", number=3, body=b"one\ntwo")
    kept.save("release", number=4, body=b"three")
    assert kept.load("release") == (4, b"three")
    assert (tmp_path / "state" / "release").stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in (tmp_path / "state").iterdir()] == ["release"]


def test_nothing_saved_is_nothing_loaded(tmp_path: Path) -> None:
    assert kept_in(tmp_path / "state").load("release") is None


@pytest.mark.parametrize("position", [0, 2, 10, -1])
def test_an_altered_file_is_not_read(tmp_path: Path, position: int) -> None:
    kept = kept_in(tmp_path)
    kept.save("controls", number=7, body=b"{}")
    altered = bytearray((tmp_path / "controls").read_bytes())
    altered[position] ^= 1
    (tmp_path / "controls").write_bytes(bytes(altered))
    assert kept.load("controls") is None


def test_another_parts_file_is_not_read(tmp_path: Path) -> None:
    kept = kept_in(tmp_path)
    kept.save("controls", number=7, body=b"{}")
    (tmp_path / "release").write_bytes((tmp_path / "controls").read_bytes())
    assert kept.load("release") is None


def test_a_file_of_another_key_is_not_read(tmp_path: Path) -> None:
    kept_in(tmp_path).save("controls", number=7, body=b"{}")
    assert kept_in(tmp_path, key=os.urandom(32)).load("controls") is None
