"""What an explanation tells, done: each step as somebody would take it, in a policy document, a directory, a token."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from governance.engine.asking.remedies.step import Step
from governance.engine.call import Call
from governance.engine.principal import Caller, DirectoryEntry, Link, Principal, PrincipalKind, Tier
from governance.engine.world import World, switchboard

WORDS = {"users", "groups", "roles", "departments", "agents"}


@dataclass
class Situation:
    """A policy document, the world, who calls and the call."""

    document: dict[str, Any]
    world: World
    caller: Caller
    call: Call

    def take(self, step: Step) -> None:
        """Do what one step says. Raises KeyError for a path that nobody can take for the caller."""
        value: Any = step.value
        match step.path.split("."):
            case ["switches"]:
                left = [one for found in self.world.switches.values() for one in found if one.id != step.of]
                self.world = replace(self.world, switches=switchboard(left))
            case ["directory"]:
                self._enter(step.of, DirectoryEntry(kind=PrincipalKind.USER, active=True, tier=Tier.USER, epoch=1))
                self._person(step.of, known=True, active=True, tier=Tier.USER)
            case ["principal", "status"]:
                self._person(step.of, active=True)
            case ["principal", "tier"]:
                self._person(step.of, tier=Tier[value.upper()])
            case ["principal", "kind"]:
                self._person(step.of, kind=PrincipalKind(value))
            case ["principal", key] if key in WORDS:
                self._person(step.of, add={key: value})
            case ["token", "agent"]:
                self.caller = replace(self.caller, agent=value)
            case ["token", "aud"]:
                self.caller = replace(self.caller, audience=value)
            case ["token", "act"]:
                self.caller = replace(self.caller, chain=self.caller.chain[:value])
            case ["call", "data_sources"]:
                left_over = tuple(one for one in self.call.data_sources if one not in value)
                self.call = replace(self.call, data_sources=left_over)
            case ["arguments"]:
                for pointer in value or [step.of]:
                    self._leave_out(pointer)
            case _:
                self._write(step, value)

    def _write(self, step: Step, value: Any) -> None:
        document = self.document = copy.deepcopy(self.document)
        match step.path.split("."):
            case ["agents"]:
                document.setdefault("agents", {})[step.of] = dict(value)
            case ["agent", "entities"]:
                document["agents"][step.of].setdefault("entities", []).append(value)
            case ["agent", key]:
                document["agents"][step.of][key] = value
            case ["roles"]:
                document.setdefault("roles", {})[step.of] = dict(value)
            case ["role", key]:
                document["roles"].setdefault(step.of, {})[key] = value
            case ["entities"]:
                kind, _, name = step.of.partition(":")
                self._add(kind, name)
            case ["entity", "enabled"]:
                kind, _, name = step.of.partition(":")
                self._record(kind, name)["enabled"] = value
            case ["exemptions"]:
                ends = {"until": "2026-08-01T00:00:00Z", "justification": "x"}
                document.setdefault("exemptions", []).append({**value, **ends})
            case ["rules"]:
                document.setdefault("rules", []).append(dict(value))
            case ["rule", "validity"]:
                rule = self._rule(step.of)
                rule.pop("valid_from", None)
                rule.pop("valid_until", None)
            case ["rule", where, key]:
                said = self._rule(step.of).setdefault(where, {})
                said[key] = [*said.get(key, []), *value]
            case _:
                raise KeyError(step.path)

    def _rule(self, name: str) -> dict[str, Any]:
        return next(rule for rule in self.document["rules"] if rule["id"] == name)

    def _record(self, kind: str, name: str) -> dict[str, Any]:
        if kind == "tool":
            server, _, own = name.partition("/")
            tool: dict[str, Any] = self.document["servers"][server]["tools"][own]
            return tool
        record: dict[str, Any] = self.document[f"{kind}s"][name]
        return record

    def _add(self, kind: str, name: str) -> None:
        if kind == "tool":
            server, _, own = name.partition("/")
            servers = self.document.setdefault("servers", {})
            servers.setdefault(server, {}).setdefault("tools", {})[own] = {}
        else:
            self.document.setdefault(f"{kind}s", {})[name] = {}

    def _person(self, name: str, *, add: dict[str, str] | None = None, **fields: Any) -> None:
        def changed(one: Principal | None) -> Principal | None:
            if one is None or one.id != name:
                return one
            return replace(one, **fields, **{key: getattr(one, key) | {word} for key, word in (add or {}).items()})

        first = changed(self.caller.principal)
        assert first is not None
        links = tuple(Link(principal=changed(link.principal), agent=link.agent) for link in self.caller.chain)
        self.caller = replace(self.caller, principal=first, chain=links)
        entry = self.world.directory.get(name)
        if entry is not None:
            known = {key: value for key, value in fields.items() if key != "known"}
            joined = {key: getattr(entry, key) | {word} for key, word in (add or {}).items()}
            self._enter(name, replace(entry, **known, **joined))

    def _enter(self, name: str, entry: DirectoryEntry) -> None:
        self.world = replace(self.world, directory={**self.world.directory, name: entry})

    def _leave_out(self, pointer: str) -> None:
        arguments = copy.deepcopy(dict(self.call.arguments))
        *above, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        at: Any = arguments
        for one in above:
            at = at[int(one)] if isinstance(at, list) else at[one]
        at.pop(int(last) if isinstance(at, list) else last)
        self.call = replace(self.call, arguments=arguments)
