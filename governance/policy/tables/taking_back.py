"""One object of a policy put back to what another policy says of it, by the path under which a diff tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from governance.engine.call import Json
from governance.models import Server, Tool
from governance.policy.diff.semantic import listed_name
from governance.policy.document.node import path_step
from governance.policy.tables.objects import Identity, Objects, put_together, take_apart
from governance.policy.tables.row_mapping import ROW_MAPPING_OF, ROW_MAPPINGS, Form, RowMapping

Parts = Mapping[RowMapping, Objects]


class ObjectUnknown(LookupError):
    """Neither policy holds an object at this path."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"Neither the draft nor what is in force has anything at {path}.")


def taken_back(draft: Mapping[str, Any], target: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The draft with the one object at `path` (`rules.payers`) as `target` has it; gone where that has none.

    A server that only one of them has comes or goes with its tools; otherwise each tool is an object of its own.
    Raises ObjectUnknown.
    """
    mine, theirs = take_apart(draft), take_apart(target)
    found = {one: (home, identity) for parts in (mine, theirs) for one, home, identity in _paths(parts)}
    if path not in found:
        raise ObjectUnknown(path)
    home, identity = found[path]
    if home.model is Server and (identity in mine[home]) != (identity in theirs[home]):
        tools = ROW_MAPPING_OF[Tool]
        for tool in {*mine[tools], *theirs[tools]}:
            if tool[0] == identity[0]:
                _put(mine[tools], tool, theirs[tools].get(tool))
    _put(mine[home], identity, theirs[home].get(identity))
    return put_together(mine)


def object_path(home: RowMapping, identity: Identity, record: Mapping[str, Json]) -> str:
    """Where a diff says that an object stands."""
    match home.form:
        case Form.SINGLE:
            return home.path[0]
        case Form.NESTED:
            return f"{home.path[0]}{path_step(identity[0])}.{home.path[1]}{path_step(identity[1])}"
        case Form.PARTS:
            return f"{home.path[0]}.{identity[0]}"
        case Form.LIST:
            return ".".join(home.path) + path_step(listed_name(home.path[0], record))
        case _:
            return home.path[0] + path_step(identity[0])


def _paths(parts: Parts) -> Iterator[tuple[str, RowMapping, Identity]]:
    for home in ROW_MAPPINGS:
        for identity, record in parts[home].items():
            yield object_path(home, identity, record), home, identity


def _put(objects: Objects, identity: Identity, record: dict[str, Json] | None) -> None:
    if record is None:
        objects.pop(identity, None)
    else:
        objects[identity] = record
