"""Rules, hooks and tests in a policy document."""

from __future__ import annotations

from typing import Literal, Required, TypeAlias, TypedDict

from governance.engine.call import Json
from governance.engine.document.entities import EventWord
from governance.engine.document.people import InlinePrincipalFields, SensitivityWord, TierWord

ModeWord: TypeAlias = Literal["enforce", "shadow"]
EffectWord: TypeAlias = Literal["allow", "deny", "ask"]
LayerWord: TypeAlias = Literal["kill_switch", "scope", "secrets", "blocklist", "rate_limit", "hooks", "approval"]


class PeopleFields(TypedDict, total=False):
    """People by id and by what they belong to: the approvers of a rule."""

    users: list[str]
    groups: list[str]
    roles: list[str]
    departments: list[str]


class SubjectFields(PeopleFields, total=False):
    """Whose calls a rule is about."""

    everyone: bool
    tiers: list[TierWord]
    min_tier: TierWord
    agents: list[str]


class ApprovalFields(TypedDict, total=False):
    """Who approves what a rule asks for, and how."""

    approvers: PeopleFields
    four_eyes: bool
    expires: int
    for_a_time: int


class ParameterFields(TypedDict, total=False):
    """Arguments that a call may, or may not, carry."""

    allow: list[str]
    deny: list[str]


# A key that is one of Python's own words cannot be written in a class.
_Except = TypedDict("_Except", {"except": SubjectFields}, total=False)


class RuleFields(_Except, total=False):
    """A rule."""

    id: Required[str]
    description: str
    effect: Required[EffectWord]
    subjects: Required[SubjectFields]
    entities: Required[list[str]]
    when: str
    parameters: ParameterFields
    mode: ModeWord
    valid_from: str
    valid_until: str
    approval: ApprovalFields
    skip_client_prompt: bool
    justification: str


# A key that is one of Python's own words cannot be written in a class.
_Async = TypedDict("_Async", {"async": bool}, total=False)


class HookFields(_Async, total=False):
    """A lifecycle hook."""

    id: Required[str]
    name: str
    description: str
    version: str
    enabled: bool
    mode: ModeWord
    event: Required[EventWord]
    matcher: str
    type: Required[Literal["command", "prompt", "agent"]]
    command: str
    prompt: str
    endpoint: str
    agent: str
    timeout: int
    on_failure: Literal["block", "allow"]
    category: Literal["system", "custom"]
    max_sensitivity: SensitivityWord
    tags: list[str]
    visible_to: SubjectFields
    plugin: str


class ContextFields(TypedDict, total=False):
    """Labels that a caller gives."""

    session_id: str
    trace_id: str
    context_id: str
    task_id: str
    client_id: str
    tool_use_id: str
    agent_id: str


class CallFields(TypedDict, total=False):
    """What a test attempts."""

    entity: str
    server: str
    tool: str
    arguments: dict[str, Json]
    data_sources: list[str]
    context: ContextFields


class ExpectedFields(TypedDict, total=False):
    """What must come of a test."""

    decision: Required[EffectWord]
    layer: LayerWord
    code: str
    rule: str


class CaseFields(TypedDict, total=False):
    """One of the policy's own tests."""

    name: Required[str]
    principal: Required[str | InlinePrincipalFields]
    agent: str
    audience: str
    call: Required[CallFields]
    at: str
    expect: Required[ExpectedFields]
