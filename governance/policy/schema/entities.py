"""The part of the policy schema about entities: servers, tools, data sources, agents, skills, plugins."""

from __future__ import annotations

from governance.engine.compiled.defaults import RATE_CLASS as DEFAULT_RATE_CLASS
from governance.engine.normalise.names import SLUG, TOOL_NAME
from governance.policy.schema.not_yet import CONNECTING, GATEWAY, ROLL_OUT
from governance.policy.schema.people import DESCRIPTION_FIELD, KIND, NAME_FIELD, SENSITIVITY, TIER
from governance.policy.schema.shapes import (
    Choice,
    Field,
    Flag,
    Free,
    Many,
    Number,
    Reference,
    Selector,
    Struct,
    Table,
    Text,
)

EVENTS = (
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
)

CAPTURE = Choice(values=("none", "digest", "redacted", "full"))
RATE_CLASS = Text(what="rate class", pattern=r"[a-z][a-z0-9_]{0,39}")
WORD = Text(what="word", pattern=r"[^\s,](?:[^,]{0,62}[^\s,])?", max_length=64)


def entity_fields(*, inherited: bool = False) -> dict[str, Field]:
    """The fields that every kind of entity has; a tool's class and capture level are its server's when `inherited`."""
    return {
        "enabled": Field(shape=Flag(), default=True, doc="A disabled entity refuses every call."),
        "scopes": Field(shape=Many(of=TIER, empty=False), default=["user"], doc="Tiers, any one of which suffices."),
        "departments": Field(
            shape=Many(of=Reference(to="departments"), empty=False), doc="Boundary; without it there is none."
        ),
        "principal_kinds": Field(shape=Many(of=KIND, empty=False), doc="Kinds of principal; without it every kind."),
        "default_allow": Field(
            shape=Flag(),
            default=False,
            doc="Allow without a rule; never for anonymous, never at confidential or above.",
        ),
        "sensitivity": Field(shape=SENSITIVITY, default="internal", doc="How much harm its misuse could do."),
        "rate_class": Field(
            shape=RATE_CLASS,
            default=None if inherited else DEFAULT_RATE_CLASS,
            doc="Whose token bucket a call takes from" + ("; its server's when not set." if inherited else "."),
        ),
        "capture": Field(
            shape=CAPTURE,
            default=None if inherited else "redacted",
            doc="How much of a call is kept in the trail" + ("; its server's when not set." if inherited else "."),
        ),
    }


TRANSPORT = Struct(
    what="transport",
    fields={
        "kind": Field(shape=Choice(values=("http", "sse", "stdio")), required=True, doc="How the upstream is reached."),
        "url": Field(shape=Text(what="URL", max_length=2_000, check="url"), doc="Address, for http and sse."),
        "command": Field(
            shape=Text(what="executable", pattern=SLUG), doc="Name of a registered executable, for stdio."
        ),
        "args": Field(
            shape=Many(of=Text(what="argument", max_length=2_000), unique=False, max_items=64),
            default=[],
            doc="Arguments of the executable, in order.",
        ),
        "internal": Field(shape=Flag(), default=False, doc="The address may be private."),
    },
)

TOOL = Struct(
    what="tool",
    fields={
        "name": NAME_FIELD,
        "description": DESCRIPTION_FIELD,
        **entity_fields(inherited=True),
        "data_sources": Field(
            shape=Many(of=Reference(to="data_sources")), default=[], doc="Data sources it always touches."
        ),
        "schema": Field(shape=Free(mapping=True), doc="Pinned JSON Schema of its arguments."),
    },
)

SERVER = Struct(
    what="server",
    fields={
        "name": NAME_FIELD,
        "description": DESCRIPTION_FIELD,
        "transport": Field(
            shape=TRANSPORT, doc="Its upstream; a server without one is known by name only.", not_yet=CONNECTING
        ),
        "audience": Field(
            shape=Text(what="audience", pattern=r"[!-~]{1,500}"),
            doc="Audience of tokens at its MCP door; `<issuer>/mcp/<id>` when not set. Policy tests may name one.",
            not_yet=GATEWAY,
        ),
        "mode": Field(
            shape=Choice(values=("required", "optional", "disabled")),
            default="required",
            doc="Authentication at its MCP door.",
            not_yet=GATEWAY,
        ),
        "agent_required": Field(
            shape=Flag(), default=True, doc="A token at its MCP door must name an agent.", not_yet=GATEWAY
        ),
        "managed_on_clients": Field(
            shape=Flag(), default=False, doc="Clients' tools `mcp__S__T` of this name are this server's."
        ),
        "names_on_clients": Field(
            shape=Many(of=Text(what="name", pattern=r"[^\x00-\x1f\x7f]{1,100}")),
            default=[],
            doc="Further names that clients know it by, as in `claude.ai Canva`; letter case does not count.",
        ),
        "pinned_to_gateway": Field(
            shape=Flag(), default=False, doc="Client hooks hand calls off; the gateway decides.", not_yet=GATEWAY
        ),
        "server_requests": Field(
            shape=Many(of=Text(what="method", pattern=r"[A-Za-z0-9_$./-]{1,100}")),
            default=[],
            doc="Requests from server to client that are let through; none by default.",
            not_yet=GATEWAY,
        ),
        "denial": Field(
            shape=Struct(
                what="denial",
                fields={
                    "form": Field(
                        shape=Choice(values=("result", "error")), default="result", doc="How MCP clients see a denial."
                    ),
                    "code": Field(
                        shape=Number(minimum=-32_768, maximum=32_767), default=-32_001, doc="JSON-RPC error code."
                    ),
                },
            ),
            default={},
            doc="How a denial is told at the MCP door.",
            not_yet=GATEWAY,
        ),
        "accept_wording": Field(
            shape=Flag(), default=False, doc="Accept mere rewording of a pinned tool by itself.", not_yet=GATEWAY
        ),
        **entity_fields(),
        "tools": Field(
            shape=Table(of=TOOL, ids=TOOL_NAME, what="tool name"), default={}, doc="Tools by their own name."
        ),
    },
)

DATA_SOURCE = Struct(
    what="data source",
    fields={
        "name": NAME_FIELD,
        "description": DESCRIPTION_FIELD,
        **entity_fields(),
        "patterns": Field(
            shape=Struct(
                what="patterns",
                fields={
                    kind: Field(shape=Many(of=Text(what="pattern", min_length=1, check="glob")), default=[], doc=doc)
                    for kind, doc in (
                        ("path", "Globs on paths."),
                        ("host", "Globs on host names."),
                        ("table", "Globs on SQL tables."),
                    )
                },
            ),
            default={},
            doc="What in a call's arguments means that it touches this data source.",
        ),
    },
)

AGENT = Struct(
    what="agent",
    fields={
        "name": NAME_FIELD,
        "description": DESCRIPTION_FIELD,
        "owner": Field(
            shape=Reference(to="principals", must_exist=False), required=True, doc="Who answers for the agent."
        ),
        "tier": Field(shape=TIER, default="user", doc="Ceiling on the tier of whoever it acts for."),
        "entities": Field(
            shape=Many(of=Selector(), empty=False), doc="What it may call at all; without it everything."
        ),
        "max_sensitivity": Field(
            shape=SENSITIVITY, doc="The most sensitive entity it may reach; no bound when not set."
        ),
        **entity_fields(),
    },
)

SKILL = Struct(
    what="skill",
    fields={
        "name": NAME_FIELD,
        "description": DESCRIPTION_FIELD,
        "instructions": Field(
            shape=Text(what="instructions", max_length=100_000, lines=True),
            default="",
            doc="Its text.",
            not_yet=ROLL_OUT,
        ),
        "tags": Field(shape=Many(of=WORD), default=[], doc="Words to find it by."),
        "owner": Field(shape=Reference(to="principals", must_exist=False), doc="Who keeps it."),
        "servers": Field(
            shape=Many(of=Reference(to="servers")), default=[], doc="Servers it works with.", not_yet=ROLL_OUT
        ),
        **entity_fields(),
    },
)


def components(to: str) -> Field:
    """A plugin's reference to skills or agents."""
    return Field(
        shape=Struct(
            what="component reference",
            fields={
                "source": Field(
                    shape=Choice(values=("instance", "explicit")),
                    default="explicit",
                    doc="All there are, or those that are named.",
                ),
                "filter": Field(shape=Choice(values=("enabled", "all")), default="enabled", doc="Which of them count."),
                "include": Field(shape=Many(of=Reference(to=to)), default=[], doc="Those that are named."),
                "exclude": Field(shape=Many(of=Reference(to=to)), default=[], doc="Those that are left out."),
                "roles": Field(
                    shape=Many(of=Reference(to="roles"), empty=False), doc="Roles that see them; everyone when not set."
                ),
            },
        ),
        default={},
        doc=f"Its {to}.",
        not_yet=ROLL_OUT,
    )


VARIABLE = Struct(
    what="variable",
    fields={
        "description": DESCRIPTION_FIELD,
        "required": Field(shape=Flag(), default=False, doc="The plugin does not work without it."),
        "secret": Field(shape=Flag(), default=False, doc="Its value is never part of anything a model can read."),
        "example": Field(shape=Text(what="example"), default="", doc="A value for illustration."),
    },
)

PLUGIN = Struct(
    what="plugin",
    fields={
        "name": NAME_FIELD,
        "version": Field(shape=Text(what="version", pattern=r"[0-9A-Za-z.+-]{1,64}"), default="", doc="Its version."),
        "description": DESCRIPTION_FIELD,
        "author": Field(shape=Text(what="author"), default="", doc="Who wrote it."),
        "keywords": Field(shape=Many(of=WORD), default=[], doc="Words to find it by."),
        "licence": Field(shape=Text(what="licence"), default="", doc="Under which licence."),
        "category": Field(shape=Text(what="category", max_length=64), default="", doc="Where it is listed."),
        **entity_fields(),
        "skills": components("skills"),
        "agents": components("agents"),
        "servers": Field(
            shape=Many(of=Reference(to="servers")), default=[], doc="Its servers; its hooks fire for calls to these."
        ),
        "hooks": Field(
            shape=Struct(
                what="plugin hooks",
                fields={
                    event: Field(shape=Many(of=Reference(to="hooks")), default=[], doc=f"Hooks on {event}.")
                    for event in EVENTS
                },
            ),
            default={},
            doc="Its hooks by event.",
            not_yet=ROLL_OUT,
        ),
        "variables": Field(
            shape=Table(of=VARIABLE, ids=r"[A-Za-z][A-Za-z0-9_-]{0,63}", what="variable name"),
            default={},
            doc="What must be filled in; values are secrets or settings, never here.",
            not_yet=ROLL_OUT,
        ),
    },
)
