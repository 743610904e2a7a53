from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from config import checks
from config.keys.kept import MAKERS
from config.keys.weakness import weakness

# Only the checks look at the changed setting; no connection is made from it.
pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")

RANDOM = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")


def ids(found: Any) -> set[str]:
    return {message.id for message in found}


@pytest.fixture(autouse=True)
def sound(settings: Settings, tmp_path: Path) -> None:
    """A deployment in which nothing is wrong, so that each test makes exactly one thing wrong."""
    settings.PRODUCTION, settings.DEBUG, settings.TOOLGATE_SECRETS_MODE = True, False, "strict"
    settings.TOOLGATE_ISSUER, settings.TOOLGATE_EMBEDDED, settings.TOOLGATE_HOST = "https://gate.test", False, "0.0.0.0"
    settings.TOOLGATE_VAR, settings.TOOLGATE_KEYS_DIR = tmp_path, tmp_path / "keys"
    settings.TOOLGATE_JOURNAL_DIR, settings.TOOLGATE_SECRET_FILES = tmp_path / "journal", {}
    settings.DATABASES = {"default": {"USER": "app"}, "owner": {"USER": "owner"}}
    for name, make in MAKERS.items():
        setattr(settings, "SECRET_KEY" if name == "TOOLGATE_DJANGO_KEY" else name, make())


def test_a_sound_deployment_has_nothing_to_report() -> None:
    found = run_checks(tags=[checks.TAG])
    assert ids(found) <= {"toolgate.W008"}  # the test's own folder may lie on a tmpfs


def test_development_on_an_address_others_can_reach_is_refused(settings: Settings) -> None:
    settings.PRODUCTION = False
    assert ids(checks.only_loopback_in_development()) == {"toolgate.E002"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_development_on_loopback_is_fine(settings: Settings, host: str) -> None:
    settings.PRODUCTION, settings.TOOLGATE_HOST = False, host
    assert ids(checks.only_loopback_in_development()) == set()


@pytest.mark.parametrize("host", ["localhost.evil.test", "127.0.0.1.nip.test", "::", "0.0.0.0", "10.0.0.1", ""])
def test_a_name_that_only_looks_like_loopback_is_not(host: str) -> None:
    assert not checks.is_loopback(host)


def test_debug_in_production_is_refused(settings: Settings) -> None:
    settings.DEBUG = True
    assert ids(checks.no_debug_in_production()) == {"toolgate.E003"}
    assert ids(checks.only_loopback_in_development()) == {"toolgate.E002"}


def test_several_web_processes_without_redis_are_refused(settings: Settings) -> None:
    settings.TOOLGATE_WEB_PROCESSES, settings.TOOLGATE_REDIS_URL = 2, ""
    assert ids(checks.several_web_processes_share_redis()) == {"toolgate.E004"}


def test_several_web_processes_with_redis_are_fine(settings: Settings) -> None:
    settings.TOOLGATE_WEB_PROCESSES, settings.TOOLGATE_REDIS_URL = 2, "redis://localhost"
    assert ids(checks.several_web_processes_share_redis()) == set()


@pytest.mark.parametrize(
    "mode, expected", [("strict", {"toolgate.E005"}), ("warn", {"toolgate.W005"}), ("skip", set())]
)
def test_a_placeholder_key_is_met_as_the_secrets_mode_says(settings: Settings, mode: str, expected: set[str]) -> None:
    settings.TOOLGATE_SECRETS_MODE, settings.SECRET_KEY = mode, f"changeme-{RANDOM}"
    assert ids(checks.keys_are_hard_to_guess()) == expected


def test_a_repetitive_master_key_is_refused(settings: Settings) -> None:
    settings.TOOLGATE_MASTER_KEYS = "k1:" + base64.urlsafe_b64encode(b"ab" * 16).decode().rstrip("=")
    assert ids(checks.keys_are_hard_to_guess()) == {"toolgate.E005"}


def test_random_keys_are_never_called_weak() -> None:
    assert {weakness(base64.urlsafe_b64encode(os.urandom(32)).decode()) for _ in range(2000)} == {""}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOOLGATE_SIGNING_KEYS", "k1:none:x"),
        ("TOOLGATE_SIGNING_KEYS", f"k1:HS256:{RANDOM[:20]}"),
        ("TOOLGATE_SIGNING_KEYS", f"k1:HS256:{RANDOM},k1:HS256:{RANDOM}"),
        ("TOOLGATE_SIGNING_KEYS", "k1:EdDSA:/nowhere.pem"),
        ("TOOLGATE_SIGNING_KEYS", RANDOM),
        ("TOOLGATE_SIGNING_KEYS", f"{RANDOM}:HS256:k1"),
        ("TOOLGATE_SIGNING_KEYS", f"k1:EdDSA:{RANDOM}"),
        ("TOOLGATE_SIGNING_KEYS", f"k1:RS256:/{RANDOM}"),
        ("TOOLGATE_SIGNING_KEYS", f"k1:EdDSA:{RANDOM}\0"),
        ("TOOLGATE_MASTER_KEYS", f"{RANDOM}:k1"),
        ("TOOLGATE_MASTER_KEYS", f"{RANDOM}:{RANDOM},{RANDOM}:{RANDOM}"),
        ("TOOLGATE_POLICY_KEY", RANDOM),
        ("TOOLGATE_POLICY_KEY", f"{RANDOM}:{RANDOM[:8]}"),
        ("TOOLGATE_POLICY_KEY", f"k1:/{RANDOM}"),
        ("TOOLGATE_CAPTURE_KEY", f"{RANDOM}:{RANDOM},{RANDOM}:{RANDOM}"),
        ("TOOLGATE_MASTER_KEYS", RANDOM),
        ("TOOLGATE_MASTER_KEYS", f"k1:{RANDOM}AAAA"),
        ("TOOLGATE_POLICY_KEY", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        ("TOOLGATE_POLICY_KEY", MAKERS["TOOLGATE_CAPTURE_KEY"]()),
        ("TOOLGATE_CAPTURE_KEY", MAKERS["TOOLGATE_POLICY_KEY"]()),
    ],
)
def test_a_key_of_the_wrong_form_is_refused(settings: Settings, name: str, value: str) -> None:
    setattr(settings, name, value)
    assert ids(checks.keys_have_their_form()) == {"toolgate.E006"}
    assert RANDOM not in str(checks.keys_have_their_form())
    assert all(message.msg.startswith(f"{name}: ") for message in checks.keys_have_their_form())


def test_a_key_that_its_reader_would_refuse_at_start_is_refused_before(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    settings.TOOLGATE_SECRETS_MODE = "skip"
    for name, value in (
        ("TOOLGATE_MASTER_KEYS", "k1:" + base64.urlsafe_b64encode(b"ab" * 16).decode().rstrip("=")),
        ("TOOLGATE_SIGNING_KEYS", f"k1:EdDSA:{tmp_path}/empty.pem"),
    ):
        before = getattr(settings, name)
        setattr(settings, name, value)
        assert ids(checks.keys_have_their_form()) == {"toolgate.E006"}
        setattr(settings, name, before)
    assert ids(checks.keys_have_their_form()) == set()


def test_the_public_half_of_the_policy_key_is_enough(settings: Settings) -> None:
    public = Ed25519PrivateKey.generate().public_key()
    settings.TOOLGATE_POLICY_KEY = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert ids(checks.keys_have_their_form()) == set()


def test_a_secret_file_that_others_may_read_is_refused(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(mode=0o644)
    settings.TOOLGATE_SECRET_FILES = {"TOOLGATE_PROXY_KEY": file}
    assert ids(checks.key_files_are_private()) == {"toolgate.E007"}


@pytest.mark.parametrize(
    "kind, expected", [("tmpfs", {"toolgate.W008"}), ("overlay", {"toolgate.W008"}), ("ext4", set())]
)
def test_a_journal_that_dies_with_the_container_is_warned_of(tmp_path: Path, kind: str, expected: set[str]) -> None:
    mounts = (
        f"overlay / {'ext4' if kind == 'ext4' else 'overlay'} rw 0 0\nx {os.path.realpath(tmp_path)} {kind} rw 0 0\n"
    )
    assert ids(checks.journal_is_on_a_disk(mounts=mounts)) == expected


def test_a_run_time_folder_that_is_a_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.TOOLGATE_VAR = tmp_path / "file"
    assert ids(checks.var_is_writable()) == {"toolgate.E009"}


def test_the_embedded_database_in_production_is_warned_of(settings: Settings) -> None:
    settings.TOOLGATE_EMBEDDED = True
    assert ids(checks.production_has_its_own_database()) == {"toolgate.W010"}


def test_an_issuer_without_tls_in_production_is_warned_of(settings: Settings) -> None:
    settings.TOOLGATE_ISSUER = "http://gate.test"
    assert ids(checks.issuer_is_https_in_production()) == {"toolgate.W011"}


def test_an_application_that_owns_the_trail_is_warned_of(settings: Settings) -> None:
    settings.DATABASES = {"default": {"USER": "one"}, "owner": {"USER": "one"}}
    assert ids(checks.application_does_not_own_the_trail()) == {"toolgate.W012"}


def test_an_audit_that_fails_open_is_warned_of(settings: Settings) -> None:
    settings.TOOLGATE_AUDIT_FAIL = "open"
    assert ids(checks.audit_fails_closed()) == {"toolgate.W013"}


def test_a_crash_point_outside_development_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_CRASH_AT", "journal.written:3")
    settings.PRODUCTION = False
    assert ids(checks.no_crash_points_outside_development()) == set()
    settings.PRODUCTION = True
    assert ids(checks.no_crash_points_outside_development()) == {"toolgate.E014"}


def test_a_name_that_nothing_reads_is_told_of(settings: Settings) -> None:
    settings.TOOLGATE_UNREAD = []
    assert ids(checks.every_setting_is_read()) == set()
    settings.TOOLGATE_UNREAD = ["TOOLGATE_AUDIT_KEY"]
    assert ids(checks.every_setting_is_read()) == {"toolgate.W015"}
    assert "TOOLGATE_AUDIT_KEY" in checks.every_setting_is_read()[0].msg
