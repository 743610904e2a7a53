"""The part of the policy schema about controls: blocklist, detectors, exemptions, layers, limits, bindings."""

from __future__ import annotations

from collections.abc import Mapping

from governance.engine.compiled.defaults import (
    BASE_PER_SECOND,
    BURST_MULTIPLIER,
    SESSION_CALLS,
    SESSION_WINDOW_SECONDS,
    STALE_AFTER,
    STALE_AFTER_RESTRICTED,
    TIER_MULTIPLIERS,
)
from governance.engine.decision import LAYERS
from governance.engine.normalise.names import SLUG, TOOL_NAME
from governance.policy.schema.entities import RATE_CLASS
from governance.policy.schema.not_yet import CANARIES
from governance.policy.schema.people import DESCRIPTION_FIELD, JUSTIFICATION
from governance.policy.schema.rules import MODE, POINTER
from governance.policy.schema.shapes import (
    Choice,
    Field,
    Flag,
    Free,
    Many,
    Moment,
    Number,
    Reference,
    Selector,
    Struct,
    Table,
    Text,
)

CONTROL_ID = Text(what="id", pattern=r"[a-z0-9][a-z0-9._:/-]{0,127}", max_length=128)
ID_FIELD = Field(shape=Text(what="id", pattern=SLUG), required=True, doc="Its id.")
PACKS = Field(
    shape=Many(of=Choice(values=("builtin",))),
    default=["builtin"],
    doc="Shipped packs; `[]` switches them off, visibly.",
)
OFF = Field(shape=Many(of=CONTROL_ID), default=[], doc="Packs or ids that are off.")
SHADOW = Field(shape=Many(of=CONTROL_ID), default=[], doc="Packs or ids that are recorded and not enforced.")


def examples(of: Text | Free) -> Field:
    """What an entry must match and must let pass; checked when the policy is read."""
    return Field(
        shape=Struct(
            what="examples",
            fields={
                "match": Field(shape=Many(of=of, unique=False, max_items=100), default=[], doc="It must match these."),
                "pass": Field(
                    shape=Many(of=of, unique=False, max_items=100), default=[], doc="It must let these pass."
                ),
            },
        ),
        default={},
        doc="Examples, checked whenever the policy is read.",
    )


BLOCKLIST = Struct(
    what="blocklist",
    fields={
        "packs": PACKS,
        "off": OFF,
        "shadow": SHADOW,
        "entries": Field(
            shape=Many(
                key=("id",),
                of=Struct(
                    what="blocklist entry",
                    fields={
                        "id": ID_FIELD,
                        "description": DESCRIPTION_FIELD,
                        "kind": Field(
                            shape=Choice(values=("entity", "host", "network", "command", "sql", "path", "argument")),
                            required=True,
                            doc="What the pattern is about.",
                        ),
                        "pattern": Field(
                            shape=Text(what="pattern", min_length=1, max_length=2_000),
                            required=True,
                            doc="What is denied.",
                        ),
                        "pointer": Field(shape=POINTER, doc="For argument: the only place that is looked at."),
                        "mode": Field(shape=MODE, default="enforce", doc="In shadow it is recorded, not enforced."),
                        "examples": examples(Free()),
                    },
                ),
            ),
            default=[],
            doc="Own entries by id.",
        ),
    },
)

DETECTORS = Struct(
    what="detectors",
    fields={
        "packs": PACKS,
        "action": Field(
            shape=Choice(values=("block", "redact")), default="block", doc="What a finding does to a call."
        ),
        "off": OFF,
        "shadow": SHADOW,
        "own": Field(
            shape=Many(
                key=("id",),
                of=Struct(
                    what="detector",
                    fields={
                        "id": ID_FIELD,
                        "description": DESCRIPTION_FIELD,
                        "pattern": Field(
                            shape=Text(what="pattern", min_length=1, max_length=2_000, check="regex"),
                            required=True,
                            doc="An RE2 expression.",
                        ),
                        "mode": Field(shape=MODE, default="enforce", doc="In shadow it is recorded, not enforced."),
                        "examples": examples(Text(what="example", max_length=10_000, lines=True)),
                    },
                ),
            ),
            default=[],
            doc="Own detectors by id.",
        ),
        "canaries": Field(
            shape=Many(of=Text(what="secret", pattern=SLUG)),
            default=[],
            doc="Names of secrets that nothing may ever carry.",
            not_yet=CANARIES,
        ),
    },
)

EXEMPTION = Struct(
    what="exemption",
    fields={
        "layer": Field(shape=Choice(values=("secrets", "blocklist")), required=True, doc="The layer it holds in."),
        "name": Field(shape=CONTROL_ID, required=True, doc="The detector or entry that is exempted."),
        "entity": Field(shape=Selector(across=False), required=True, doc="The entity it holds for; no `**`."),
        "path": Field(shape=POINTER, doc="Only this argument."),
        "until": Field(shape=Moment(), required=True, doc="Its end, at most 180 days after its first publish."),
        "justification": Field(shape=JUSTIFICATION, required=True, doc="Why."),
    },
)

LAYER_MODES = Struct(
    what="layers",
    fields={
        layer: Field(
            shape=Struct(
                what="layer",
                fields={
                    "mode": Field(
                        shape=MODE, default="enforce", doc="Shadow only for secrets, blocklist and rate_limit."
                    ),
                    "until": Field(shape=Moment(), doc="End of the shadow, at most 14 days ahead."),
                },
            ),
            default={},
            doc=f"The {layer} layer as a whole.",
        )
        for layer in LAYERS
    },
)

SETTINGS = Struct(
    what="settings",
    fields={
        "stale_after": Field(
            shape=Number(minimum=1, maximum=3_600),
            default=STALE_AFTER,
            doc="Seconds without confirmed state until calls are denied.",
        ),
        "stale_after_restricted": Field(
            shape=Number(minimum=1, maximum=3_600),
            default=STALE_AFTER_RESTRICTED,
            doc="The same for restricted entities.",
        ),
        "two_person": Field(shape=Flag(), default=False, doc="Publishing needs a second person."),
    },
)

PER_SECOND = Number(minimum=0, maximum=1_000_000, whole=False)
SECONDS_WORTH = Number(minimum=1, maximum=1_000, whole=False)

RATE_LIMITS = Struct(
    what="rate limits",
    fields={
        "disabled": Field(shape=Flag(), default=False, doc="No limits at all; refused in production."),
        "burst_multiplier": Field(
            shape=SECONDS_WORTH, default=BURST_MULTIPLIER, doc="A bucket holds this many seconds' worth."
        ),
        "burst_multipliers": Field(
            shape=Table(
                of=SECONDS_WORTH,
                ids=str(RATE_CLASS.pattern),
                what="rate class",
                known=dict.fromkeys(BASE_PER_SECOND),
            ),
            default={},
            doc="The same by rate class; a class without one has `burst_multiplier`.",
        ),
        "base_per_second": Field(
            shape=Table(of=PER_SECOND, ids=str(RATE_CLASS.pattern), what="rate class", known=BASE_PER_SECOND),
            default={},
            doc="Calls a second by rate class; classes of one's own may be added.",
        ),
        "tier_multipliers": Field(
            shape=Struct(
                what="tier multipliers",
                fields={
                    tier: Field(shape=PER_SECOND, default=factor, doc=f"Factor for {tier}.")
                    for tier, factor in TIER_MULTIPLIERS.items()
                },
            ),
            default={},
            doc="Factors by rate tier.",
        ),
        "session": Field(
            shape=Struct(
                what="session limit",
                fields={
                    "calls": Field(
                        shape=Number(minimum=1, maximum=1_000_000), default=SESSION_CALLS, doc="Calls in the window."
                    ),
                    "window_seconds": Field(
                        shape=Number(minimum=1, maximum=86_400),
                        default=SESSION_WINDOW_SECONDS,
                        doc="Length of the window.",
                    ),
                },
            ),
            default={},
            doc="Sliding window of a signed session.",
        ),
    },
)

PLACES: Mapping[str, Field] = {
    "header": Field(shape=Text(what="header name", pattern=r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}"), doc="A header."),
    "environment": Field(shape=Text(what="variable name", pattern=r"[A-Za-z_][A-Za-z0-9_]{0,99}"), doc="For stdio."),
    "argument": Field(shape=POINTER, doc="An argument, by JSON pointer; needs `hosts`."),
    "query": Field(
        shape=Text(what="query parameter", pattern=r"[A-Za-z0-9._~-]{1,100}"),
        doc="Needs `allow_query`.",
    ),
}
"""Where a secret can go; a binding names exactly one."""

BINDING = Struct(
    what="binding",
    fields={
        "secret": Field(shape=Text(what="secret", pattern=SLUG), required=True, doc="Name of the secret."),
        "server": Field(shape=Reference(to="servers"), required=True, doc="The server it is for."),
        "tool": Field(shape=Text(what="tool name", pattern=TOOL_NAME), doc="Only this tool of it."),
        "into": Field(
            shape=Struct(
                what="place",
                fields={
                    **PLACES,
                    "allow_query": Field(shape=Flag(), default=False, doc="Yes, put it into the address."),
                    "template": Field(
                        shape=Text(what="template", min_length=1, check="template"),
                        default="{value}",
                        doc="Text around `{value}`.",
                    ),
                },
            ),
            required=True,
            doc=f"Where it goes: exactly one of {', '.join(PLACES)}.",
        ),
        "hosts": Field(
            shape=Many(of=Text(what="host", pattern=r"[a-z0-9.:_\[\]-]{1,253}"), empty=False),
            doc="Hosts that may receive it; required for an argument.",
        ),
    },
)
