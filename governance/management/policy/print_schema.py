"""`policy schema`: the policy file's JSON Schema."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from governance.management.policy.subcommand import GOOD, Streams, Subcommand
from governance.policy.files.json_schema import schema_text


def configure(_parser: ArgumentParser) -> None:
    """It takes no options."""


def run(_options: Namespace, streams: Streams) -> int:
    """Always 0."""
    streams.out.write(schema_text())
    return GOOD


SUBCOMMAND = Subcommand(
    name="schema", summary="print the policy file's JSON Schema, for editors", configure=configure, run=run
)
