"""Signs that a command only shows what it would do."""

from __future__ import annotations

from governance.engine.normalise.shell.command import Program

_DRY = frozenset(
    {
        "--dry-run",
        "--dryrun",
        "--help",
        "--dry-run=client",
        "--dry-run=server",
        "-dry-run",
        "help",
        "--noop",
        "--check",
        "--preview",
        "--generate-cli-skeleton",
        "--no-execute-changeset",
    }
)


def is_dry(command: Program) -> bool:
    """Whether the command only says what it would do, or how it is used."""
    return any(word in _DRY for word in command.words) or command.words[-1:] == ["-h"]
