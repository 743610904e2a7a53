"""A policy as it was written: every value with its file, line and path, so that an error can point at it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from governance.policy.document.errors import PolicyError

Content: TypeAlias = "None | bool | int | float | str | list[Node] | dict[str, Node]"

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One value of a policy file, or of a document that came from no file (then `line` is 0).

    `parent` and `key` say where it was written; merging several files keeps them. `lines` of a mapping are those of
    its keys.
    """

    content: Content
    file: str = ""
    line: int = 0
    parent: Node | None = None
    key: str | int | None = None

    @property
    def path(self) -> str:
        """Where it stands in its own file: `servers.files.tools["a.b"].scopes[0]`; empty for the whole."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None and node.key is not None:
            steps.append(path_step(node.key))
            node = node.parent
        return "".join(reversed(steps)).removeprefix(".")

    def error(self, message: str) -> PolicyError:
        """A fault at this place."""
        return PolicyError(file=self.file, line=self.line, path=self.path, message=message)

    def lacks(self, key: str, why: str) -> PolicyError:
        """The fault that `key` is missing here; `why` says what demands it."""
        return PolicyError(
            file=self.file, line=self.line, path=self.path, message=f"{key} is missing; {why}", lacks=key
        )

    def get(self, *keys: str) -> Node | None:
        """The node under these keys, or None where one is missing or what holds it is no mapping."""
        node: Node | None = self
        for key in keys:
            if node is None or not isinstance(node.content, dict):
                return None
            node = node.content.get(key)
        return node

    def entries(self, *keys: str) -> dict[str, Node]:
        """The mapping under these keys; empty where there is none."""
        node = self.get(*keys)
        return node.content if node is not None and isinstance(node.content, dict) else {}

    def items(self, *keys: str) -> list[Node]:
        """The list under these keys; empty where there is none."""
        node = self.get(*keys)
        return node.content if node is not None and isinstance(node.content, list) else []

    def text(self, *keys: str) -> str | None:
        """The string under these keys, or None."""
        node = self.get(*keys)
        return node.content if node is not None and isinstance(node.content, str) else None

    def plain(self) -> Any:
        """The value without its places, as `json.loads` gives it."""
        if isinstance(self.content, dict):
            return {key: node.plain() for key, node in self.content.items()}
        if isinstance(self.content, list):
            return [node.plain() for node in self.content]
        return self.content


def path_step(key: str | int) -> str:
    """One step of a path: `[0]`, `.name`, or `["a.b"]` for a key with other characters."""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _BARE_KEY.fullmatch(key) else f"[{json.dumps(key)}]"


def planted(value: Any, *, parent: Node | None = None, key: str | int | None = None) -> Node:
    """A tree over a plain document, for checks that need paths where there is no file."""
    if isinstance(value, dict):
        mapping: dict[str, Node] = {}
        node = Node(content=mapping, parent=parent, key=key)
        mapping.update((name, planted(item, parent=node, key=name)) for name, item in value.items())
        return node
    if isinstance(value, list):
        sequence: list[Node] = []
        node = Node(content=sequence, parent=parent, key=key)
        sequence.extend(planted(item, parent=node, key=index) for index, item in enumerate(value))
        return node
    return Node(content=value, parent=parent, key=key)
