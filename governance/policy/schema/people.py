"""The part of the policy schema about people: departments, groups, roles, principals."""

from __future__ import annotations

from governance.engine.compiled.entity import SENSITIVITIES
from governance.policy.schema.shapes import Choice, Field, Many, Reference, Struct, Text

TIER = Choice(values=("admin", "user", "service", "a2a", "mcp", "anonymous"))
KIND = Choice(values=("user", "service", "anonymous"))
SENSITIVITY = Choice(values=SENSITIVITIES)
STATUS = Choice(values=("active", "inactive", "suspended", "pending", "deleted", "temporary"))

NAME = Text(what="name", max_length=120)
DESCRIPTION = Text(what="description", max_length=2_000, lines=True)
JUSTIFICATION = Text(what="justification", max_length=2_000, lines=True)

NAME_FIELD = Field(shape=NAME, default="", doc="What people call it; the id when it is empty.")
DESCRIPTION_FIELD = Field(shape=DESCRIPTION, default="", doc="A sentence for people.")

DEPARTMENT = Struct(what="department", fields={"name": NAME_FIELD, "description": DESCRIPTION_FIELD})
GROUP = Struct(what="group", fields={"name": NAME_FIELD, "description": DESCRIPTION_FIELD})

ROLE = Struct(
    what="role",
    fields={
        "name": NAME_FIELD,
        "tier": Field(
            shape=TIER, default="anonymous", doc="The lowest tier that a holder must have; never raises one."
        ),
        "max_sensitivity": Field(
            shape=SENSITIVITY, default="internal", doc="The most sensitive entity a holder may reach."
        ),
        "description": DESCRIPTION_FIELD,
    },
)

MEMBERSHIPS = {
    "roles": Field(shape=Many(of=Reference(to="roles")), default=[], doc="Roles held."),
    "groups": Field(shape=Many(of=Reference(to="groups")), default=[], doc="Groups belonged to."),
    "departments": Field(shape=Many(of=Reference(to="departments")), default=[], doc="Departments belonged to."),
}

PRINCIPAL = Struct(
    what="principal",
    fields={
        "name": NAME_FIELD,
        "email": Field(
            shape=Text(what="e-mail address", max_length=254, check="email"),
            default="",
            doc="Where people write to it; stands beside its id in records.",
        ),
        "kind": Field(shape=Choice(values=("user", "service")), default="user", doc="A person or a service."),
        "owner": Field(
            shape=Reference(to="principals", must_exist=False), doc="The person who answers for a service principal."
        ),
        "tier": Field(shape=TIER, default="user", doc="Permission level; a service without one gets `service`."),
        **MEMBERSHIPS,
        "status": Field(shape=STATUS, default="active", doc="Only an active principal may call."),
    },
)

INLINE_PRINCIPAL = Struct(
    what="principal",
    fields={
        "kind": Field(shape=KIND, default="user", doc="A person, a service or nobody known."),
        "tier": Field(shape=TIER, default="user", doc="Permission level; a service without one gets `service`."),
        **MEMBERSHIPS,
        "status": Field(shape=STATUS, default="active", doc="Only an active principal may call."),
    },
)
