from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.declared import DECLARED, OPEN_PREFIXES, RESERVED
from config.env import Environment, Setting

PROJECT = Path(__file__).resolve().parents[2]


def read(**variables: str) -> Environment:
    return Environment(DECLARED, variables)


def settings_process(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that loads the settings and prints one of them."""
    environment = {"PATH": os.environ["PATH"], "TOOLGATE_VAR": str(tmp_path / "var"), "TOOLGATE_DOTENV": "none.env"}
    return subprocess.run(
        [sys.executable, "-c", "from config import settings as s; print(s.TOOLGATE_ISSUER, s.TOOLGATE_SECRETS_MODE)"],
        cwd=PROJECT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_not_set_has_its_declared_default() -> None:
    assert read().integer("PORT") == 8000
    assert read().choice("TOOLGATE_ENV") == "development"


def test_every_setting_is_declared_once_and_says_what_it_means() -> None:
    names = [setting.name for setting in DECLARED]
    assert len(names) == len(set(names))
    assert [setting.name for setting in DECLARED if not setting.meaning.endswith(".")] == []


@pytest.mark.parametrize(
    ("name", "value", "reader"),
    [
        ("PORT", "eighty", "integer"),
        ("PORT", "0", "integer"),
        ("PORT", "70000", "integer"),
        ("TOOLGATE_DEBUG", "maybe", "flag"),
        ("TOOLGATE_ENV", "prod", "choice"),
        ("TOOLGATE_TRUSTED_PROXIES", "10.0.0.1/8", "networks"),
        ("TOOLGATE_POLICY_KEY", "not-a-path", "pem"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused_with_the_name_of_its_variable(name: str, value: str, reader: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        getattr(read(**{name: value}), reader)(name)


def test_an_unknown_toolgate_name_is_refused_so_that_a_typing_error_is_not_silence() -> None:
    with pytest.raises(ImproperlyConfigured, match="TOOLGATE_WEB_PROCESES"):
        read(TOOLGATE_WEB_PROCESES="2").refuse_unknown(prefix="TOOLGATE_", open_prefixes=OPEN_PREFIXES)


def test_secret_values_and_files_of_secrets_are_known_names() -> None:
    known = read(TOOLGATE_SECRET_CRM="x", TOOLGATE_DJANGO_KEY_FILE="/run/secrets/key", UNRELATED="1")
    known.refuse_unknown(prefix="TOOLGATE_", open_prefixes=OPEN_PREFIXES)


def test_a_reserved_name_is_no_typing_error_and_is_told_to_be_unread() -> None:
    given = read(TOOLGATE_AUDIT_KEY_FILE="/a.pem", TOOLGATE_SECRETS_DIR="/s", TOOLGATE_SECRET_CRM="x", PORT="8000")
    given.refuse_unknown(prefix="TOOLGATE_", reserved=RESERVED, open_prefixes=OPEN_PREFIXES)
    unread = given.unread(reserved=RESERVED, open_prefixes=OPEN_PREFIXES)
    assert unread == ["TOOLGATE_AUDIT_KEY_FILE", "TOOLGATE_SECRETS_DIR", "TOOLGATE_SECRET_CRM"]
    assert not {setting.name for setting in DECLARED} & set(RESERVED)


def test_a_file_name_for_what_is_no_secret_is_unknown() -> None:
    with pytest.raises(ImproperlyConfigured, match="TOOLGATE_ENV_FILE"):
        read(TOOLGATE_ENV_FILE="/x").refuse_unknown(prefix="TOOLGATE_", open_prefixes=OPEN_PREFIXES)


@pytest.mark.parametrize("name", [setting.name for setting in DECLARED if setting.secret])
def test_every_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n", encoding="utf-8")
    found = read(**{f"{name}_FILE": str(file)})
    assert found.text(name) == "from-a-file"
    assert found.files == {name: file}


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="TOOLGATE_PROXY_KEY_FILE"):
        read(TOOLGATE_PROXY_KEY="x", TOOLGATE_PROXY_KEY_FILE="/y").text("TOOLGATE_PROXY_KEY")


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_missing_or_empty_secret_file_is_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ImproperlyConfigured, match="TOOLGATE_PROXY_KEY_FILE"):
        read(TOOLGATE_PROXY_KEY_FILE=str(file)).text("TOOLGATE_PROXY_KEY")


def test_the_value_of_a_malformed_key_is_not_in_the_error() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        read(TOOLGATE_POLICY_KEY="hunter2-hunter2").pem("TOOLGATE_POLICY_KEY")
    assert "hunter2" not in str(caught.value)


def test_pem_text_may_have_its_newlines_written_out() -> None:
    text = "-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----"
    assert read(TOOLGATE_POLICY_KEY=text).pem("TOOLGATE_POLICY_KEY").count("\n") == 2


def test_reading_what_is_not_declared_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        Environment([Setting(name="A", kind="text", meaning="A.", section="S")], {}).text("B")


def test_development_makes_its_keys_once_and_keeps_them_private(tmp_path: Path) -> None:
    first = settings_process(tmp_path)
    assert first.returncode == 0, first.stderr
    keys = {path.name: path.read_bytes() for path in (tmp_path / "var" / "keys").iterdir()}
    assert len(keys) == 5
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "var" / "keys").iterdir()} == {0o600}
    assert (tmp_path / "var" / "keys").stat().st_mode & 0o777 == 0o700
    assert settings_process(tmp_path).returncode == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "var" / "keys").iterdir()} == keys


def test_production_makes_no_key_and_names_every_one_that_is_missing(tmp_path: Path) -> None:
    done = settings_process(tmp_path, TOOLGATE_ENV="production", TOOLGATE_DJANGO_KEY="k" * 50)
    assert done.returncode != 0
    assert "toolgate.E001" in done.stderr
    for name in ("SIGNING_KEYS", "MASTER_KEYS", "POLICY_KEY", "CAPTURE_KEY"):
        assert f"TOOLGATE_{name}" in done.stderr
    assert not (tmp_path / "var" / "keys").exists()


def test_a_dotenv_file_is_read_and_the_environment_wins_over_it(tmp_path: Path) -> None:
    dotenv = tmp_path / "env"
    dotenv.write_text("PORT=8111\nTOOLGATE_SECRETS_MODE=skip\n", encoding="utf-8")
    done = settings_process(tmp_path, TOOLGATE_DOTENV=str(dotenv), PORT="8222")
    assert done.stdout.split() == ["http://127.0.0.1:8222", "skip"], done.stderr


def test_a_database_that_is_not_postgresql_is_refused(tmp_path: Path) -> None:
    done = settings_process(tmp_path, DATABASE_URL="sqlite:///x")
    assert done.returncode != 0
    assert "DATABASE_URL" in done.stderr
