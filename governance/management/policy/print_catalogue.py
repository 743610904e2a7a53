"""`policy catalogue`: a client's built-in tools as a policy file, to be laid into a policy's folder."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from governance.management.policy.subcommand import GOOD, Streams, Subcommand
from governance.policy.catalogue import clients


def configure(parser: ArgumentParser) -> None:
    """One client, or all of them by name."""
    parser.add_argument("client", nargs="?", choices=sorted(clients()), help="the client; without one, their names")


def run(options: Namespace, streams: Streams) -> int:
    """Always 0."""
    known = clients()
    if options.client is None:
        streams.out.write("".join(f"{name}\n" for name in known))
    else:
        streams.out.write(known[options.client].read_text(encoding="utf-8"))
    return GOOD


SUBCOMMAND = Subcommand(
    name="catalogue", summary="print a client's built-in tools as a policy file", configure=configure, run=run
)
