"""The part of the policy schema about rules, hooks and tests."""

from __future__ import annotations

from governance.engine.decision import LAYERS
from governance.engine.normalise.names import SLUG
from governance.policy.schema.entities import EVENTS, WORD
from governance.policy.schema.not_yet import APPROVALS, HOOKS
from governance.policy.schema.people import (
    DESCRIPTION_FIELD,
    INLINE_PRINCIPAL,
    JUSTIFICATION,
    NAME_FIELD,
    SENSITIVITY,
    TIER,
)
from governance.policy.schema.shapes import (
    Choice,
    Either,
    Field,
    Flag,
    Free,
    Many,
    Moment,
    Number,
    Reference,
    Selector,
    Struct,
    Text,
)

MODE = Choice(values=("enforce", "shadow"))
POINTER = Text(what="JSON pointer", max_length=500, check="pointer")
CALLER_ID = Text(what="id", pattern=r"[A-Za-z0-9._:@-]{1,128}", max_length=128)


def people(to: str, doc: str) -> Field:
    """A set of exact ids; `[]` is refused because it could be read as nobody and as everybody."""
    return Field(shape=Many(of=Reference(to=to, must_exist=to != "principals"), empty=False), doc=doc)


SUBJECTS = Struct(
    what="subjects",
    fields={
        "everyone": Field(shape=Flag(), default=False, doc="Every principal, known or not."),
        "users": people("principals", "Principals by id."),
        "groups": people("groups", "Members of any of these groups."),
        "roles": people("roles", "Holders of any of these roles."),
        "departments": people("departments", "Members of any of these departments."),
        "tiers": Field(shape=Many(of=TIER, empty=False), doc="Exactly one of these tiers."),
        "min_tier": Field(shape=TIER, doc="This tier or a higher one."),
        "agents": people("agents", "Acting through any of these agents."),
    },
)

APPROVAL = Struct(
    what="approval",
    fields={
        "approvers": Field(
            shape=Struct(
                what="approvers",
                fields={
                    "users": people("principals", "Principals by id."),
                    "groups": people("groups", "Members of any of these groups."),
                    "roles": people("roles", "Holders of any of these roles."),
                    "departments": people("departments", "Members of any of these departments."),
                },
            ),
            default={},
            doc="Who may approve; any one kind suffices. Without it, whoever holds the staff role approver.",
        ),
        "four_eyes": Field(shape=Flag(), default=False, doc="Not by whoever last wrote the rule."),
        "expires": Field(shape=Number(minimum=60, maximum=86_400), default=900, doc="Seconds until a request lapses."),
        "for_a_time": Field(
            shape=Number(minimum=0, maximum=28_800), default=0, doc="Seconds an approval may hold for; 0 is once only."
        ),
    },
)

RULE = Struct(
    what="rule",
    fields={
        "id": Field(shape=Text(what="id", pattern=SLUG), required=True, doc="Its id."),
        "description": DESCRIPTION_FIELD,
        "effect": Field(
            shape=Choice(values=("allow", "deny", "ask")), required=True, doc="What it does to a matching call."
        ),
        "subjects": Field(shape=SUBJECTS, required=True, doc="Whose calls: within a kind or, across kinds and."),
        "except": Field(shape=SUBJECTS, default={}, doc="Whose calls not; read as subjects are."),
        "entities": Field(shape=Many(of=Selector(), empty=False), required=True, doc="Which entities."),
        "when": Field(
            shape=Text(what="condition", min_length=1, max_length=4_000, lines=True, check="condition"),
            doc="A CEL condition on the call.",
        ),
        "parameters": Field(
            shape=Struct(
                what="parameters",
                fields={
                    "allow": Field(shape=Many(of=POINTER, empty=False), doc="The call may carry these arguments only."),
                    "deny": Field(shape=Many(of=POINTER, empty=False), doc="The call may not carry these arguments."),
                },
            ),
            default={},
            doc="Arguments that the call may, or may not, carry.",
        ),
        "mode": Field(shape=MODE, default="enforce", doc="In shadow it is evaluated and recorded, not enforced."),
        "valid_from": Field(shape=Moment(), doc="Not in force before."),
        "valid_until": Field(shape=Moment(), doc="Not in force from then on."),
        "approval": Field(shape=APPROVAL, default={}, doc="For ask: who approves, and how.", not_yet=APPROVALS),
        "skip_client_prompt": Field(
            shape=Flag(), default=False, doc="For allow: clients need not ask their own person."
        ),
        "justification": Field(
            shape=JUSTIFICATION, default="", doc="Why; required for deny, for ask, and at confidential or above."
        ),
    },
)

HOOK = Struct(
    what="hook",
    fields={
        "id": Field(shape=Text(what="id", pattern=SLUG), required=True, doc="Its id."),
        "name": NAME_FIELD,
        "description": DESCRIPTION_FIELD,
        "version": Field(shape=Text(what="version", pattern=r"[0-9A-Za-z.+-]{1,64}"), default="", doc="Its version."),
        "enabled": Field(shape=Flag(), default=True, doc="A disabled hook never fires."),
        "mode": Field(shape=MODE, default="enforce", doc="In shadow it runs and is recorded, not enforced."),
        "event": Field(shape=Choice(values=EVENTS), required=True, doc="What it fires on."),
        "matcher": Field(
            shape=Text(what="matcher", min_length=1, max_length=1_000, check="matcher"),
            default="*",
            doc="Names or globs separated by `|`, or `re:` and an anchored RE2 expression.",
        ),
        "type": Field(
            shape=Choice(values=("command", "prompt", "agent")), required=True, doc="What runs.", not_yet=HOOKS
        ),
        "command": Field(
            shape=Text(what="executable", pattern=SLUG), doc="Name of a registered executable.", not_yet=HOOKS
        ),
        "prompt": Field(
            shape=Text(what="prompt", min_length=1, max_length=10_000, lines=True),
            doc="The question asked.",
            not_yet=HOOKS,
        ),
        "endpoint": Field(
            shape=Text(what="endpoint", pattern=SLUG),
            doc="Name of a listed model endpoint, for a prompt.",
            not_yet=HOOKS,
        ),
        "agent": Field(shape=Reference(to="agents"), doc="The registered agent that is called.", not_yet=HOOKS),
        "async": Field(shape=Flag(), default=False, doc="Runs afterwards and cannot stop a call."),
        "timeout": Field(shape=Number(minimum=1, maximum=30), default=5, doc="Seconds.", not_yet=HOOKS),
        "on_failure": Field(shape=Choice(values=("block", "allow")), default="block", doc="What a failed run means."),
        "category": Field(shape=Choice(values=("system", "custom")), default="custom", doc="System hooks run first."),
        "max_sensitivity": Field(
            shape=SENSITIVITY,
            default="internal",
            doc="For prompt and agent: the most sensitive call it may see.",
            not_yet=HOOKS,
        ),
        "tags": Field(shape=Many(of=WORD), default=[], doc="Words to find it by."),
        "visible_to": Field(
            shape=SUBJECTS, default={}, doc="Who sees and receives it; never for whom it fires.", not_yet=HOOKS
        ),
        "plugin": Field(shape=Reference(to="plugins"), doc="Fires only for calls to this plugin's parts."),
    },
)

CALL = Struct(
    what="call",
    fields={
        "entity": Field(
            shape=Text(what="entity", max_length=300, check="entity"), doc="`kind:id`, instead of server and tool."
        ),
        "server": Field(shape=Text(what="server", min_length=1, max_length=128), doc="The server."),
        "tool": Field(shape=Text(what="tool", min_length=1, max_length=128), doc="The tool's own name."),
        "arguments": Field(shape=Free(mapping=True), default={}, doc="Its arguments."),
        "data_sources": Field(
            shape=Many(of=Text(what="data source", max_length=128)), default=[], doc="Data sources the caller names."
        ),
        "context": Field(
            shape=Struct(
                what="context",
                fields={
                    key: Field(shape=CALLER_ID, doc="A label.")
                    for key in (
                        "session_id",
                        "trace_id",
                        "context_id",
                        "task_id",
                        "client_id",
                        "tool_use_id",
                        "agent_id",
                    )
                },
            ),
            default={},
            doc="Labels that the caller gives.",
        ),
    },
)

TEST = Struct(
    what="test",
    fields={
        "name": Field(shape=Text(what="name", min_length=1, max_length=200), required=True, doc="What it shows."),
        "principal": Field(
            shape=Either(text=CALLER_ID, record=INLINE_PRINCIPAL),
            required=True,
            doc="A principal's id, `anonymous`, or one described on the spot.",
        ),
        "agent": Field(shape=CALLER_ID, doc="The agent; without one no agent's bounds apply."),
        "audience": Field(shape=Text(what="audience", pattern=r"[!-~]{1,500}"), doc="Checked only when given."),
        "call": Field(shape=CALL, required=True, doc="What is attempted."),
        "at": Field(shape=Moment(), doc="The clock; now when not set."),
        "expect": Field(
            shape=Struct(
                what="expectation",
                fields={
                    "decision": Field(shape=Choice(values=("allow", "deny", "ask")), required=True, doc="The answer."),
                    "layer": Field(shape=Choice(values=LAYERS), doc="The layer that decides."),
                    "code": Field(shape=Text(what="code", pattern=r"[a-z_]+\.[a-z_]+"), doc="The true, unmasked code."),
                    "rule": Field(shape=Text(what="rule", max_length=200), doc="The rule, entry, detector or hook."),
                },
            ),
            required=True,
            doc="What must come of it.",
        ),
    },
)
