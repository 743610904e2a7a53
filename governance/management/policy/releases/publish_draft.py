"""`policy publish`: the draft becomes the next release, or a proposal."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from governance.management.policy.releases.releasing import guarded, operator, tell
from governance.management.policy.subcommand import Streams, Subcommand
from governance.services.releasing.publish import publish_draft


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("-m", "--message", required=True, help="what changes, in your words")
    parser.add_argument("--override", default="", metavar="REASON", help="why to publish although a test fails")
    parser.add_argument("--emergency", action="store_true", help="at once, without a second person; may only tighten")
    parser.add_argument("--on", type=int, metavar="N", help="refuse unless release N is the newest")


def run(options: Namespace, streams: Streams) -> int:
    """0 when it is in force, 1 when a test fails, somebody came first or a second person is needed, 2 when unusable."""
    return guarded(
        lambda: tell(
            publish_draft(
                actor=operator(),
                message=options.message,
                expected_release=options.on,
                override_reason=options.override,
                emergency=options.emergency,
                at_once=True,
            ),
            streams,
        ),
        streams,
    )


SUBCOMMAND = Subcommand(
    name="publish",
    summary="publish the draft as the next release",
    configure=configure,
    run=run,
    needs_database=lambda _options: True,
)
