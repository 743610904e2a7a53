"""A policy as plain data: what stands under each key of the policy file, as types.

They describe a document that the schema (`governance.policy.schema`) accepts; reading through one checks nothing. The
schema is the definition, and a test holds these to it key by key. They stand here because compilation reads documents
too. A key that is not `Required` may be left out, and then has the schema's default.
"""

from __future__ import annotations

from typing import Literal, Required, TypeAlias, TypedDict

from governance.engine.document.controls import (
    BindingFields,
    BlocklistFields,
    ExemptionFields,
    LayerFields,
    RateLimitFields,
    ScannerFields,
    SettingFields,
)
from governance.engine.document.entities import AgentFields, DataSourceFields, PluginFields, ServerFields, SkillFields
from governance.engine.document.people import DepartmentFields, PrincipalFields, RoleFields
from governance.engine.document.rules import CaseFields, HookFields, LayerWord, RuleFields

EntityTable: TypeAlias = Literal["servers", "data_sources", "agents", "skills", "plugins"]
"""Keys of a document under which entities stand by id."""


class PolicyDocument(TypedDict, total=False):
    """A whole policy, with the keys of the policy file."""

    toolgate: Required[int]
    departments: dict[str, DepartmentFields]
    groups: dict[str, DepartmentFields]
    roles: dict[str, RoleFields]
    principals: dict[str, PrincipalFields]
    agents: dict[str, AgentFields]
    servers: dict[str, ServerFields]
    data_sources: dict[str, DataSourceFields]
    skills: dict[str, SkillFields]
    plugins: dict[str, PluginFields]
    bindings: list[BindingFields]
    rules: list[RuleFields]
    blocklist: BlocklistFields
    detectors: ScannerFields
    exemptions: list[ExemptionFields]
    layers: dict[LayerWord, LayerFields]
    settings: SettingFields
    rate_limits: RateLimitFields
    hooks: list[HookFields]
    tests: list[CaseFields]
