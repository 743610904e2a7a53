"""Entities in a policy document: servers, tools, data sources, agents, skills, plugins."""

from __future__ import annotations

from typing import Literal, Required, TypeAlias, TypedDict

from governance.engine.call import Json
from governance.engine.document.people import KindWord, SensitivityWord, TierWord

EventWord: TypeAlias = Literal[
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "SessionStart",
    "SessionEnd",
    "UserPromptSubmit",
    "Notification",
    "Stop",
    "SubagentStart",
    "SubagentStop",
]


class EntityFields(TypedDict, total=False):
    """What every kind of entity has."""

    name: str
    description: str
    enabled: bool
    scopes: list[TierWord]
    departments: list[str]
    principal_kinds: list[KindWord]
    default_allow: bool
    sensitivity: SensitivityWord
    rate_class: str
    capture: Literal["none", "digest", "redacted", "full"]


class TransportFields(TypedDict, total=False):
    """How a server's upstream is reached."""

    kind: Required[Literal["http", "sse", "stdio"]]
    url: str
    command: str
    args: list[str]
    internal: bool


class DenialFields(TypedDict, total=False):
    """How a denial is told at a server's MCP door."""

    form: Literal["result", "error"]
    code: int


class ToolFields(EntityFields, total=False):
    """A server's tool; its class and capture level are its server's when not set."""

    data_sources: list[str]
    schema: dict[str, Json]


class ServerFields(EntityFields, total=False):
    """A server with its tools by their own name."""

    transport: TransportFields
    audience: str
    mode: Literal["required", "optional", "disabled"]
    agent_required: bool
    managed_on_clients: bool
    names_on_clients: list[str]
    pinned_to_gateway: bool
    server_requests: list[str]
    denial: DenialFields
    accept_wording: bool
    tools: dict[str, ToolFields]


class DataSourceFields(EntityFields, total=False):
    """A data source and what in arguments means it."""

    patterns: dict[Literal["path", "host", "table"], list[str]]


class AgentFields(EntityFields, total=False):
    """An agent: an entity, and bounds on whom it acts for."""

    owner: Required[str]
    tier: TierWord
    entities: list[str]
    max_sensitivity: SensitivityWord


class SkillFields(EntityFields, total=False):
    """A skill."""

    instructions: str
    tags: list[str]
    owner: str
    servers: list[str]


class ComponentFields(TypedDict, total=False):
    """A plugin's reference to skills or agents."""

    source: Literal["instance", "explicit"]
    filter: Literal["enabled", "all"]
    include: list[str]
    exclude: list[str]
    roles: list[str]


class VariableFields(TypedDict, total=False):
    """What must be filled in before a plugin works."""

    description: str
    required: bool
    secret: bool
    example: str


class PluginFields(EntityFields, total=False):
    """A plugin and its parts."""

    version: str
    author: str
    keywords: list[str]
    licence: str
    category: str
    skills: ComponentFields
    agents: ComponentFields
    servers: list[str]
    hooks: dict[EventWord, list[str]]
    variables: dict[str, VariableFields]
