"""What entities, principals and what is bound to them must keep to beyond their shape."""

from __future__ import annotations

from governance.engine.call import EntityKind
from governance.engine.compiled.defaults import BASE_PER_SECOND
from governance.engine.compiled.entity import CONFIDENTIAL, SENSITIVITIES
from governance.policy.checks.references import check_cycles
from governance.policy.checks.structure import shown
from governance.policy.checks.tool_schema import check_tool_schema
from governance.policy.document.entity_patterns import TABLES
from governance.policy.document.errors import PolicyError
from governance.policy.document.node import Node
from governance.policy.document.sensitivity import level
from governance.policy.schema.controls import PLACES

_REACHED_BY = {
    "http": ("url", ("command", "args")),
    "sse": ("url", ("command", "args")),
    "stdio": ("command", ("url", "internal")),
}
"""What each kind of transport needs, and what means nothing for it."""


def check_entities(root: Node, errors: list[PolicyError]) -> None:
    """Append what is wrong with each server, tool, data source, agent, skill and plugin."""
    for key, kind in TABLES.items():
        for node in root.entries(key).values():
            _default_allow(node, level(node), errors)
            if kind is EntityKind.SERVER:
                _transport(node, errors)
                for tool in node.entries("tools").values():
                    _default_allow(tool, max(level(node), level(tool)), errors)
                    schema = tool.get("schema")
                    if schema is not None:
                        check_tool_schema(schema, errors)
    for plugin in root.entries("plugins").items():
        _plugin(root, *plugin, errors)


def check_rate_classes(root: Node, errors: list[PolicyError]) -> None:
    """Append every rate class that is named and has no rate, and every own one that no entity names."""
    own = root.entries("rate_limits", "base_per_second")
    used: set[str] = set()
    for key in TABLES:
        for node in root.entries(key).values():
            for entity in (node, *(node.entries("tools").values() if key == "servers" else ())):
                name = entity.text("rate_class")
                if name is None:
                    continue
                used.add(name)
                if name not in BASE_PER_SECOND and name not in own:
                    where = entity.get("rate_class") or entity
                    errors.append(
                        where.error(f"{shown(name)} is no rate class; name it in rate_limits.base_per_second")
                    )
    for name, node in root.entries("rate_limits", "burst_multipliers").items():
        if name not in BASE_PER_SECOND and name not in own:
            errors.append(node.error(f"{shown(name)} is no rate class; name it in rate_limits.base_per_second"))
    for name, node in own.items():
        if name not in BASE_PER_SECOND and name not in used:
            errors.append(node.error(f"{shown(name)} is no rate class that ships, and no entity uses it"))


def _default_allow(node: Node, effective: int, errors: list[PolicyError]) -> None:
    allow = node.get("default_allow")
    if allow is not None and allow.content is True and effective >= CONFIDENTIAL:
        errors.append(allow.error(f"is refused at confidential and above, and this is {SENSITIVITIES[effective]}"))


def _transport(server: Node, errors: list[PolicyError]) -> None:
    transport = server.get("transport")
    kind = transport.text("kind") if transport is not None else None
    if transport is None or kind not in _REACHED_BY:
        return
    needed, refused = _REACHED_BY[kind]
    if transport.get(needed) is None:
        errors.append(transport.error(f"{needed} is missing; {kind} needs it"))
    for key in refused:
        stray = transport.get(key)
        if stray is not None:
            errors.append(stray.error(f"{key} means nothing for {kind}"))


def _plugin(root: Node, name: str, plugin: Node, errors: list[PolicyError]) -> None:
    for key in ("skills", "agents"):
        part = plugin.get(key)
        if part is not None and part.text("source") in (None, "explicit") and not part.items("include"):
            errors.append(
                part.error("is explicit and includes nothing; name what it includes or write source: instance")
            )
    hooks = {hook.text("id"): hook for hook in root.items("hooks")}
    for event, listed in plugin.entries("hooks").items():
        for item in listed.content if isinstance(listed.content, list) else []:
            hook = hooks.get(item.content) if isinstance(item.content, str) else None
            if hook is None:
                continue
            if hook.text("event") != event:
                errors.append(item.error(f"fires on {hook.text('event')}, not on {event}"))
            if hook.text("plugin") not in (None, name):
                errors.append(item.error(f"belongs to the plugin {hook.text('plugin')}"))


def check_people(root: Node, errors: list[PolicyError]) -> None:
    """Append what is wrong with principals and who owns whom."""
    principals = root.entries("principals")
    owners: dict[str, str] = {}
    for name, node in principals.items():
        if name == "anonymous":
            errors.append(node.error("anonymous is the name of whoever is not known; choose another id"))
        owner = node.text("owner")
        if owner is not None:
            owners[name] = owner

    def report(start: str, cycle: list[str]) -> None:
        where = principals[start].get("owner") or principals[start]
        errors.append(where.error(f"owns itself in a circle: {' → '.join(cycle)}"))

    check_cycles(owners, report)


def check_bindings(root: Node, errors: list[PolicyError]) -> None:
    """Append what is wrong with bindings: one place each, one that the server's transport has."""
    for binding in root.items("bindings"):
        server = root.get("servers", binding.text("server") or "")
        tool = binding.get("tool")
        if tool is not None and server is not None and server.get("tools", str(tool.content)) is None:
            errors.append(tool.error(f"{shown(str(tool.content))} is no tool of {binding.text('server')}"))
        into = binding.get("into")
        if into is None or not isinstance(into.content, dict):
            continue
        places = [key for key in PLACES if key in into.content]
        if len(places) != 1:
            errors.append(into.error(f"names exactly one of {', '.join(PLACES)}"))
            continue
        kind = server.text("transport", "kind") if server is not None else None
        stdio = kind == "stdio"
        if kind is not None and places[0] != "argument" and stdio != (places[0] == "environment"):
            errors.append(into.error(f"a server reached by {kind} has no {places[0]}"))
        allow = into.get("allow_query")
        if places[0] == "query" and (allow is None or allow.content is not True):
            errors.append(into.error("a secret in an address ends up in logs; write allow_query: true if it must be"))
        if places[0] == "argument" and not binding.items("hosts"):
            errors.append(binding.lacks("hosts", "a secret in an argument states who may receive it"))
