"""Every key of a policy: its shape, its default, and where it stands in canonical form.

This table is the policy file's definition. The reader, the checks, the canonical form, the JSON Schema and the
reference page are all derived from it; nothing else lists the keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from governance.engine.call import Json
from governance.engine.normalise.names import PLUGIN_ID
from governance.policy.schema.controls import (
    BINDING,
    BLOCKLIST,
    DETECTORS,
    EXEMPTION,
    LAYER_MODES,
    RATE_LIMITS,
    SETTINGS,
)
from governance.policy.schema.entities import AGENT, DATA_SOURCE, PLUGIN, SERVER, SKILL
from governance.policy.schema.not_yet import FIRING, SECRETS
from governance.policy.schema.people import DEPARTMENT, GROUP, PRINCIPAL, ROLE
from governance.policy.schema.rules import HOOK, RULE, TEST
from governance.policy.schema.shapes import Field, Many, Number, Shape, Struct, Table

FORMAT = 1
"""The version of the policy file that this code reads and writes (`toolgate: 1`)."""

POLICY = Struct(
    what="policy",
    fields={
        "toolgate": Field(
            shape=Number(minimum=FORMAT, maximum=FORMAT), required=True, doc="Version of the format; 1 is the only one."
        ),
        "departments": Field(shape=Table(of=DEPARTMENT), default={}, doc="Departments by id."),
        "groups": Field(shape=Table(of=GROUP), default={}, doc="Groups of people by id."),
        "roles": Field(shape=Table(of=ROLE), default={}, doc="Roles by id."),
        "principals": Field(
            shape=Table(of=PRINCIPAL),
            default={},
            doc="People and services for tests, and for import into the directory; a release does not hold them.",
        ),
        "agents": Field(
            shape=Table(of=AGENT), default={}, doc="Agents by id: entities, and bounds on who they act for."
        ),
        "servers": Field(shape=Table(of=SERVER), default={}, doc="Servers and their tools by id."),
        "data_sources": Field(shape=Table(of=DATA_SOURCE), default={}, doc="Data sources by id."),
        "skills": Field(shape=Table(of=SKILL), default={}, doc="Skills by id."),
        "plugins": Field(shape=Table(of=PLUGIN, ids=PLUGIN_ID), default={}, doc="Plugins by id."),
        "bindings": Field(
            shape=Many(of=BINDING, key=("secret", "server", "tool", "into"), distinct=False),
            default=[],
            doc="Which secret goes into which call; references, never values.",
            not_yet=SECRETS,
        ),
        "rules": Field(
            shape=Many(of=RULE, key=("id",), max_items=200_000), default=[], doc="Rules by id; order means nothing."
        ),
        "blocklist": Field(shape=BLOCKLIST, default={}, doc="What no call may contain."),
        "detectors": Field(shape=DETECTORS, default={}, doc="How credentials in arguments are found."),
        "exemptions": Field(
            shape=Many(of=EXEMPTION, key=("layer", "name", "entity", "path"), distinct=False),
            default=[],
            doc="One detector or entry that does not hold for one entity, until a date.",
        ),
        "layers": Field(shape=LAYER_MODES, default={}, doc="Whole layers put in shadow, with an end."),
        "settings": Field(shape=SETTINGS, default={}, doc="Settings of the decision point."),
        "rate_limits": Field(shape=RATE_LIMITS, default={}, doc="Token buckets and the session window."),
        "hooks": Field(shape=Many(of=HOOK, key=("id",)), default=[], doc="Lifecycle hooks by id.", not_yet=FIRING),
        "tests": Field(shape=Many(of=TEST, key=("name",), max_items=200_000), default=[], doc="Cases that must hold."),
    },
)


def record_at(*path: str) -> Struct:
    """The record under these keys, through tables and lists: `record_at("servers", "tools")`; KeyError without one."""
    shape: Shape = POLICY
    for step in path:
        if not isinstance(shape, Struct):
            raise KeyError(step)
        shape = shape.fields[step].shape
        while isinstance(shape, Table | Many):
            shape = shape.of
    if not isinstance(shape, Struct):
        raise KeyError(path[-1])
    return shape


def waiting(shape: Shape = POLICY, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Keys that nothing enforces yet, as `servers.mode`, each with what is said of it; not those below such a key."""
    while isinstance(shape, Table | Many):
        shape = shape.of
    if isinstance(shape, Struct):
        for key, field in shape.fields.items():
            here = (*path, key)
            if field.not_yet:
                yield ".".join(here), field.not_yet
            if field.not_yet in ("", FIRING):
                yield from waiting(field.shape, here)


def default_of(*path: str) -> Json:
    """The default of a fixed key, for instance `default_of("settings", "stale_after")`; raises KeyError for others."""
    return record_at(*path[:-1]).fields[path[-1]].default
