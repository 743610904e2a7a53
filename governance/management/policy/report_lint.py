"""`policy lint`: what a sound policy still says that it probably should not."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from governance.management.policy.documents import is_stored, load
from governance.management.policy.subcommand import FINDINGS, GOOD, UNUSABLE, Streams, Subcommand
from governance.policy.lint.linter import Known, lint
from governance.selectors.known import known_beside


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", metavar="FILE|DIR", help="a policy file, a folder, draft, current or a release"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON a finding")


def run(options: Namespace, streams: Streams) -> int:
    """0 when nothing is found, 1 when something is, 2 when the policy cannot be used."""
    document = load(options.paths[0] if len(options.paths) == 1 else options.paths, streams)
    if document is None:
        return UNUSABLE
    now = time.time()
    known = known_beside(document, now=now) if needs_database(options) else Known()
    findings = lint(document, now=now, known=replace(known, executables=_executables()))
    for finding in findings:
        if options.json:
            streams.out.write(json.dumps(finding.line(), ensure_ascii=False) + "\n")
        else:
            streams.out.write(f"{finding.code:<18} {finding.path}: {finding.message}\n")
    if not options.json:
        streams.out.write(f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'}\n")
    return FINDINGS if findings else GOOD


def _executables() -> frozenset[str] | None:
    """Names in the folder of registered executables; None where this machine has none, as an author's seldom has."""
    folder = settings.TOOLGATE_EXECUTABLES
    if folder is None or not Path(folder).is_dir():
        return None
    return frozenset(entry.name for entry in Path(folder).iterdir() if entry.is_file())


def needs_database(options: Namespace) -> bool:
    return any(is_stored(path) for path in options.paths)


SUBCOMMAND = Subcommand(
    name="lint",
    summary="report what is unreachable, redundant, too broad, expired, unused or switched off",
    configure=configure,
    run=run,
    needs_database=needs_database,
)
