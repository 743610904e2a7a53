"""The authoring tables, releases and switches."""

from __future__ import annotations

from governance.models.controls.binding import Binding
from governance.models.controls.blocklist import BlockKind, BlocklistEntry, BlocklistSettings
from governance.models.controls.detector import Detector, DetectorSettings
from governance.models.controls.exemption import Exemption
from governance.models.controls.hook import Hook, HookEvent, HookType
from governance.models.controls.layer import LayerMode
from governance.models.controls.limit import RateLimits
from governance.models.controls.secret import Secret, SecretSource, SecretVersion
from governance.models.entities.agent import Agent
from governance.models.entities.data_source import DataSource
from governance.models.entities.plugin import Plugin
from governance.models.entities.server import Server, Tool, ToolPin
from governance.models.entities.skill import Skill
from governance.models.field import Mode
from governance.models.releases.backtest import BacktestRun, BacktestStatus
from governance.models.releases.draft import DraftComment, DraftState
from governance.models.releases.outcome import OutcomePhase, ReportedOutcome
from governance.models.releases.release import ProposalStatus, Release, ReleaseKind, ReleaseProposal
from governance.models.releases.switch import Switch, SwitchScope
from governance.models.rules.policy_test import PolicyPrincipal, PolicyTest
from governance.models.rules.rule import Effect, Rule
from governance.models.rules.setting import PolicySettings

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
