"""Destroying what was provisioned: terraform and its like."""

from __future__ import annotations

from collections.abc import Iterator

from governance.engine.blocking.hazards.dry_run import is_dry
from governance.engine.normalise.shell.command import Program


def terraform(command: Program) -> Iterator[str]:
    """terraform, tofu, terragrunt, pulumi, cdk, serverless and their like."""
    words = command.words
    if is_dry(command):
        return
    operands = [word for word in words if not word.startswith("-")]
    if "destroy" in operands[:3] or {"-destroy", "--destroy"} & set(words) and "plan" not in operands[:2]:
        if operands[:2] != ["plan"]:
            yield "terraform-destroy"
    elif (
        command.name in {"terraform", "tofu", "terragrunt"}
        and (operands[:2] in (["state", "rm"], ["workspace", "delete"]) or operands[:1] == ["force-unlock"])
        or command.name
        in {
            "serverless",
            "sls",
            "sst",
            "copilot",
            "amplify",
            "sam",
            "eb",
            "cdktf",
            "pulumi",
            "wrangler",
        }
        and (set(operands[:2]) & {"remove", "delete", "terminate", "nuke"} or operands[:2] == ["stack", "rm"])
    ):
        yield "terraform-destroy"
