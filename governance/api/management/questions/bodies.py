"""What is asked: who would call what, by which policy, and when."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import orjson
from rest_framework.serializers import empty

from governance.api.door.requests import read_call
from governance.api.door.shapes import ID, named, text
from governance.api.management.door.fields import (
    ChoiceField,
    IdField,
    ManyField,
    MomentField,
    TextField,
    WholeField,
    refused,
)
from governance.api.management.door.serializers import Body, EitherField
from governance.engine.asking.posed_caller import described
from governance.engine.call import Call, EntityKind
from governance.engine.principal import TIERS, DirectoryEntry, PrincipalKind
from governance.selectors.policy_versions import Reference, Which

MOST_HELD = 256
MOST_RIGHTS = 1_000


class PrincipalHeldField(ManyField):
    """Ids of what a principal holds."""

    def __init__(self) -> None:
        child = IdField(fault="Must be a name of 1 to 128 characters.")
        super().__init__(child=child, max_length=MOST_HELD, default=list)


class PrincipalBody(Body):
    """A principal described on the spot."""

    kind = ChoiceField(PrincipalKind, default="user")
    tier = ChoiceField(TIERS, required=False)
    owner = IdField(default=None, allow_null=True)
    roles = PrincipalHeldField()
    groups = PrincipalHeldField()
    departments = PrincipalHeldField()

    def to_internal_value(self, data: Any) -> Any:
        """The entry that the directory would hold."""
        return described(super().to_internal_value(data))


class PrincipalField(EitherField):
    """A principal's id, `anonymous`, or a principal described on the spot."""

    kinds = (ID, PrincipalBody)

    def __init__(self) -> None:
        fault = "A principal's id, or one described on the spot."
        super().__init__(error_messages={"required": fault, "null": fault}, help_text=self.__doc__)

    def to_internal_value(self, data: Any) -> str | DirectoryEntry:
        """The id, or the entry that the directory would hold."""
        found: str | DirectoryEntry = (PrincipalBody() if isinstance(data, dict) else IdField()).run_validation(data)
        return found


class CellField(TextField):
    """An entity, `kind:id`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(described={"pattern": f"^({'|'.join(EntityKind)}):.{{1,260}}$"}, help_text="kind:id", **more)

    def to_internal_value(self, data: Any) -> Any:
        """A call of it, without arguments."""
        kind, _, name = super().to_internal_value(data).partition(":")
        if kind not in EntityKind.__members__.values() or not name or len(name) > 260:
            raise refused("field.format", f"kind:id, the kind one of {', '.join(EntityKind)}.")
        return Call(kind=EntityKind(kind), entity=name)


class CellBody(Body):
    """An entity in the place of a call."""

    entity = CellField()


class CalledField(EitherField):
    """The call: `{server, tool, arguments…}` as a decision is asked for, or `{entity: "skill:summarize"}`."""

    kinds = (named("Call"), CellBody)

    def to_internal_value(self, data: Any) -> Call:
        """The call, read as the decision's door reads it."""
        if not isinstance(data, dict):
            raise refused("field.type", "This field must be an object.")
        if "entity" in data:
            call: Call = CellBody().run_validation(data)["entity"]
            return call
        return read_call(data, size=len(orjson.dumps(data.get("arguments", {}))), path="/call")[0]


class PolicyField(EitherField):
    """`current`, `draft`, or the number of a release."""

    kinds = (text(enum=[which.value for which in Which]), {"type": "integer", "minimum": 1, "maximum": 2**53 - 1})

    def __init__(self) -> None:
        super().__init__(default=Which.CURRENT.value, help_text=self.__doc__)

    def run_validation(self, data: Any = empty) -> Reference:
        """The name or the number."""
        said = Which.CURRENT if data is empty else data
        if said in (Which.CURRENT, Which.DRAFT):
            return Which(said)
        if type(said) is int and 0 < said < 2**53:
            return said
        raise refused("field.value", "`current`, `draft`, or the number of a release.")


class PastField(MomentField):
    """A past time: the release, the directory and the switches of then."""

    def __init__(self) -> None:
        super().__init__(default=None, allow_null=True, help_text=self.__doc__)

    def to_internal_value(self, data: Any) -> Any:
        """In seconds UTC."""
        at = super().to_internal_value(data).timestamp()
        if not 0 <= at <= time.time():
            raise refused("field.value", "Must lie in the past, after 1970.")
        return at


class AudienceField(TextField):
    """What a token would be for."""

    def to_internal_value(self, data: Any) -> str:
        """The audience; one that is too long is none."""
        if not isinstance(data, str) or len(data) > 500:
            raise refused("field.type", "This field must be a string.")
        return data


class SimulateBody(Body):
    """Who would call what."""

    call = CalledField()
    agent = IdField(default=None, allow_null=True)
    audience = AudienceField(default=None, allow_null=True, described={"maxLength": 500})
    principal = PrincipalField()


class AskBody(SimulateBody):
    """The same, by a policy and at a time."""

    at = PastField()
    policy = PolicyField()


class DecisionBody(Body):
    """A recorded decision to explain."""

    decision = TextField(help_text="The id of a recorded decision.", described={"format": "uuid"})

    def validate_decision(self, said: str) -> UUID:
        """Its id."""
        try:
            return UUID(said)
        except ValueError:
            raise refused("field.format", "Must be the id of a decision.") from None


class WhoCanBody(Body):
    """A call, and through which agent."""

    at = PastField()
    policy = PolicyField()
    call = CalledField()
    agent = IdField(default=None, allow_null=True)
    limit = WholeField(default=MOST_RIGHTS, min_value=1, max_value=MOST_RIGHTS)
    after = IdField(default=None, allow_null=True)


class WhatCanBody(Body):
    """Somebody, and for one cell the entity."""

    at = PastField()
    policy = PolicyField()
    agent = IdField(default=None, allow_null=True)
    principal = PrincipalField()
    limit = WholeField(default=MOST_RIGHTS, min_value=1, max_value=MOST_RIGHTS)
    after = TextField(default="", described={"maxLength": 300})
    entity = CellField(required=False)
