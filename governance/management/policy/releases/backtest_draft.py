"""`policy backtest`: which recorded decisions of the last days another policy would make otherwise."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime, timedelta

from governance.management.policy.documents import load
from governance.management.policy.releases.releasing import guarded
from governance.management.policy.subcommand import FINDINGS, GOOD, UNUSABLE, Streams, Subcommand

_SHOWN = 20


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("policy", metavar="FILE|draft", help="a policy file, a folder, draft, current or a release")
    parser.add_argument("--days", type=float, default=1.0, help="how far to look back (default: 1)")
    parser.add_argument("--json", action="store_true", help="one JSON object with every flip")


def run(options: Namespace, streams: Streams) -> int:
    """0 when nothing flips, 1 when something does, 2 when the policy cannot be used."""
    document = load(options.policy, streams)
    if document is None:
        return UNUSABLE

    def tell_progress(done: int, total: int) -> None:
        streams.err.write(f"{done} of {total}\n")

    def work() -> int:
        from governance.services.replaying.backtest import backtest

        now = datetime.now(tz=UTC)
        result = backtest(
            document,
            since=now - timedelta(days=options.days),
            until=now,
            progress=tell_progress,
        )
        if options.json:
            streams.out.write(json.dumps(result.as_json(), ensure_ascii=False) + "\n")
            return FINDINGS if result.flipped else GOOD
        unknown = sum(result.unknown.values())
        streams.out.write(f"{result.total} decisions: {result.same} same, {result.flipped} flip, {unknown} unknown\n")
        for word, counted in (("rule", result.by_rule), ("agent", result.by_agent), ("tool", result.by_tool)):
            streams.out.writelines(f"  {word} {name}: {count}\n" for name, count in counted.most_common(_SHOWN))
        streams.out.writelines(f"  unknown, {reason}: {count}\n" for reason, count in result.unknown.most_common())
        for flip in result.flips[:_SHOWN]:
            streams.out.write(f"{flip.id} {flip.principal} {flip.entity}: {flip.was} → {flip.now} {flip.rule or ''}\n")
        return FINDINGS if result.flipped else GOOD

    return guarded(work, streams)


SUBCOMMAND = Subcommand(
    name="backtest",
    summary="decide recorded calls again by another policy; list what flips",
    configure=configure,
    run=run,
    needs_database=lambda _options: True,
)
