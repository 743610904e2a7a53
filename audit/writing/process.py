"""What this process needs to record anything: node, keys, journal, connection; handed in once at start-up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections

from audit.writing.frames import KeyFor
from audit.writing.journal import Journal
from audit.writing.node import node_id
from audit.writing.promise import Durability, FailMode
from audit.writing.segment import SEGMENT_BYTES

_lock = threading.Lock()
_state: dict[str, Any] = {}


def install(*, kid: Callable[[], str], key_for: KeyFor) -> None:
    """Hand in the vault's journal keys: `kid()` names the one that writes, `key_for` gives any of them."""
    _state.update(kid=kid, key_for=key_for)


def key_for(kid: str) -> bytes:
    """The journal key under a master key. Raises LookupError when that key is not configured."""
    found: bytes = _state["key_for"](kid)
    return found


def kid() -> str:
    """The master key that journals are written under today."""
    found: str = _state["kid"]()
    return found


@lru_cache(maxsize=1)
def node() -> str:
    """This host's id."""
    var = Path(settings.TOOLGATE_VAR)
    var.mkdir(parents=True, exist_ok=True)
    return node_id(var)


def journal() -> Journal:
    """The journal of this process: one object, opened at its first append, dropped by itself after a fork."""
    with _lock:
        found: Journal | None = _state.get("journal")
        if found is None:
            writing = kid()
            found = _state["journal"] = Journal(
                Path(settings.TOOLGATE_JOURNAL_DIR),
                node=node(),
                key=key_for(writing),
                kid=writing,
                durability=Durability(settings.TOOLGATE_AUDIT_DURABILITY),
                fail=FailMode(settings.TOOLGATE_AUDIT_FAIL),
                cap=settings.TOOLGATE_JOURNAL_CAP,
                # A segment gives its room back when it is full and shipped: it must be a small part of the cap.
                segment_bytes=min(SEGMENT_BYTES, settings.TOOLGATE_JOURNAL_CAP // 8),
                reserve=settings.TOOLGATE_JOURNAL_RESERVE,
            )
        return found


def close_journal() -> None:
    """Write the journal's final record and give its files back; nothing happens where none was opened."""
    with _lock:
        found: Journal | None = _state.pop("journal", None)
    if found is not None:
        found.close()


def connect(alias: str = "default") -> psycopg.Connection[Any]:
    """A plain psycopg connection to a configured database, in autocommit: COPY and LISTEN need one of their own."""
    wrapper = connections[alias]
    parameters = wrapper.get_connection_params()
    wanted = {name: value for name, value in parameters.items() if name not in _DJANGO_ONLY}
    return psycopg.connect(**wanted, autocommit=True, application_name="toolgate-audit")


_DJANGO_ONLY = frozenset({"context", "cursor_factory", "prepare_threshold", "pool", "autocommit", "application_name"})
