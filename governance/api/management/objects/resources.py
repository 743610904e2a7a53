"""Which paths hold which objects of the draft: one line for each home of the authoring tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.models import Department, Group, Role
from accounts.models.authored import Versioned
from accounts.services.change import permission
from governance.api.management.door.documents import NUMBER
from governance.api.management.door.versions import META, VersionAnswer
from governance.engine.call import Json
from governance.engine.normalise.names import SLUG, TOOL_NAME
from governance.models import (
    Agent,
    Binding,
    BlocklistEntry,
    BlocklistSettings,
    DataSource,
    Detector,
    DetectorSettings,
    Exemption,
    Hook,
    LayerMode,
    Plugin,
    PolicyPrincipal,
    PolicySettings,
    PolicyTest,
    RateLimits,
    Rule,
    Server,
    Skill,
    Tool,
)
from governance.policy.tables.compiler import object_of
from governance.policy.tables.row_mapping import ROW_MAPPING_OF, Form, RowMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One collection, or one object that there is only one of. `key` is the pattern of an object's id in the path.

    `numbered` objects have no id in the policy file; the row's number names them here.
    """

    path: str
    model: type[Versioned]
    title: str
    key: str = SLUG
    numbered: bool = False

    @property
    def home(self) -> RowMapping:
        """Where the policy holds these objects."""
        return ROW_MAPPING_OF[self.model]

    @property
    def single(self) -> bool:
        """Whether there is one of it."""
        return self.home.form is Form.SINGLE

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """What of the path varies: name and pattern; a tool's id has two parts."""
        if self.single:
            return ()
        if self.home.form is Form.NESTED:
            server, own = self.key.split("/")
            return (("server", server), ("tool", own))
        return (("key", self.key),)

    @property
    def name(self) -> str:
        """The name of its routes."""
        return self.path.replace("/", "-")

    def perm(self, action: str) -> str:
        """The permission for view, add, change or delete."""
        return permission(action, self.model)

    def lookup(self, key: str) -> Q:
        """The row of an id in the path."""
        match self.home.form:
            case Form.SINGLE:
                return Q(pk=1)
            case Form.PARTS:
                return Q(layer=key)
            case Form.NESTED:
                server, _, own = key.partition("/")
                return Q(server_id=server, own_name=own)
        return Q(pk=int(key)) if self.numbered else Q(slug=key)

    def id_of(self, instance: Versioned) -> str:
        """The id that the path names an object by."""
        return str(instance.pk) if self.numbered else instance.object_id

    def identity(self, key: str) -> tuple[str, ...]:
        """What names an object within its home; empty where its record does."""
        if self.home.form is Form.NESTED:
            server, _, own = key.partition("/")
            return (server, own)
        return (key,) if self.home.ids else ()

    def shown(self, instance: Versioned) -> dict[str, Json]:
        """An object as the policy file writes it, with its id and its version."""
        record: dict[str, Json] = {} if self.single else {"id": self.id_of(instance)}
        record |= object_of(instance)
        version = VersionAnswer.of(instance)
        record[META] = {**version, "revision": 0} if instance._state.adding else version
        return record


RESOURCES: tuple[Resource, ...] = (
    Resource(path="departments", model=Department, title="department"),
    Resource(path="groups", model=Group, title="group"),
    Resource(path="roles", model=Role, title="role"),
    Resource(path="test-principals", model=PolicyPrincipal, title="test principal"),
    Resource(path="agents", model=Agent, title="agent"),
    Resource(path="servers", model=Server, title="server"),
    Resource(path="tools", model=Tool, title="tool", key=f"{SLUG}/{TOOL_NAME}"),
    Resource(path="data-sources", model=DataSource, title="data source"),
    Resource(path="skills", model=Skill, title="skill"),
    Resource(path="plugins", model=Plugin, title="plugin"),
    Resource(path="bindings", model=Binding, title="binding", key=NUMBER, numbered=True),
    Resource(path="rules", model=Rule, title="rule"),
    Resource(path="blocklist", model=BlocklistSettings, title="blocklist's settings"),
    Resource(path="blocklist/entries", model=BlocklistEntry, title="blocklist entry"),
    Resource(path="detectors", model=DetectorSettings, title="detectors' settings"),
    Resource(path="detectors/own", model=Detector, title="own detector"),
    Resource(path="exemptions", model=Exemption, title="exemption", key=NUMBER, numbered=True),
    Resource(path="layers", model=LayerMode, title="layer", key="[a-z_]{1,16}"),
    Resource(path="settings", model=PolicySettings, title="policy's settings"),
    Resource(path="limits", model=RateLimits, title="rate limits"),
    Resource(path="hooks", model=Hook, title="hook"),
    Resource(path="policy-tests", model=PolicyTest, title="policy test", key=NUMBER, numbered=True),
)
"""Every home of the draft has one."""


def keys_of_columns(home: RowMapping) -> Mapping[str, Any]:
    """The policy's key of each column."""
    return {column: key for key, column in home.columns.items()} | dict.fromkeys(home.ids, "id")
