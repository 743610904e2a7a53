"""Credentials in what callers name: names and labels are stored as they are, so none of them may hold one.

Scanning labels costs as much as scanning small arguments, and from call to call they are mostly the same but for ids of
a plain shape (a trace id, a UUID). So labels are looked at once with those ids replaced by probes of the same shape,
and remembered when they are clean. What can then still make an id a credential is its own value: the policy's own
detectors and canaries are asked about it each time, and one whose bytes can be read as text is never replaced.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from governance.engine.call import Json
from governance.engine.compiled.snapshot import ScannerLike
from governance.engine.detection.scanner import Scanner

REMEMBERED = 4_096
MOST_PROBES = 2  # of 16 bytes each: the scanner reads what is not ASCII from 40 decoded bytes on
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16}", re.ASCII)
_PROBES = {32: "9f3c7be1d20a58464c6ea7f1835bd902", 36: "9f3c7be1-d20a-4846-8c6e-a7f1835bd902", 16: "9f3c7be1d20a5846"}
_READABLE = re.compile(rb"[ -~\n\r\t]{8}")


class CleanLabels:
    """Sets of labels that a scanner found clean. Belongs to one scanner at a time: another one starts anew."""

    __slots__ = ("_known", "_scanner")

    def __init__(self) -> None:
        self._scanner: ScannerLike | None = None
        self._known: OrderedDict[tuple[object, ...], None] = OrderedDict()

    def secret_at(self, named: Mapping[str, Any], scanner: ScannerLike) -> str | None:
        """The JSON pointer of a credential among what a caller named (one in shadow is none), or None.

        `named` holds texts, lists of texts, and under `context` the labels by name.
        """
        if scanner is not self._scanner:
            self._scanner = scanner
            self._known.clear()
        if not isinstance(scanner, Scanner):
            return _found(scanner, named)
        ids: list[str] = []
        template = _template(named, ids)
        key = tuple([(name, _hashable(part)) for name, part in template.items()])
        if key not in self._known:
            found = _found(scanner, named)
            if found is None and (not ids or _found(scanner, template) is None):
                self._known[key] = None
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            return found
        # Own detectors and canaries may mean exactly this id, alone or put together with its neighbour.
        return _found(scanner, named) if ids and scanner.may_be_own(named) else None


def _template(named: Mapping[str, Any], ids: list[str]) -> dict[str, Any]:
    return {
        name: {label: _probe(text, ids) for label, text in value.items()}
        if name == "context"
        else _probe(value, ids)
        if type(value) is str
        else value
        for name, value in named.items()
    }


def _hashable(part: Any) -> object:
    return part if type(part) is str else tuple(part.items() if type(part) is dict else part)


def _probe(text: str, ids: list[str]) -> str:
    """The probe of an id's shape, and note the id; the text itself where it is no plain id."""
    if (
        len(ids) >= MOST_PROBES
        or _ID.fullmatch(text) is None
        or _READABLE.search(bytes.fromhex(text.replace("-", ""))) is not None
    ):
        return text
    ids.append(text)
    return _PROBES[len(text)]


def _found(scanner: ScannerLike, value: Json | Mapping[str, Json]) -> str | None:
    return next((finding.path for finding in scanner.scan(value).findings if not finding.shadow), None)
