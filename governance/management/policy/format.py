"""`policy fmt`: write policy files in canonical form."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

from governance.management.policy.documents import load
from governance.management.policy.subcommand import FINDINGS, GOOD, UNUSABLE, Streams, Subcommand
from governance.policy.files.bundle import canonical_text, policy_files


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="FILE|DIR", help="policy files, or folders of them")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 when a file is not canonical")


def run(options: Namespace, streams: Streams) -> int:
    """0 when all is canonical now, 1 when `--check` found a file that is not, 2 when one cannot be used."""
    for path in options.paths:
        if load(path, streams) is None:
            return UNUSABLE
    changed = 0
    for file in policy_files([Path(path) for path in options.paths], []):
        text = file.read_bytes().decode("utf-8-sig")
        canonical = canonical_text(text, name=str(file))
        if canonical.encode() == file.read_bytes():
            continue
        changed += 1
        if options.check:
            streams.out.write(f"{file} is not in canonical form\n")
        else:
            _replace(file, canonical)
            streams.out.write(f"{file} rewritten\n")
    return FINDINGS if changed and options.check else GOOD


def _replace(file: Path, text: str) -> None:
    """Put the whole text in place at once: a reader sees the old file or the new one."""
    target = file.resolve()
    handle, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as writer:
            writer.write(text)
        Path(aside).chmod(target.stat().st_mode & 0o7777)
        Path(aside).replace(target)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


SUBCOMMAND = Subcommand(
    name="fmt", summary="rewrite policy files in canonical form; comments are not kept", configure=configure, run=run
)
