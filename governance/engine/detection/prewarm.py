"""Fill the broad rules' cache at install, so that a process starts in under a second instead of in several.

    python -m governance.engine.detection.prewarm DIRECTORY

A process then finds the cache through the environment variable `KF_RULE_CACHE_DIR`. The directory must belong to the
user that runs the process and be writable by nobody else, or the cache is not trusted and the rules compile anew.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import kingfisher_sdk

CACHE_VARIABLE = "KF_RULE_CACHE_DIR"


def prewarm(directory: Path) -> tuple[str, float]:
    """Compile the rules into the directory (made with mode 0700): what the cache said, and the seconds it took.

    Raises RuntimeError when the rules were compiled and could not be cached.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    began = time.perf_counter()
    rules = kingfisher_sdk.Rules(cache_dir=directory)
    kingfisher_sdk.Scanner(rules)
    if rules.cache_status == "bypassed":
        raise RuntimeError(f"{directory} is not usable as a rule cache: it must be owned by this user, mode 0700")
    return rules.cache_status, time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when the cache is there afterwards, 1 when it is not."""
    parser = argparse.ArgumentParser(prog="prewarm", description="Fill the cache of the broad detection rules.")
    parser.add_argument("directory", type=Path, nargs="?", default=os.environ.get(CACHE_VARIABLE))
    options = parser.parse_args(arguments)
    if options.directory is None:
        parser.error(f"name a directory, or set {CACHE_VARIABLE}")
    try:
        status, seconds = prewarm(Path(options.directory))
    except (OSError, RuntimeError) as error:
        print(f"prewarm: {error}", file=sys.stderr)
        return 1
    print(f"rule cache {status} in {seconds:.1f} s: {options.directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
