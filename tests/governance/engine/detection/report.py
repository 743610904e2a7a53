"""Precision and recall by kind, on the corpus of this folder and on one's own files.

    python -m tests.governance.engine.detection.report [--instances N] [--each N] [--misses] \\
        [--positives FILE --negatives FILE]

Prints Markdown. The half "held out" is the one that tuning does not look at. FILEs are JSON lines, gzip'd or not, with
`text` and `kind`; `text` is the argument, JSON where it is an object.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from governance.engine.call import Json
from governance.engine.detection import Scanner
from tests.governance.engine.detection.corpus import ENCODED, PLAIN, SPLIT, Case, ordinary, secrets


def share(found: int, total: int) -> str:
    """A share in per cent, or a dash for nothing of nothing."""
    return f"{100 * found / total:.1f} %" if total else "–"


def tally(scanner: Scanner, cases: Iterable[Case]) -> tuple[dict[tuple[str, str, bool], list[int]], list[Case]]:
    """(group, way, held out) → [flagged, total], and the cases that were not flagged."""
    counts: dict[tuple[str, str, bool], list[int]] = defaultdict(lambda: [0, 0])
    quiet: list[Case] = []
    for case in cases:
        flagged = bool(scanner.scan(case.value).findings)
        cell = counts[case.group, case.way, case.held_out]
        cell[0] += flagged
        cell[1] += 1
        if not flagged:
            quiet.append(case)
    return counts, quiet


def external(path: Path) -> Iterator[Case]:
    """Cases of somebody else's file."""
    raw = path.read_bytes()
    with io.StringIO((gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()) as lines:
        for line in lines:
            row = json.loads(line)
            value: Json = {"text": row["text"]}
            try:
                parsed = json.loads(row["text"])
            except ValueError:
                parsed = None
            yield Case(
                group=row["kind"],
                way=PLAIN,
                wrapping="as it is",
                name=row["id"],
                value=parsed if isinstance(parsed, dict) else value,
            )


def _total(counts: dict[tuple[str, str, bool], list[int]], group: str | None, way: str, held: bool | None) -> list[int]:
    cells = [c for (g, w, h), c in counts.items() if group in (None, g) and w == way and held in (None, h)]
    return [sum(c[0] for c in cells), sum(c[1] for c in cells)]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Report the quality of secret detection.")
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--positives", type=Path)
    parser.add_argument("--negatives", type=Path)
    options = parser.parse_args()
    scanner = Scanner.compile(fingerprint_key=b"report-report-report")
    counts, missed = tally(scanner, secrets(options.seed, instances=options.instances))
    print(
        "| kind | cases | plain | plain, held out | encoded | encoded, held out | split | split, held out |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for group in [*sorted({group for group, _, _ in counts}), None]:
        cells = [share(*_total(counts, group, way, held)) for way in (PLAIN, ENCODED, SPLIT) for held in (None, True)]
        cases = sum(_total(counts, group, way, None)[1] for way in (PLAIN, ENCODED, SPLIT))
        print(f"| {group or '**all**'} | {cases:,} | {' | '.join(cells)} |")
    benign = list(ordinary(options.seed, each=options.each))
    wrong, quiet = tally(scanner, benign)
    print("\n| ordinary text | cases | false positives | held out |\n|---|---|---|---|")
    for group in [*sorted({group for group, _, _ in wrong}), None]:
        everything, held = _total(wrong, group, PLAIN, None), _total(wrong, group, PLAIN, True)
        print(f"| {group or '**all**'} | {everything[1]:,} | {share(*everything)} | {share(*held)} |")
    flagged = sum(c[0] for c in counts.values())
    false = sum(c[0] for c in wrong.values())
    print(f"\nPrecision over both: {share(flagged, flagged + false)}.")
    for what, path in (("recall", options.positives), ("flagged", options.negatives)):
        if path is not None:
            rows, _ = tally(scanner, external(path))
            print(f"\n| {path.name} | cases | {what} |\n|---|---|---|")
            for group in [*sorted({group for group, _, _ in rows}), None]:
                print(
                    f"| {group or '**all**'} | {_total(rows, group, PLAIN, None)[1]} "
                    f"| {share(*_total(rows, group, PLAIN, None))} |"
                )
    if options.misses:
        known = {id(case) for case in quiet}
        for case in [*missed, *(case for case in benign if id(case) not in known)]:
            if not case.held_out:
                print(case.group, case.way, case.wrapping, case.name, json.dumps(case.value)[:160])


if __name__ == "__main__":
    main()
