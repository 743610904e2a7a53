"""`policy rollback`: an old document in force again, as a new release."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from governance.management.policy.releases.releasing import guarded, operator, tell
from governance.management.policy.subcommand import GOOD, Streams, Subcommand
from governance.services.releasing.publish import roll_back


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("number", type=int, metavar="N", help="the release to go back to")
    parser.add_argument("-m", "--message", default="", help="why")


def run(options: Namespace, streams: Streams) -> int:
    """0 when it is in force, 1 when there is no such release or a second person is needed, 2 when it cannot be used."""

    def work() -> int:
        code = tell(roll_back(actor=operator(), number=options.number, message=options.message, at_once=True), streams)
        if code == GOOD:
            streams.out.write(
                "The draft is as it was. `policy discard` throws it away, `policy restore N` makes it a release again, "
                "`policy take-back OBJECT` takes one change back.\n"
            )
        return code

    return guarded(work, streams)


SUBCOMMAND = Subcommand(
    name="rollback",
    summary="put an old release's document in force again",
    configure=configure,
    run=run,
    needs_database=lambda _options: True,
)
