"""`policy test`: a policy's own tests against that policy."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace

from governance.engine.deciding.driver import failing_hooks, passing_hooks
from governance.engine.need import HookRuns, NeedHooks
from governance.management.policy.documents import load
from governance.management.policy.subcommand import FINDINGS, GOOD, UNUSABLE, Streams, Subcommand
from governance.policy.testing import CaseResult, run_tests


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="FILE|DIR", help="a policy file, or a folder of them")
    parser.add_argument("--json", action="store_true", help="one line of JSON a test")
    parser.add_argument(
        "--hooks",
        action="store_true",
        help="count hooks as they would fare here: none can be run by this command, so each fails",
    )


def run(options: Namespace, streams: Streams) -> int:
    """0 when every test holds, 1 when one does not, 2 when the policy cannot be used."""
    document = load(options.paths, streams)
    if document is None:
        return UNUSABLE
    results = run_tests(document, now=time.time(), hooks=unrunnable if options.hooks else passing_hooks)
    for result in results:
        if options.json:
            streams.out.write(json.dumps(result.line(), ensure_ascii=False) + "\n")
        elif not result.passed:
            streams.out.write(f"FAIL {result.name}\n     {_difference(result)}\n")
    failed = sum(not result.passed for result in results)
    if not options.json:
        noun = "test" if len(results) == 1 else "tests"
        streams.out.write(f"{len(results)} {noun}, {failed} failed\n")
    return FINDINGS if failed else GOOD


def unrunnable(need: NeedHooks) -> HookRuns:
    """Every hook fails: a run outside a server has no registered executables."""
    return failing_hooks(need, reason="it is not registered here")


def _difference(result: CaseResult) -> str:
    """What was expected and what came, for the keys that matter."""
    parts = [
        f"{key}: expected {value}, got {result.got.get(key)}"
        for key, value in result.expected.items()
        if result.got.get(key) != value
    ]
    code = result.got.get("code")
    rule = f" by {result.got['rule']}" if result.got.get("rule") else ""
    return "; ".join(parts) + (f" ({code}{rule})" if code else "")


SUBCOMMAND = Subcommand(
    name="test", summary="run a policy's own tests against it; needs no database", configure=configure, run=run
)
