"""`python -m config.machine.clean`: remove what runs and tests wrote, databases included; refused while serve runs."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path

from config.machine.postgres import Cluster, PostgresError

PROJECT = Path(__file__).resolve().parents[2]


def clean(var: Path) -> None:
    """Stop and remove the clusters of the run-time folder and of the tests below it, then the folder itself."""
    if not var.is_dir():
        return
    lock = var / "run" / "serve.lock"
    if lock.exists():
        with lock.open("w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit(f"Toolgate is serving from {var}: stop it first.")
    for owner in (var / "test", var):
        if owner.is_dir():
            Cluster.kept_in(owner).remove()
    shutil.rmtree(var)


def main() -> None:
    if os.environ.get("TOOLGATE_ENV") == "production":
        sys.exit(
            "TOOLGATE_ENV is production: its data and keys are not removed by a command. Remove TOOLGATE_VAR yourself."
        )
    try:
        clean(Path(os.path.abspath(PROJECT / os.environ.get("TOOLGATE_VAR", "var"))))
    except PostgresError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
