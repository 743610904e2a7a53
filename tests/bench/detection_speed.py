"""How long a scan takes: clean arguments of three sizes, and inputs of 256 KiB that were built to be slow.

    python -m tests.bench.detection_speed [--rounds N]

Prints two Markdown tables, medians and worst of the rounds in the unit of each row. Nothing here is asserted.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import platform
import random
import statistics
import time
from collections.abc import Iterator

from governance.engine.call import Json
from governance.engine.detection import Scanner
from governance.engine.detection.catalogue import DETECTORS
from governance.engine.detection.detector import expand

FULL = 256 << 10
_WORDS = "the quick report shows revenue by region and customer with totals for every month please send it to finance"
_RECORD: dict[str, Json] = {
    "path": "/srv/ledger/reports/2026/q3.csv",
    "recursive": True,
    "query": "select account, sum(amount) from ledger.entries where period = '2026Q3' group by account order by 2 desc",
    "limit": 100,
    "comment": "Monthly close for finance; please compare with the previous quarter.",
    "tags": ["finance", "close"],
}
_CODE = '''def settle(self, ledger: Ledger, *, at: float) -> Settlement:
    """Close the month."""
    entries = [entry for entry in ledger.entries if entry.period == self.period and entry.amount != 0]
    totals = {account: sum(e.amount for e in group) for account, group in groupby(entries, key=attrgetter("account"))}
    if not totals:
        raise NothingToSettle(self.period, reason="empty", hint='check the import')
    return Settlement(totals=totals, at=at, currency=self.currency, note=f"{len(entries)} entries")
'''


def prose(size: int, seed: int = 1) -> str:
    """English-looking sentences, one a line."""
    pick, lines, total = random.Random(seed), [], 0
    while total < size:
        lines.append(" ".join(pick.choices(_WORDS.split(), k=12)).capitalize() + ".")
        total += len(lines[-1]) + 1
    return "\n".join(lines)[:size]


def clean() -> Iterator[tuple[str, Json]]:
    """Ordinary arguments: (what, value)."""
    yield "300 B, JSON object", _RECORD
    yield "4 KB, JSON objects", [_RECORD] * 14
    yield "4 KB, code in one string", {"path": "settle.py", "content": (_CODE * 9)[:4000]}
    yield "4 KB, prose in one string", {"text": prose(4000)}
    yield "256 KiB, JSON objects", [_RECORD] * 850
    yield "256 KiB, code in one string", {"content": (_CODE * 600)[: FULL - 20]}
    yield "256 KiB, prose in one string", {"text": prose(FULL - 20)}


def hostile() -> Iterator[tuple[str, Json]]:
    """Inputs of up to 256 KiB that look for the slowest path."""
    pick = random.Random(7)
    noise = pick.randbytes(190_000)
    yield "random base64, one run", {"x": base64.b64encode(noise).decode()}
    yield "random base64, runs of 76", {"x": base64.encodebytes(noise).decode()[:FULL]}
    yield (
        "random base64, runs of 24",
        {"x": " ".join(base64.b64encode(noise[n : n + 18]).decode() for n in range(0, 180_000, 18))},
    )
    yield "base64 of base64 text", {"x": base64.b64encode(base64.b64encode(noise[:140_000])).decode()}
    yield (
        "many small base64 texts",
        {"x": " ".join(base64.b64encode(b"just some words %06d" % n).decode() for n in range(7_500))},
    )
    yield "hexadecimal, one run", {"x": noise[: FULL // 2].hex()}
    yield "hexadecimal pairs", {"x": noise[: FULL // 3].hex(" ")}
    yield "60,000 strings of one letter", [chr(97 + n % 26) for n in range(60_000)]
    yield "25,000 keys", {f"k{n}": "v" for n in range(25_000)}
    yield "32 levels deep", _nested(32)
    yield "gzip bomb", {"x": base64.b64encode(gzip.compress(bytes(100_000_000), 9)).decode()[:FULL]}
    yield "zlib bombs", {"x": " ".join([base64.b64encode(gzip.compress(b"a" * 900_000, 9)).decode()] * 150)}
    yield "percent, everything", {"x": "%41" * (FULL // 3)}
    yield "JSON escapes, everything", {"x": "\\u0041" * (FULL // 6)}
    yield "short escapes, everything", {"x": "\\n" * (FULL // 2)}
    yield "HTML entities, everything", {"x": "&#x41;" * (FULL // 6)}
    yield "full-width letters", {"x": "ｇｈｐ＿" * (FULL // 12)}
    yield "zero-width between letters", {"x": "a\u200b" * (FULL // 4)}
    yield "line breaks, everything", {"x": "aB3\n" * (FULL // 4)}
    yield "quotes and signs", {"x": "'a' + " * (FULL // 6)}
    yield "assignments", {"x": "password=Aa1!xyzw " * (FULL // 18)}
    yield "assignment heads", {"x": "token:" * (FULL // 6)}
    yield "assignments of placeholders", {"x": 'api_key = "your-key-here"\n' * (FULL // 26)}
    yield "nested names", {"x": "password_" * (FULL // 9)}
    yield "a{n} against counters", {"x": "a" * FULL}
    yield "URL heads", {"x": "http://a:" * (FULL // 9)}
    yield "URL credentials", {"x": "http://a:b1cdefgh@c " * (FULL // 20)}
    yield "PEM heads", {"x": "-----BEGIN RSA PRIVATE KEY-----\n" * (FULL // 32)}
    yield "JWT heads", {"x": "eyJ" * (FULL // 3)}
    yield "JWT pieces", {"x": "eyJhbGciOi.eyJ" * (FULL // 14)}
    yield (
        "every prefix",
        {"x": (" ".join(shape.partition("{")[0] for d in DETECTORS for shape in d.shapes) * 99)[:FULL]},
    )
    yield "every format", {"x": (" ".join(expand(d.shapes[0], d.id) for d in DETECTORS) * 99)[:FULL]}
    yield "every vendor's word", {"x": (" ".join(w + "_key" for d in DETECTORS for w in d.words) * 99)[:FULL]}
    for prefix in (
        "AKIA",
        "ghp_",
        "sk-",
        "xoxb-",
        "SG.",
        "pat",
        "key-",
        "AIza",
        "hooks.slack.com/services/T",
        "$6$",
        "\\x4",
    ):
        yield f"repeated `{prefix}`", {"x": prefix * (FULL // len(prefix))}
    yield "printable noise", {"x": "".join(chr(33 + pick.randrange(94)) for _ in range(FULL))}
    yield (
        "any-Unicode noise",
        {
            "x": "".join(
                chr(pick.choice((pick.randrange(0x20, 0x7F), pick.randrange(0xA0, 0xD7FF)))) for _ in range(FULL // 2)
            )
        },
    )


def _nested(levels: int) -> Json:
    value: Json = {"x": "a" * 8_000}
    for level in range(levels - 1):
        value = {f"k{level}": value, "y": "B3" * 4_000}
    return value


def measure(scanner: Scanner, value: Json, rounds: int) -> tuple[float, float, int, bool]:
    """Median and worst seconds, findings, complete."""
    scan = scanner.scan(value)
    times = []
    for _ in range(rounds):
        began = time.thread_time()
        scan = scanner.scan(value)
        times.append(time.thread_time() - began)
    return statistics.median(times), max(times), len(scan.findings), scan.complete


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Measure secret detection.")
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    scanner = Scanner.compile(fingerprint_key=b"bench-bench-bench")
    print(f"Python {platform.python_version()}, {platform.machine()}, one thread.\n")
    print("| clean input | bytes | median µs | worst µs | findings |\n|---|---|---|---|---|")
    for name, value in clean():
        size = len(json.dumps(value))
        median, worst, findings, _ = measure(scanner, value, 2000 if size < 1000 else 300 if size < 9000 else rounds)
        print(f"| {name} | {size:,} | {median * 1e6:,.0f} | {worst * 1e6:,.0f} | {findings} |")
    print(
        "\n| hostile input of up to 256 KiB | bytes | median ms | worst ms | findings | complete |"
        "\n|---|---|---|---|---|---|"
    )
    for name, value in hostile():
        size = len(json.dumps(value, ensure_ascii=False).encode())
        median, worst, findings, complete = measure(scanner, value, max(3, rounds // 3))
        print(
            f"| {name} | {size:,} | {median * 1e3:.1f} | {worst * 1e3:.1f} "
            f"| {findings} | {'yes' if complete else 'no'} |"
        )


if __name__ == "__main__":
    main()
