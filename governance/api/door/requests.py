"""From a request's JSON to the engine's call: every field checked, every fault named by its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from governance.api.door.body import caller_id, field, name, only_known, strings
from governance.api.door.exchange import Exchange, Problem
from governance.deciding.runtime import Runtime
from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.normalise.names import name_faults
from governance.engine.strict_json import pointer

CALL_FIELDS = frozenset({"server", "tool", "arguments", "data_sources", "context", "call_id"})
CONTEXT_FIELDS = frozenset(Labels.__dataclass_fields__)
LABEL_NAMES = tuple(sorted(CONTEXT_FIELDS))
LABEL_VALUES = attrgetter(*LABEL_NAMES)
MOST_DATA_SOURCES = 64
LONGEST_NAME = 128

_SAID: Mapping[str, str] = {
    "empty": "Must not be empty.",
    "hidden": "Must not hold control, bidirectional or invisible characters.",
    "not_nfkc": "Must be in Unicode's normal form NFKC.",
    "mixed_script": "Must not mix scripts.",
}


def read_call(
    document: Mapping[str, Any], *, size: int, path: str = "", door: Door = Door.API
) -> tuple[Call, str | None]:
    """Return the call and its `call_id`. `size` is the length of the arguments' share of the body, in bytes."""
    only_known(document, CALL_FIELDS, path)
    server = name(document, "server", check=name_fault, path=path)
    tool = name(document, "tool", check=name_fault, path=path)
    return (
        Call(
            entity=f"{server}/{tool}",
            arguments=field(document, "arguments", dict, path=path, default={}),
            size=size,
            data_sources=strings(document, "data_sources", most=MOST_DATA_SOURCES, path=path),
            labels=read_labels(field(document, "context", dict, path=path, default={}), pointer(path, "context")),
            door=door,
        ),
        caller_id(document, "call_id", path=path),
    )


def read_labels(context: Mapping[str, Any], path: str) -> Labels:
    """The caller's labels; an unknown one is an error."""
    if not context:
        return NO_LABELS
    only_known(context, CONTEXT_FIELDS, path)
    return Labels(**{key: caller_id(context, key, path=path) for key in context})


def traced(call: Call, exchange: Exchange) -> Call:
    """The call under the trace of the request's `traceparent` (W3C), where its own context names none."""
    header = exchange.named.get(b"traceparent")
    if header is None or call.labels.trace_id is not None:
        return call
    found = _TRACEPARENT.fullmatch(header)
    if found is None or found[1] == b"0" * 32:
        return call
    return replace(call, labels=replace(call.labels, trace_id=found[1].decode("ascii")))


def refuse_secret_labels(runtime: Runtime, call: Call, call_id: str | None, *, path: str = "") -> None:
    """Refuse a credential in anything the caller names: names and labels are stored as they are."""
    named: dict[str, Any] = {}
    if runtime.snapshot.entity(call.kind.value, call.entity) is None:
        is_tool = call.kind is EntityKind.TOOL
        named |= {"server": call.server, "tool": call.tool} if is_tool else {"entity": call.entity}
    if call.labels is not NO_LABELS:
        labels = zip(LABEL_NAMES, LABEL_VALUES(call.labels), strict=True)
        named["context"] = {name: value for name, value in labels if value is not None}
    if call_id is not None:
        named["call_id"] = call_id
    if call.data_sources:
        named["data_sources"] = list(call.data_sources)
    if not named:
        return
    found = runtime.labels.secret_at(named, runtime.snapshot.scanner)
    if found is not None:
        raise Problem(400, "field.secret", "A credential must not stand here.", path=path + found)


def name_fault(text: str) -> str | None:
    """What is wrong with a server's or tool's name as sent, as a sentence; None where nothing is."""
    if len(text) > LONGEST_NAME:
        return f"Must be at most {LONGEST_NAME} characters."
    if text.isascii() and text.isprintable() and text.strip():
        return None
    faults = name_faults(text)
    return _SAID.get(faults[0], "Is not a name.") if faults else None


NO_LABELS = Labels()
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
