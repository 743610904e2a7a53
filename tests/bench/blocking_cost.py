"""What the blocklist costs: `python -m tests.bench.blocking_cost` prints a table of medians and worst cases."""

from __future__ import annotations

import base64
import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from governance.engine.blocking import Blocklist

KIB = 1024
TYPICAL: dict[str, dict[str, Any]] = {
    "plain, 300 bytes": {
        "customer": "Acme Incorporated",
        "period": "2026 third quarter",
        "fields": ["revenue", "margin", "region", "segment"],
        "limit": 250,
        "order": "descending by margin, then region",
        "comment": "For the board meeting on Thursday; please include last year's numbers as well as the forecast "
        "we agreed on",
        "requested": "alice in finance",
    },
    "plain with a path": {"path": "/srv/reports/2026/q3.csv", "encoding": "utf-8", "limit": 100},
    "command, 60 bytes": {"command": "git commit -m 'fix the thing' && git push origin main"},
    "short command": {"command": "npm test"},
    "statement": {"sql": "SELECT id, name FROM users WHERE created > '2026-01-01' ORDER BY id LIMIT 50"},
    "address": {"url": "https://api.example.com/v1/users?id=3&next=/home"},
}


def adversarial(size: int = 256 * KIB) -> dict[str, dict[str, Any]]:
    """Arguments of about `size` bytes, each made to be slow in some part."""

    def full(unit: str) -> str:
        return (unit * (size // len(unit) + 1))[:size]

    keys = ("command", "sql", "path", "url", "x", "content", "code", "query")
    units = {
        "letters": "a",
        "words": "rm -rf a ",
        "separators": ";",
        "pipes": "a|",
        "nested substitutions": "$(",
        "open braces": "{a,b}",
        "parameters": "${a:-",
        "backticks": "`a` ",
        "quotes": "\"'",
        "backslashes": "\\",
        "here-documents": "<<A\n",
        "redirects": "> a ",
        "addresses": "http://a.example ",
        "redirect parameters": "?url=a&next=b",
        "percent": "%25",
        "dots": "../",
        "slashes": "/",
        "comments": "/*",
        "parentheses": "(",
        "statements": "DELETE FROM t WHERE ",
        "equals": "a=a or ",
        "base64": "QUFB",
        "base64 words": "cm0gLXJmIC8= ",
        "hex": "\\x41",
        "wide": "ｒｍ",
        "marks": "a\u0301\u200b",
        "assignments": "a=$a$a;",
        "calls": "os.system('a');",
        "calls open": 'system("\\',
        "dollar quotes": "$a$",
        "spaces": " ",
        "new lines": "\n",
        "wrappers": "sudo ",
        "find": "find / -exec ",
        "brackets": "[[",
        "json": '{"a":',
        "at": "a@",
        "colons": "a:",
        "exec fetch": "exec(requests.get(",
        "sockets": "socket.socket(",
        "drop": "drop table ",
        "quote semicolon": "';",
        "select": "select ",
        "with": "with a as (",
        "fork": "a(){",
        "windows": "C:\\a %A% ",
        "iex": "iex downloadstring ",
        "digits": "1.2.3.4 ",
        "tilde": "~/.ssh ",
    }
    cases: dict[str, dict[str, Any]] = {
        f"{name} in {key}": {key: full(unit)} for name, unit in units.items() for key in keys
    }
    cases["many leaves"] = {"x": ["rm"] * (size // 5)}
    cases["many commands"] = {"commands": ["rm -rf a"] * (size // 11)}
    cases["many paths"] = {"paths": ["../a"] * (size // 7)}
    cases["many addresses"] = {"urls": ["http://a"] * (size // 11)}
    cases["many keys"] = {f"command{number}": "ls" for number in range(size // 20)}
    cases["deep"] = _deep(size // 8)
    cases["payload"] = {"x": base64.b64encode(full("rm -rf / ").encode()).decode()[:size]}
    cases["nested shells"] = {"command": full("bash -c 'bash -c \"")}
    cases["encoded shells"] = {"command": full("echo cm0gLXJmIC8= | base64 -d | sh; ")}
    return cases


def _deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"command": "ls"}
    for _ in range(min(levels, 30_000)):
        value = {"a": value}
    return value


def measured(work: Callable[[], object], *, runs: int) -> list[float]:
    """Processor seconds of each of `runs` runs: what other work on the machine takes is left out."""
    times: list[float] = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return times


def main(lines: Iterable[str] = ()) -> None:
    """Print the table."""
    blocklist = Blocklist.compile()
    for name, arguments in TYPICAL.items():
        times = measured(partial(blocklist.match, "tool", "crm/report", arguments), runs=3000)
        print(
            f"{name:28} median {statistics.median(times) * 1e6:8.1f} µs   "
            f"p99 {sorted(times)[int(len(times) * 0.99)] * 1e6:8.1f} µs"
        )
    worst: list[tuple[float, str]] = []
    for name, arguments in adversarial().items():
        worst.append((min(measured(partial(blocklist.match, "tool", "crm/report", arguments), runs=2)), name))
    worst.sort(reverse=True)
    print(
        f"256 KiB, {len(worst)} adversarial cases: median {statistics.median(time for time, _ in worst) * 1e3:.1f} ms"
    )
    for seconds, name in worst[:12]:
        print(f"  {name:40} {seconds * 1e3:8.1f} ms")


if __name__ == "__main__":
    main()
