"""One attempted tool invocation, as every door hands it to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"


class EntityKind(StrEnum):
    """What is acted on."""

    SERVER = "server"
    TOOL = "tool"
    DATA_SOURCE = "data_source"
    AGENT = "agent"
    SKILL = "skill"
    PLUGIN = "plugin"


class Door(StrEnum):
    """Through which door a call came in."""

    API = "api"
    AUTHZEN = "authzen"
    HOOK = "hook"
    MCP = "mcp"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What the caller says about its call: labels, never identity. Each is at most 128 characters or None."""

    session_id: str | None = None
    trace_id: str | None = None
    context_id: str | None = None
    task_id: str | None = None
    client_id: str | None = None
    tool_use_id: str | None = None
    agent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the caller wants to do.

    `entity` is the id within `kind`: `server/tool` for a tool, a slug for everything else.
    `arguments` is the decoded JSON object, `size` its length in bytes as received.
    `data_sources` are those the caller named; they only add to what the arguments match. `raw_name` is the name that
    a client gave the tool, where it is not `entity` (`Bash` for `claude-code/Bash`).
    """

    kind: EntityKind = EntityKind.TOOL
    entity: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    size: int = 0
    data_sources: tuple[str, ...] = ()
    labels: Labels = Labels()
    door: Door = Door.API
    raw_name: str | None = None

    @property
    def server(self) -> str | None:
        """The server's slug: what stands before the first `/` of a tool's id."""
        if self.kind is EntityKind.TOOL:
            return self.entity.partition("/")[0]
        return self.entity if self.kind is EntityKind.SERVER else None

    @property
    def tool(self) -> str | None:
        """The tool's own name: what stands after the first `/` of its id."""
        return self.entity.partition("/")[2] if self.kind is EntityKind.TOOL else None
