"""System checks: a deployment that would be wrong or unsafe is refused, or warned of, by an id to look up.

`toolgate.E001`, missing keys, is raised by config/settings.py itself.
"""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from accounts.tokens.errors import KeyConfigurationError
from accounts.tokens.keys import parse_signing_keys
from config.keys.weakness import weakness
from governance.vault.errors import KeyMaterialError
from governance.vault.keypair import parse_capture_keys
from governance.vault.keypair import parse_signing_keys as parse_ed25519_keys
from governance.vault.master import MasterKeys

TAG = "toolgate"
NOT_DURABLE = frozenset({"tmpfs", "ramfs", "overlay", "aufs"})
PARSERS: dict[str, Callable[[str], object]] = {
    "TOOLGATE_SIGNING_KEYS": parse_signing_keys,
    "TOOLGATE_MASTER_KEYS": MasterKeys.parse,
    "TOOLGATE_POLICY_KEY": partial(parse_ed25519_keys, setting="TOOLGATE_POLICY_KEY"),
    "TOOLGATE_CAPTURE_KEY": parse_capture_keys,
}
"""Who reads each key setting when it is used; none of them repeats any of it in an error."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a socket bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def file_system_of(path: Path, mounts: str) -> str:
    """The type of the file system that holds `path`, from the text of /proc/self/mounts; empty when it is not known."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) >= 3:
            point = fields[1].replace("\\040", " ")
            inside = str(path) == point or str(path).startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):
                best, kind = point, fields[2]
    return kind


def _by_mode(number: int, message: str, hint: str) -> list[CheckMessage]:
    """What the secrets mode makes of a weak secret: an error, a warning or nothing."""
    if settings.TOOLGATE_SECRETS_MODE == "strict":
        return [Error(message, hint=hint, id=f"toolgate.E{number:03}")]
    if settings.TOOLGATE_SECRETS_MODE == "warn":
        return [Warning(message, hint=hint, id=f"toolgate.W{number:03}")]
    return []


@register(TAG)
def only_loopback_in_development(**_: Any) -> Sequence[CheckMessage]:
    if is_loopback(settings.TOOLGATE_HOST) or (settings.PRODUCTION and not settings.DEBUG):
        return []
    why = "TOOLGATE_DEBUG is on" if settings.DEBUG else "TOOLGATE_ENV is development"
    hint = "Set HOST to 127.0.0.1, or TOOLGATE_ENV to production without TOOLGATE_DEBUG."
    return [
        Error(f"HOST {settings.TOOLGATE_HOST} is reachable from elsewhere while {why}.", hint=hint, id="toolgate.E002")
    ]


@register(TAG)
def no_debug_in_production(**_: Any) -> Sequence[CheckMessage]:
    if settings.PRODUCTION and settings.DEBUG:
        return [Error("TOOLGATE_DEBUG is on in production.", hint="Remove it.", id="toolgate.E003")]
    return []


@register(TAG)
def several_web_processes_share_redis(**_: Any) -> Sequence[CheckMessage]:
    if settings.TOOLGATE_WEB_PROCESSES > 1 and not settings.TOOLGATE_REDIS_URL:
        message = f"{settings.TOOLGATE_WEB_PROCESSES} web processes without REDIS_URL would each count limits alone."
        return [Error(message, hint="Set REDIS_URL, or TOOLGATE_WEB_PROCESSES to 1.", id="toolgate.E004")]
    return []


@register(TAG)
def keys_are_hard_to_guess(**_: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    values = {"TOOLGATE_DJANGO_KEY": [settings.SECRET_KEY], "TOOLGATE_PROXY_KEY": [settings.TOOLGATE_PROXY_KEY]}
    for name in ("TOOLGATE_SIGNING_KEYS", "TOOLGATE_MASTER_KEYS"):
        parts = getattr(settings, name).split(",")
        values[name] = [
            part.strip().rpartition(":")[2] for part in parts if ":EdDSA:" not in part and ":RS256:" not in part
        ]
    for name, secrets in values.items():
        for why in sorted({weakness(secret) for secret in secrets if secret} - {""}):
            found += _by_mode(5, f"{name} looks easy to guess ({why}).", "Make it from 32 random bytes.")
    return found


@register(TAG)
def keys_have_their_form(**_: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    for name, parse in PARSERS.items():
        value = getattr(settings, name)
        try:
            if value:
                parse(value)
        except (KeyConfigurationError, KeyMaterialError) as error:
            fault = str(error).removeprefix(f"{name}: ")
            found.append(Error(f"{name}: {fault}.", hint="See docs/settings.md for its form.", id="toolgate.E006"))
    return found


@register(TAG)
def key_files_are_private(**_: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    made = settings.TOOLGATE_KEYS_DIR
    files = {
        **settings.TOOLGATE_SECRET_FILES,
        **{path.name: path for path in (made.iterdir() if made.is_dir() else ())},
    }
    for name, path in sorted(files.items()):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found += _by_mode(7, f"{name}: others may read or write {path}.", f"chmod 600 {path}")
    return found


@register(TAG)
def journal_is_on_a_disk(*, mounts: str | None = None, **_: Any) -> Sequence[CheckMessage]:
    if mounts is None:
        source = Path("/proc/self/mounts")
        mounts = source.read_text(encoding="utf-8", errors="replace") if source.exists() else ""
    kind = file_system_of(Path(os.path.realpath(settings.TOOLGATE_JOURNAL_DIR)), mounts)
    if kind in NOT_DURABLE:
        message = (
            f"The journal {settings.TOOLGATE_JOURNAL_DIR} is on {kind}: its records go with the machine or container."
        )
        return [Warning(message, hint="Put TOOLGATE_VAR on a disk or a mounted volume.", id="toolgate.W008")]
    return []


@register(TAG)
def var_is_writable(**_: Any) -> Sequence[CheckMessage]:
    nearest = settings.TOOLGATE_VAR
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return [
            Error(f"TOOLGATE_VAR {settings.TOOLGATE_VAR} cannot be written.", hint="Give it to us.", id="toolgate.E009")
        ]
    return []


@register(TAG)
def production_has_its_own_database(**_: Any) -> Sequence[CheckMessage]:
    if settings.PRODUCTION and settings.TOOLGATE_EMBEDDED:
        hint = "Set DATABASE_URL to a server that is backed up and watched."
        return [Warning("The embedded PostgreSQL serves production.", hint=hint, id="toolgate.W010")]
    return []


@register(TAG)
def issuer_is_https_in_production(**_: Any) -> Sequence[CheckMessage]:
    issuer = urlsplit(settings.TOOLGATE_ISSUER)
    if settings.PRODUCTION and issuer.scheme != "https" and not is_loopback(issuer.hostname or ""):
        hint = "Put TLS before web and set TOOLGATE_ISSUER to the https address."
        return [Warning(f"TOOLGATE_ISSUER {settings.TOOLGATE_ISSUER} is not https.", hint=hint, id="toolgate.W011")]
    return []


@register(TAG)
def application_does_not_own_the_trail(**_: Any) -> Sequence[CheckMessage]:
    application, owner = settings.DATABASES["default"], settings.DATABASES["owner"]
    if settings.PRODUCTION and application["USER"] == owner["USER"]:
        hint = "Give TOOLGATE_OWNER_DATABASE_URL another role than DATABASE_URL. See docs/run/database.md."
        message = "The application's database role owns the trail and could drop its guards."
        return [Warning(message, hint=hint, id="toolgate.W012")]
    return []


@register(TAG)
def audit_fails_closed(**_: Any) -> Sequence[CheckMessage]:
    if settings.TOOLGATE_AUDIT_FAIL == "open":
        message = "TOOLGATE_AUDIT_FAIL is open: calls are answered although their records may be lost."
        return [Warning(message, hint="Unset it once the journal is writable again.", id="toolgate.W013")]
    return []


@register(TAG)
def every_setting_is_read(**_: Any) -> Sequence[CheckMessage]:
    if settings.TOOLGATE_UNREAD:
        message = f"Set, and read by nothing in this version: {', '.join(settings.TOOLGATE_UNREAD)}."
        return [Warning(message, hint="Do not rely on it; see docs/settings.md.", id="toolgate.W015")]
    return []


@register(TAG)
def no_crash_points_outside_development(**_: Any) -> Sequence[CheckMessage]:
    if settings.PRODUCTION and os.environ.get("AUDIT_CRASH_AT"):
        message = "AUDIT_CRASH_AT would kill this process at a named point: it is for the tests of the journal."
        return [Error(message, hint="Unset it.", id="toolgate.E014")]
    return []
