"""The subcommands of `manage.py policy`: each is a module that holds a SUBCOMMAND, and a new one is a row here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from governance.management.policy.subcommand import Subcommand

MODULES: Mapping[str, str] = {
    "test": "run_tests",
    "fmt": "format",
    "lint": "report_lint",
    "diff": "compare",
    "schema": "print_schema",
    "import": "releases.import_draft",
    "export": "releases.export",
    "publish": "releases.publish_draft",
    "rollback": "releases.roll_back",
    "discard": "releases.discard_draft",
    "restore": "releases.restore_draft",
    "take-back": "releases.take_back",
    "explain": "explain_call",
    "backtest": "releases.backtest_draft",
    "catalogue": "print_catalogue",
}


def subcommands() -> dict[str, Subcommand]:
    """Every subcommand by name, in the order in which help lists them."""
    found: dict[str, Subcommand] = {}
    for name, module in MODULES.items():
        found[name] = import_module(f"governance.management.policy.{module}").SUBCOMMAND
    return found
