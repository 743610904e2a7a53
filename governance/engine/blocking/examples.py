"""Running an entry's examples, so that it says what it means before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.engine.blocking.blocklist import Blocklist
from governance.engine.blocking.entry import BlocklistError, Entry
from governance.engine.blocking.entry_reading import pattern_problem, read_entry
from governance.engine.call import Json

_KEYS = {"host": "url", "network": "url", "command": "command", "sql": "sql", "path": "path", "argument": "value"}


def example_call(entry: Entry, example: Json) -> tuple[str, str, dict[str, Any]]:
    """The call that an example stands for: kind, entity and arguments.

    An object is taken as the arguments themselves.
    """
    if entry.kind == "entity":
        text = str(example)
        kind, separator, name = text.partition(":")
        return (
            (kind, name, {})
            if separator and kind in {"tool", "server", "data_source", "agent", "skill", "plugin"}
            else ("tool" if "/" in text else "server", text, {})
        )
    if isinstance(example, dict):
        return "tool", "example/tool", dict(example)
    key = "command" if entry.kind == "host" and isinstance(example, str) and " " in example else _KEYS[entry.kind]
    if entry.pointer is not None:
        value: Any = example
        for step in reversed(entry.pointer.split("/")[1:]):
            name = step.replace("~1", "/").replace("~0", "~")
            value = [value] if name in {"0", "*"} else {name: value}
        return "tool", "example/tool", value if isinstance(value, dict) else {"value": value}
    return "tool", "example/tool", {key: example}


def example_failures(blocklist: Blocklist, entry: Entry) -> list[str]:
    """What the entry's examples show to be wrong with it: one line for each example that does not do as it says."""
    failures: list[str] = []
    for wanted, examples in ((True, entry.match), (False, entry.unmatched)):
        for example in examples:
            hit = any(found.entry == entry.id for found in blocklist.match(*example_call(entry, example)))
            if hit is not wanted:
                failures.append(
                    f"example {'must match and does not' if wanted else 'must not match and does'}: {example!r}"
                )
    return failures


def entry_problems(raw: Mapping[str, Any]) -> list[str]:
    """Why an entry of the policy file cannot be saved, its examples included; [] when it can."""
    try:
        entry = read_entry(raw)
        problem = pattern_problem(entry)
        if problem is not None:
            return [problem]
        return example_failures(Blocklist([entry]), entry)
    except BlocklistError as error:
        return [problem.message for problem in error.problems]
