"""Destroying what runs in a cloud, on a platform or a hypervisor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.engine.blocking.hazards.dry_run import is_dry
from governance.engine.normalise.shell.command import Program

_AWS_SPARED = frozenset(
    "delete-message delete-message-batch delete-tags delete-log-stream delete-object-tagging "
    "delete-comment-content delete-metric-filter delete-item delete-object delete-dashboards "
    "delete-annotation delete-qualifier".split()
)


def cloud(command: Program) -> Iterator[str]:
    """aws, gcloud, gsutil, az, doctl, heroku, fly, gh and their like."""
    words = command.words
    operands = [word for word in words if not word.startswith("-")]
    name = command.name
    if is_dry(command):
        return
    if name == "aws":
        service, action = _aws_call(words)
        if service == "s3" and (
            action == "rb"
            or (action == "rm" and "--recursive" in words)
            or (
                action == "sync"
                and "--delete" in words
                and operands[-1:]
                and operands[-1].startswith("s3://")
                and operands[-1].count("/") <= 3
            )
        ):
            yield "cloud-delete"
        elif action.startswith(
            (
                "delete-",
                "terminate-",
                "schedule-key-deletion",
                "stop-logging",
                "disable-key",
                "deregister-",
                "purge-queue",
                "remove-",
                "leave-organization",
                "close-account",
                "disable-security-hub",
                "disassociate-",
                "detach-",
                "release-",
            )
        ):
            if action not in _AWS_SPARED and not action.startswith(
                ("deregister-targets", "detach-volume", "remove-tags", "deregister-task")
            ):
                yield "cloud-delete"
    elif name == "gcloud":
        if (
            "delete" in operands
            or "disable" in operands[:3]
            or operands[:3] == ["storage", "rm"]
            or operands[:2] == ["storage", "rm"]
            or "remove-iam-policy-binding" in operands
            or "destroy" in operands
        ):
            if not {"revisions", "versions"} & set(operands):
                yield "cloud-delete"
    elif name in {"gsutil", "mc", "rclone", "s3cmd", "s5cmd", "b2", "ossutil"}:
        if (
            {"rb", "purge", "delete-bucket", "delete-all"} & set(operands)
            or (
                {"rm", "delete", "del"} & set(operands[:3])
                and any(
                    re.fullmatch(r"-[a-zA-Z]*[rR][a-zA-Z]*|--recursive", word) or word.endswith(("/**", "/*"))
                    for word in words
                )
            )
            or (name == "rclone" and "delete" in operands[:1])
        ):
            yield "cloud-delete"
    elif name in {
        "az",
        "ibmcloud",
        "oci",
        "aliyun",
        "doctl",
        "linode-cli",
        "hcloud",
        "scw",
        "vultr-cli",
        "openstack",
        "exo",
        "civo",
        "bx",
        "azd",
    }:
        if {"delete", "destroy", "purge", "down", "group-delete", "terminate"} & set(operands) or any(
            word.endswith("-delete") for word in operands
        ):
            yield "cloud-delete"
    elif name in {
        "heroku",
        "fly",
        "flyctl",
        "vercel",
        "netlify",
        "railway",
        "render",
        "dokku",
        "cf",
        "supabase",
        "firebase",
        "ngrok-api",
        "planetscale",
        "pscale",
        "neonctl",
        "turso",
        "atlas",
    }:
        if (
            any(
                re.fullmatch(
                    r"(?:apps?|pg|postgres|addons|sites?|projects?|databases?|domains?|spaces?|branches"
                    r"|releases)?:?(?:destroy|reset|delete|remove|down|delete-org|delete-space|firestore:delete)",
                    word,
                )
                for word in operands[:3]
            )
            or any(
                word
                in {
                    "firestore:delete",
                    "projects:delete",
                    "functions:delete",
                    "pg:reset",
                    "hosting:disable",
                    "database:remove",
                }
                for word in operands
            )
            or operands[:2] == ["db", "reset"]
        ):
            yield "cloud-delete"
    elif name in {"gh", "glab", "hub", "tea"}:
        if operands[:2] in (["repo", "delete"], ["secret", "delete"], ["release", "delete"], ["project", "delete"]) or (
            operands[:1] == ["api"] and any(word.upper() == "DELETE" for word in words)
        ):
            yield "repository-destroy"
    elif name in {
        "virsh",
        "vagrant",
        "vboxmanage",
        "multipass",
        "qm",
        "pct",
        "xe",
        "govc",
        "vim-cmd",
        "prlctl",
        "lxc",
        "incus",
        "limactl",
    }:
        if (
            {"undefine", "destroy", "unregistervm", "vol-delete", "pool-delete", "vm.destroy", "vm-destroy"}
            & set(operands[:3])
        ) or (
            name in {"multipass", "lxc", "incus"}
            and "delete" in operands[:2]
            and ({"--all", "--purge", "-f", "--force"} & set(words))
        ):
            yield "cloud-delete"


def _aws_call(words: list[str]) -> tuple[str, str]:
    valued = {
        "--profile",
        "--region",
        "--output",
        "--endpoint-url",
        "--query",
        "--ca-bundle",
        "--color",
        "--cli-read-timeout",
        "--cli-connect-timeout",
    }
    operands: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in valued
        else:
            operands.append(word)
    return (operands[0], operands[1]) if len(operands) > 1 else ("", "")
