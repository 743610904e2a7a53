"""Destroying repositories and the history that others rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.engine.normalise.shell.command import Program


def repository(command: Program) -> Iterator[str]:
    """git: history that others rely on."""
    words = command.words
    at = next(
        (
            place
            for place, word in enumerate(words)
            if word in {"push", "filter-branch", "filter-repo", "reflog", "update-ref", "branch", "gc", "clean"}
        ),
        None,
    )
    if at is None or {"--dry-run", "-n"} & set(words[at:]):
        return
    rest = words[at + 1 :]
    operands = [word for word in rest if not word.startswith("-")]
    main = {"main", "master", "production", "prod", "develop", "release", "trunk", "HEAD:main", "HEAD:master", "HEAD"}
    if words[at] == "push":
        forced = any(
            word in {"-f", "--force", "-fu", "-uf"} or re.fullmatch(r"-[a-z]*f[a-z]*", word) for word in rest
        ) or any(word.startswith("+") for word in operands)
        if (
            "--mirror" in rest
            or "--prune" in rest
            or forced
            and (
                len(operands) < 2
                or {word.lstrip("+").rpartition(":")[2] for word in operands[1:]} & main
                or "--all" in rest
            )
            or ("--delete" in rest or "-d" in rest)
            and set(operands) & main
            or any(word in {":" + name for name in main} for word in operands)
        ):
            yield "repository-destroy"
    elif (
        words[at] == "filter-branch"
        or (words[at] == "filter-repo" and "--force" in rest)
        or (
            words[at] == "reflog"
            and "expire" in rest
            and any(word.startswith(("--expire=now", "--expire-unreachable=now", "--expire=all")) for word in rest)
        )
        or words[at] == "update-ref"
        and "-d" in rest
    ):
        yield "repository-destroy"
