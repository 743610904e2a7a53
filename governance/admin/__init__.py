"""The pages of the policy's objects, one module for each module of models."""

from __future__ import annotations

from governance.admin import (
    agent,
    binding,
    blocklist,
    data_source,
    detector,
    exemption,
    hook,
    layer,
    limit,
    plugin,
    policy_test,
    release,
    rule,
    secret,
    server,
    setting,
    skill,
    switch,
)

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
    "plugin",
    "policy_test",
    "release",
    "rule",
    "secret",
    "server",
    "setting",
    "skill",
    "switch",
]
