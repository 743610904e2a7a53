"""The page of the figures: docs/benchmarks.md, made anew by every run."""

from __future__ import annotations

import os
import platform
import sysconfig
import time
from importlib.metadata import version
from pathlib import Path

from tests.bench.http_bench import CONNECTIONS

Named = dict[str, dict[str, float]]

ENGINE = (
    ("whole pipeline, 500 rules, 300 bytes", 60.0),
    ("whole pipeline, 500 rules, 300 bytes, one condition", None),
    ("secrets alone, 300 bytes", None),
    ("blocklist alone, 300 bytes", None),
    ("policy layers alone, 500 rules", 15.0),
    ("policy layers alone, 500 rules, one condition", None),
    *((f"whole pipeline, arguments of {kib} KiB", None) for kib in (4, 16, 64, 256)),
    *((f"policy layers, {rules} rules", None) for rules in (100, 1_000, 10_000, 100_000)),
    *((f"policy layers, {tools} tools", None) for tools in (10, 100, 1_000, 10_000)),
    ("surface of 10,000 tools", None),
    ("surface of 10,000 tools, cold", None),
    ("explain, 500 rules", None),
    ("who can, 10,000 principals", None),
)
TRAIL = (
    ("journal append", None),
    ("read, check, make rows", None),
    ("COPY alone", 20_000.0),
    ("end to end", 10_000.0),
    ("end to end, two processes", 10_000.0),
)
PACKAGES = (
    "Django",
    "uvicorn",
    "uvloop",
    "httptools",
    "orjson",
    "google-re2",
    "kingfisher-secret-scanner",
    "cel-expr-python",
)


def written(engine: Named, trail: Named, http: dict[str, float], *, seconds: float) -> str:
    """The page in Markdown."""
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return PAGE.format(
        when=when,
        machine=_machine(),
        engine="\n".join(_engine_row(name, aim, engine) for name, aim in ENGINE),
        growth=_growth(engine),
        seconds=seconds,
        http=_http(http),
        where=_where(engine, http),
        trail="\n".join(_trail_row(name, aim, trail) for name, aim in TRAIL),
    )


PAGE = """# Benchmarks

*For operators and contributors.*

Measured {when} UTC by `make bench`, which writes this page anew; no test asserts a figure. A ratio is to a
fixed piece of pure Python measured in between in the same run, so that two machines can be compared. Where the load
is above 1, other work was disturbing both the clock and the caches, and the figures are worse than the product.

{machine}

## Engine

One call of an agent of a user with two groups, 500 rules, a token bucket; medians of 25 batches of 200, processor time.
What is called policy layers leaves out layers 2 and 3 (secrets, blocklist).

| what | µs | ratio | aim |
|---|---:|---:|---|
{engine}

{growth}

## A decision over HTTP

One uvicorn process and one client process on 127.0.0.1, 16 keep-alive connections, alternated rounds in one run,
{seconds:.0f} s of the lane in all. 500 principals, each with a token, a session and a trace id of its own; 500 rules,
one of them with a condition that applies; arguments of 300 bytes; all allowed, scanned, captured (encrypted) and
journalled with durability `process`: the record is in the kernel before the answer is sent.

{http}

{where}

## Into the trail

Records of ordinary decisions, one process, on a database of the bench's own.

| step | records/s | µs of this process each | aim |
|---|---:|---:|---|
{trail}

## Not measured here

- A release in force in every process, faults, tampering and hostile tokens are tests:
  `tests/governance/services`, `tests/faults`, `tests/accounts/tokens`.
- Verification of the trail and the gateway have no figure until they exist.
- What detection and the blocklist find, and what they cost on hostile input: `docs/detection.md`, `docs/blocklist.md`.
"""


def _http(http: dict[str, float]) -> str:
    routes = {"empty": "empty ASGI route", "lane": "decision, inline lane", "django": "the same view behind Django"}
    rates = [f"| {told} | {http[f'{name} rate']:,.0f} | {http[f'{name} cpu']:,.0f} |" for name, told in routes.items()]
    added, ratio, p50, p99 = http["added cpu"], http["ratio"], http["p50 at 70 %"], http["p99 at 70 %"]
    # A median beyond that of the fully loaded server means that requests queued: then the tail says nothing of it.
    queued = p50 > CONNECTIONS / http["lane rate"] * 1000
    tail = "**not reached**, other work left too little of the machine" if queued else _met(p99 <= 5 * p50)
    return "\n".join(
        [
            "| route | answers/s | server µs each |",
            "|---|---:|---:|",
            *rates,
            "",
            "| what | figure | aim |",
            "|---|---:|---|",
            f"| processor time added to the empty route | {added:,.0f} µs | at most 90 µs: {_met(added <= 90)} |",
            f"| share of the empty route's throughput | {ratio:.2f} | at least 0.40: {_met(ratio >= 0.4)} |",
            f"| latency at 70 % load, median | {p50:.2f} ms | |",
            f"| latency at 70 % load, p99 | {p99:.2f} ms | at most 5 medians: {tail} |",
        ]
    )


def _machine() -> str:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    load = os.getloadavg()
    libraries = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return "\n".join(
        [
            f"- Machine: {model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; load average when",
            f"  the page was written {load[0]:.1f} (1 min), {load[2]:.1f} (15 min)",
            f"- Python {platform.python_version()}, {_optimised()}",
            f"- {libraries}",
        ]
    )


def _optimised() -> str:
    flags = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return f"built {'with' if '--enable-optimizations' in flags else 'without'} profile-guided optimisation"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _engine_row(name: str, aim: float | None, engine: Named) -> str:
    figure = engine[name]
    told = "" if aim is None else f"at most {aim:.0f}: {_met(figure['micros'] <= aim)}"
    return f"| {name} | {figure['micros']:,.1f} | {figure['ratio']:,.1f} | {told} |"


def _trail_row(name: str, least: float | None, trail: Named) -> str:
    figure = trail[name]
    told = "" if least is None else f"at least {least:,.0f}/s: {_met(figure['rate'] >= least)}"
    return f"| {name} | {figure['rate']:,.0f} | {figure['micros']:.1f} | {told} |"


def _growth(engine: Named) -> str:
    def times(first: str, last: str) -> float:
        return engine[last]["ratio"] / engine[first]["ratio"]

    rules = times("policy layers, 100 rules", "policy layers, 100000 rules")
    tools = times("policy layers, 10 tools", "policy layers, 10000 tools")
    size = times("whole pipeline, arguments of 16 KiB", "whole pipeline, arguments of 256 KiB") / 16
    return (
        f"Growth from 100 to 100,000 rules: {rules:.2f} times (at most 1.5: {_met(rules <= 1.5)}); from 10 to 10,000\n"
        f"tools: {tools:.2f} times (at most 1.5: {_met(tools <= 1.5)}). From 16 to 256 KiB of arguments the cost of a\n"
        f"byte grows {size:.2f} times (linear is 1)."
    )


def _where(engine: Named, http: dict[str, float]) -> str:
    policy = engine["policy layers alone, 500 rules, one condition"]["micros"]
    secrets = engine["secrets alone, 300 bytes"]["micros"]
    blocklist = engine["blocklist alone, 300 bytes"]["micros"]
    rest = http["added cpu"] - policy - secrets - blocklist
    return (
        f"Where the added time goes, by the parts measured alone and warm: secrets {secrets:.0f} µs, policy layers\n"
        f"with the condition {policy:.0f} µs, blocklist {blocklist:.0f} µs. The other {rest:,.0f} µs are the request\n"
        "(headers, token, JSON, budgets, labels), the capture's encryption, the record with its journal append, the\n"
        "answer, and what the parts cost more one after the other than alone: each drives the others' code and tables\n"
        "out of the processor's caches, the more so the busier the machine is."
    )


def _met(good: bool) -> str:
    return "reached" if good else "**not reached**"
