"""Typed readers over the environment: every value comes from a declared setting, every error names its variable."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One environment variable: what the documentation says about it and how it is read.

    A `secret` is also read from the file that `NAME_FILE` names; `shown_default` replaces the default in the
    documentation where the real one depends on something else.
    """

    name: str
    kind: str
    meaning: str
    section: str
    default: str = ""
    shown_default: str = ""
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    secret: bool = False


class Environment:
    """The declared settings as found in one mapping (normally `os.environ`)."""

    def __init__(self, declared: Iterable[Setting], variables: Mapping[str, str]) -> None:
        self._declared = {setting.name: setting for setting in declared}
        self._variables = variables
        self.files: dict[str, Path] = {}  # secret -> the file its value was read from

    def text(self, name: str) -> str:
        """The value with surrounding blanks removed; a secret may come from the file that `NAME_FILE` names."""
        setting = self._declared[name]
        direct = self._variables.get(name, "").strip()
        if not setting.secret:
            return direct or setting.default
        file_name = self._variables.get(f"{name}_FILE", "").strip()
        if direct and file_name:
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: keep one of them.")
        if file_name:
            try:
                direct = Path(file_name).read_text(encoding="utf-8").strip()
                self.files[name] = Path(file_name)
            except (OSError, UnicodeDecodeError) as error:
                raise ImproperlyConfigured(f"{name}_FILE: cannot read {file_name!r}: {error}.") from error
            if not direct:
                raise ImproperlyConfigured(f"{name}_FILE: {file_name!r} is empty.")
        return direct or setting.default

    def pem(self, name: str) -> str:
        """PEM text, given as it is, with newlines written as `\\n`, or as the path of a PEM file."""
        text = self.text(name).replace("\\n", "\n")
        if not text or text.startswith("-----BEGIN "):
            return text
        try:
            return Path(text).read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            # Neither the value nor the error's text is shown: what is no path may be key material.
            raise ImproperlyConfigured(f"{name} is neither PEM text nor the path of a readable PEM file.") from error

    def integer(self, name: str) -> int:
        setting = self._declared[name]
        text = self.text(name)
        try:
            value = int(text)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}.") from error
        if (setting.low is not None and value < setting.low) or (setting.high is not None and value > setting.high):
            raise ImproperlyConfigured(f"{name} must lie between {setting.low} and {setting.high}, not {value}.")
        return value

    def flag(self, name: str) -> bool:
        text = self.text(name).lower()
        if text in environ.Env.BOOLEAN_TRUE_STRINGS:
            return True
        if text in ("", "0", "false", "no", "off", "n"):
            return False
        raise ImproperlyConfigured(f"{name} must be true or false, not {text!r}.")

    def choice(self, name: str) -> str:
        setting = self._declared[name]
        value = self.text(name)
        if value not in setting.choices:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(setting.choices)}, not {value!r}.")
        return value

    def listed(self, name: str) -> list[str]:
        """Comma-separated values, blanks removed, empty ones dropped."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def path(self, name: str, *, base: Path) -> Path | None:
        """An absolute path, relative ones taken from `base`; None when empty."""
        text = self.text(name)
        return Path(os.path.abspath(base / Path(text).expanduser())) if text else None

    def networks(self, name: str) -> tuple[Network, ...]:
        found = []
        for part in self.listed(name):
            try:
                found.append(ipaddress.ip_network(part))
            except ValueError as error:
                raise ImproperlyConfigured(f"{name}: {part!r} is not a network: {error}.") from error
        return tuple(found)

    def unread(self, *, reserved: Iterable[str], open_prefixes: Iterable[str]) -> list[str]:
        """The names in the environment that are accepted although nothing reads them: reserved ones, sorted."""
        names = {f"{name}{end}" for name in reserved for end in ("", "_FILE")}
        opened = tuple(open_prefixes)
        return sorted(name for name in self._variables if name in names or (opened and name.startswith(opened)))

    def refuse_unknown(self, *, prefix: str, reserved: Iterable[str] = (), open_prefixes: Iterable[str] = ()) -> None:
        """Refuse names under `prefix` that nobody declared or reserved, so that a typing error is not silence."""
        known = set(self._declared) | {f"{name}_FILE" for name, setting in self._declared.items() if setting.secret}
        known.update(self.unread(reserved=reserved, open_prefixes=open_prefixes))
        unknown = sorted(name for name in self._variables if name.startswith(prefix) and name not in known)
        if unknown:
            raise ImproperlyConfigured(
                f"Unknown setting(s) in the environment: {', '.join(unknown)}. See docs/settings.md."
            )
