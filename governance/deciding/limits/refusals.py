"""What a refused credential costs, and the record that it leaves.

A network (/24, /56) has a budget of refused credentials: the rate of the class `oauth_auth` for anonymous callers. Each
credential that does not authenticate is charged to it, at whatever door; where it is spent the answer is 429 instead of
401. A credential that holds is never charged nor refused for it, since who has a valid one cannot help what others of
the network send. So every credential is looked at, and the charge is taken when it has proved bad: nothing is awaited
between the two, so it comes to the same as charging before and paying back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from accounts.credentials.claimed import Claimed
from accounts.guard.bans import BanTable, Refusals
from accounts.guard.lists import GuardLists
from accounts.guard.network import network_of
from audit.records.kinds import Kind, Level
from audit.records.record import prepare
from audit.records.who import Who
from audit.writing.journal import AuditUnavailable, Journal
from governance.deciding.limits.limits import TooManyRequests
from governance.engine.budget import Charge, MemoryBudgets, Quota
from governance.engine.compiled.snapshot import Limits

RATE = ("oauth_auth", "anon")
NETWORKS = 20_000
NOTHING = Claimed()
MISSING = "credential.missing"
_WHO = Who.component("door")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One credential that was refused: the code of the 401, at the door of which audience, from which address."""

    code: str
    audience: str
    peer: str


class RefusedCredentials:
    """The budgets and counts of one process, at most `NETWORKS` of each; `among` processes divide a budget.

    Ten refusals of a network are records of their own, after that one a minute tells how many there were. Safe for many
    threads: the management API asks from others than the event loop's.
    """

    def __init__(self, *, journal: Journal, limits: Callable[[], Limits], among: int = 1) -> None:
        self._journal = journal
        self._limits = limits
        self._among = among
        self._lock = threading.Lock()
        self._budgets = MemoryBudgets(buckets=NETWORKS, windows=1)
        self._counts = BanTable(GuardLists(), capacity=NETWORKS)

    def refuse(self, refusal: Refusal, claimed: Callable[[], Claimed], *, now: float) -> None:
        """Record and charge one refusal. Raises TooManyRequests where the network's budget is spent.

        `claimed` is asked only for a record of its own. A request without a credential is charged and leaves no record.
        """
        network = network_of(refusal.peer)
        with self._lock:
            told = None if refusal.code == MISSING else self._counts.refused(network, refusal.code, now)
        if told is not None:
            single = told.count == 1
            self._record(told, claimed() if single else NOTHING, audience=refusal.audience if single else None)
        self._charge(network, now)

    def tell_due(self, now: float, *, all_of_it: bool = False) -> None:
        """Record what is counted and not yet told of networks that went quiet; `all_of_it` where the process ends."""
        with self._lock:
            due = self._counts.due(now, all_of_it=all_of_it)
        for told in due:
            self._record(told, NOTHING, audience=None)

    def _charge(self, network: str, now: float) -> None:
        limits = self._limits()
        if limits.disabled:
            return
        quota = Quota(*limits.bucket(*RATE)).shared(self._among)
        with self._lock:
            verdict = self._budgets.admit((Charge(network, quota, "rate.edge"),), now)
        if not verdict.admitted:
            raise TooManyRequests(verdict)

    def _record(self, told: Refusals, claimed: Claimed, *, audience: str | None) -> None:
        detail: Mapping[str, Any] = {
            "count": told.count,
            **({"kid": claimed.kid} if claimed.kid is not None else {}),
            **({"unverified_subject": claimed.subject} if claimed.subject is not None else {}),
        }
        event = prepare(
            Kind.AUTHENTICATION,
            who=_WHO,
            level=Level.WARNING,
            action="credential.refused",
            status="failed",
            method=claimed.method if audience is not None else None,
            network=told.network,
            reason=told.reason,
            audience=audience,
            detail=detail,
        )
        try:
            self._journal.append(event)
        except AuditUnavailable:
            # Refusing goes on: nobody is let in by it, and the journal alarms by itself.
            log.error("credential.not_recorded", network=told.network, count=told.count)
