"""Destroying containers and volumes as a whole, and leaving a container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.engine.blocking.hazards.dry_run import is_dry
from governance.engine.normalise.shell.command import Program


def containers(command: Program) -> Iterator[str]:
    """docker, podman, compose: everything at once, or volumes."""
    words = command.words
    operands = [word for word in words if not word.startswith("-")]
    if is_dry(command):
        return
    everything = command.has("-a", "--all", "--volumes")
    if {"system", "volume", "image", "container", "builder", "network"} & set(operands[:2]) and "prune" in operands:
        if (
            (operands[0] == "system" and everything)
            or operands[0] == "volume"
            or (operands[0] == "image" and everything and command.has("-f", "--force"))
        ):
            yield "container-purge"
    elif (
        operands[:2] in (["volume", "rm"], ["volume", "remove"])
        or operands[:2] == ["swarm", "leave"]
        and command.has("-f", "--force")
        or operands[:2] in (["stack", "rm"], ["service", "rm"])
    ):
        yield "container-purge"
    elif (
        "down" in operands
        and (command.has("-v", "--volumes") or "--rmi" in words)
        and (command.name.endswith("compose") or "compose" in operands)
    ):
        if command.has("-v", "--volumes"):
            yield "container-purge"
    elif (
        operands[:1]
        and operands[0] in {"rm", "rmi", "kill", "stop"}
        or operands[:2] in (["container", "rm"], ["image", "rm"])
    ) and command.written_all():
        if operands[0] in {"rm", "rmi", "container", "image"}:
            yield "container-purge"
    elif operands[:1] == ["run"] and _mounts_host(words):
        yield "container-escape"


def _mounts_host(words: list[str]) -> bool:
    mounts_root = any(
        re.match(r"(?:--volume=|-v=?)?/:/", word) or re.search(r"(?:source|src)=/(?:,|$)", word) for word in words
    )
    return mounts_root or (
        "--privileged" in words and any(word.startswith("--pid=host") for word in words) and "nsenter" in words
    )
