"""`policy take-back`: put one object of the draft back to what is in force."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from governance.management.policy.releases import putting_back
from governance.management.policy.releases.releasing import operator
from governance.management.policy.subcommand import Streams, Subcommand
from governance.services.authoring.returning import take_back


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "object", metavar="OBJECT", help="as `policy diff current draft` names it: rules.payers, servers.pay.tools.send"
    )
    putting_back.configure(parser)


def run(options: Namespace, streams: Streams) -> int:
    """0 when it was done, or there was nothing to do; 1 when it was refused, 2 when it cannot be used."""
    return putting_back.put_back(
        options,
        streams,
        lambda: take_back(
            actor=operator(),
            path=options.object,
            expected_revision=options.revision,
            reason=options.reason,
            dry_run=options.dry_run,
        ),
    )


SUBCOMMAND = Subcommand(
    name="take-back",
    summary="put one object of the draft back to what is in force",
    configure=configure,
    run=run,
    needs_database=lambda _options: True,
)
