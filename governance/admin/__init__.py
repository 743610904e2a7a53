"""The pages of the policy's objects, one module for each module of models."""

from __future__ import annotations

from governance.admin import organisation
from governance.admin.controls import binding, blocklist, detector, exemption, hook, layer, limit
from governance.admin.entities import agent, data_source, plugin, server, skill
from governance.admin.releases import release, switch
from governance.admin.rules import policy_test, rule, setting

__all__ = [
    "agent",
    "binding",
    "blocklist",
    "data_source",
    "detector",
    "exemption",
    "hook",
    "layer",
    "limit",
    "organisation",
    "plugin",
    "policy_test",
    "release",
    "rule",
    "server",
    "setting",
    "skill",
    "switch",
]
