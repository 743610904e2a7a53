"""What the subcommands that change an installation share: who acts, and how refusals become exit codes."""

from __future__ import annotations

import getpass
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import Error as DatabaseError

from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from governance.management.policy.subcommand import FINDINGS, GOOD, UNUSABLE, Streams
from governance.policy.document.errors import PolicyErrors
from governance.selectors.policy_versions import ReleaseAltered
from governance.services.authoring.returning import NothingDiffers
from governance.services.releasing.publish import NothingToPublish, Published
from governance.vault.errors import KeyMaterialError

MOST_SHOWN = 20
"""Changes that a publish prints."""


def operator() -> Actor:
    """The command, with the operating-system user who runs it."""
    return Actor.command("policy", staff=getpass.getuser())


def guarded(work: Callable[[], int], streams: Streams) -> int:
    """Run `work`; what it refuses goes to `err`: 1 for what somebody must decide, 2 for what cannot be used."""
    try:
        return work()
    except (NothingToPublish, NothingDiffers) as nothing:
        streams.out.write(f"{nothing}\n")
        return GOOD
    except PolicyErrors as errors:
        for error in errors.errors:
            streams.err.write(f"{error}\n")
        return UNUSABLE
    except ReleaseAltered as error:
        streams.err.write(f"{error}\n")
        return UNUSABLE
    except ServiceError as error:
        streams.err.write(f"{error}\n")
        return FINDINGS
    except ValidationError as error:
        streams.err.write("".join(f"{message}\n" for message in error.messages))
        return UNUSABLE
    except (KeyMaterialError, DatabaseError) as error:
        streams.err.write(f"{str(error).strip().splitlines()[0]}\n")
        return UNUSABLE


def tell(published: Published, streams: Streams) -> int:
    """Say what came of a publish: 0 in force, 1 when it waits for somebody."""
    for change in published.changes[:MOST_SHOWN]:
        streams.out.write(f"{change.effect:<8} {change.path}: {change.summary}\n")
    if len(published.changes) > MOST_SHOWN:
        streams.out.write(f"… and {len(published.changes) - MOST_SHOWN} more: `policy diff` shows them\n")
    for result in published.failing:
        streams.out.write(f"overridden: the test {result.name!r} fails\n")
    if published.release is not None:
        release = published.release
        streams.out.write(f"Release {release.number} is signed ({release.digest[:12]}, {release.rule_count} rules).\n")
        return GOOD
    streams.out.write(f"Proposal {published.proposal.pk} waits for a second person:\n")
    for reason in published.proposal.reasons:
        streams.out.write(f"  {reason}\n")
    return FINDINGS
