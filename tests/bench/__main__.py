"""`python -m tests.bench`: measure everything and write docs/benchmarks.md. Takes about three minutes.

Each part runs in a process of its own and prints JSON, so that none disturbs another: the engine, the way into the
trail, HTTP. `--seconds` is how long the lane is under load in all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.report import written

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def measured(module: str, *arguments: str) -> Any:
    """What a part printed."""
    print(f"{module} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{module}", *arguments], stdout=subprocess.PIPE, check=True, timeout=240
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure, then write the page."""
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("--seconds", type=float, default=21.0)
    parser.add_argument("--records", type=int, default=20_000)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as cache:
        os.environ.setdefault("KF_RULE_CACHE_DIR", cache)
        engine = measured("engine_bench", "--json")
        trail = measured("trail_bench", str(options.records))
        http = measured("http_bench", "--seconds", str(options.seconds))
    PAGE.write_text(written(engine["figures"], trail, http, seconds=options.seconds))
    print(f"{PAGE.name} written after {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
