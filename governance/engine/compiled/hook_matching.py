"""For which calls a hook fires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import re2

from governance.engine.call import Call
from governance.engine.compiled.pattern import expression
from governance.engine.document.entities import PluginFields
from governance.engine.document.rules import HookFields
from governance.engine.need import Hook


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEntry:
    """A synchronous `PreToolUse` hook, ready to be matched.

    `globs` are the alternatives of its matcher, or `regex` its RE2 expression. `servers` are those of its plugin, or
    None for a hook that belongs to none.
    """

    hook: Hook
    globs: tuple[str, ...] = ()
    regex: Any = None
    servers: frozenset[str] | None = None

    @classmethod
    def parse(cls, document: HookFields, plugins: Mapping[str, PluginFields]) -> HookEntry:
        """The entry of a hook of the policy file; raises ValueError for a matcher that is no RE2 expression."""
        matcher = document.get("matcher", "*")
        plugin = document.get("plugin")
        regex = None
        if matcher.startswith("re:"):
            try:
                regex = re2.compile(matcher[3:])
            except re2.error as error:
                raise ValueError(f"hook {document['id']}: {error}") from None
        return cls(
            hook=Hook(
                id=document["id"],
                type=document["type"],
                category=document.get("category", "custom"),
                on_failure=document.get("on_failure", "block"),
                timeout=float(document.get("timeout", 5)),
                shadow=document.get("mode", "enforce") == "shadow",
                spec=document,
            ),
            globs=() if regex is not None else tuple(part.strip().casefold() for part in matcher.split("|")),
            regex=regex,
            servers=None if plugin is None else frozenset(plugins.get(plugin, {}).get("servers", ())),
        )

    def fires(self, call: Call) -> bool:
        """Whether the hook fires: its matcher against `server/tool` and the client's raw name."""
        if self.servers is not None and call.server not in self.servers:
            return False
        names = (call.entity,) if call.raw_name is None else (call.entity, call.raw_name)
        if self.regex is not None:
            return any(self.regex.fullmatch(name) is not None for name in names)
        for glob in self.globs:
            if glob in ("*", "**"):
                return True
            for name in names:
                folded = name.casefold()
                if folded == glob or expression(glob).fullmatch(folded) is not None:
                    return True
        return False
