"""What a subcommand of `manage.py policy` is, and the exit codes that all of them keep."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

GOOD, FINDINGS, UNUSABLE = 0, 1, 2
"""Exit codes: all well; something was found (a failing test, a difference); the input cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Where a subcommand writes: results to `out`, what is wrong with its input to `err`."""

    out: TextIO
    err: TextIO


def never(_options: Namespace) -> bool:
    """For subcommands that touch no database."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """One subcommand. `run` returns its exit code; `needs_database` says whether these options need one."""

    name: str
    summary: str
    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Streams], int]
    needs_database: Callable[[Namespace], bool] = never
