"""The authoring tables, releases and switches."""

from __future__ import annotations

from governance.models.agent import Agent
from governance.models.backtest import BacktestRun, BacktestStatus
from governance.models.binding import Binding
from governance.models.blocklist import BlockKind, BlocklistEntry, BlocklistSettings
from governance.models.data_source import DataSource
from governance.models.detector import Detector, DetectorSettings
from governance.models.draft import DraftComment, DraftState
from governance.models.exemption import Exemption
from governance.models.field import Mode
from governance.models.hook import Hook, HookEvent, HookType
from governance.models.layer import LayerMode
from governance.models.limit import RateLimits
from governance.models.outcome import OutcomePhase, ReportedOutcome
from governance.models.plugin import Plugin
from governance.models.policy_test import PolicyPrincipal, PolicyTest
from governance.models.release import ProposalStatus, Release, ReleaseKind, ReleaseProposal
from governance.models.rule import Effect, Rule
from governance.models.secret import Secret, SecretSource, SecretVersion
from governance.models.server import Server, Tool, ToolPin
from governance.models.setting import PolicySettings
from governance.models.skill import Skill
from governance.models.switch import Switch, SwitchScope

__all__ = [
    "Agent",
    "BacktestRun",
    "BacktestStatus",
    "Binding",
    "BlockKind",
    "BlocklistEntry",
    "BlocklistSettings",
    "DataSource",
    "Detector",
    "DetectorSettings",
    "DraftComment",
    "DraftState",
    "Effect",
    "Exemption",
    "Hook",
    "HookEvent",
    "HookType",
    "LayerMode",
    "Mode",
    "OutcomePhase",
    "Plugin",
    "PolicyPrincipal",
    "PolicySettings",
    "PolicyTest",
    "ProposalStatus",
    "RateLimits",
    "Release",
    "ReleaseKind",
    "ReleaseProposal",
    "ReportedOutcome",
    "Rule",
    "Secret",
    "SecretSource",
    "SecretVersion",
    "Server",
    "Skill",
    "Switch",
    "SwitchScope",
    "Tool",
    "ToolPin",
]
