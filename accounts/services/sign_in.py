"""Signing in with a password: counted before it is looked at, by account and by network, and recorded.

Three budgets of attempts hold at once. An attempt is charged to all of them first, so that as many at a time are no way
past; one that succeeds is paid back. Where one is spent the password is not looked at, and a right one is refused like
a wrong one: the answer tells nobody which it was.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db import connection, transaction
from django.http import HttpRequest

from accounts.guard.network import network_of
from accounts.models import User
from audit.records.kinds import Kind, Level
from audit.records.who import Who
from audit.writing import outbox

KEPT = "1 day"
"""Every budget is whole again long before."""
_WHO = Who.component("console")


@dataclass(frozen=True, slots=True)
class AttemptBudget:
    """`burst` attempts at once, `a_minute` come back: more than people mistype, too few to guess by."""

    of: str
    burst: int
    a_minute: float


HERE = AttemptBudget("account and network", 5, 1.0)
ACCOUNT = AttemptBudget("account", 30, 2.0)
NETWORK = AttemptBudget("network", 30, 6.0)


class PasswordBackend(ModelBackend):
    """Django's own check of passwords, behind the budgets."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> User | None:
        """The account of this name and password; None where they are not right or a budget is spent."""
        if username is None or password is None:
            return None
        network = network_of(request.META.get("REMOTE_ADDR") if request is not None else None)
        # In this order: who has spent their network's makes no rows for the names they try, and who has spent their own
        # for an account costs it nothing more, so that no single network shuts its owner out.
        charged = (
            (NETWORK, network),
            (HERE, f"{username.casefold()}\n{network}"),
            (ACCOUNT, username.casefold()),
        )
        spent = _charge(charged)
        if spent is not None:
            if spent.first:
                _record(username, network, action="sign_in.limited", reason=f"too many attempts by {spent.budget.of}")
            return None
        found = super().authenticate(request, username=username, password=password, **more)
        if found is None:
            _record(username, network, action="sign_in.refused", reason="name or password is not right")
            return None
        _pay_back(charged)
        return found


@dataclass(frozen=True, slots=True)
class Spent:
    """A budget that has nothing left; `first` says that this attempt found it so first."""

    budget: AttemptBudget
    first: bool


def _charge(charged: tuple[tuple[AttemptBudget, str], ...]) -> Spent | None:
    """Take one attempt of each budget; the first that has none left, and nothing of those after it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_signinattempts WHERE at < now() - %s::interval", [KEPT])
        for budget, whose in charged:
            cursor.execute(
                "INSERT INTO accounts_signinattempts AS kept (key, spent, at) VALUES (%(key)s, 1, now()) "
                "ON CONFLICT (key) DO UPDATE SET at = now(), spent = 1 + least(%(burst)s + 0.5, greatest(0, kept.spent "
                "- greatest(0, extract(epoch FROM now() - kept.at)) * %(a_minute)s / 60)) RETURNING spent",
                {"key": _key(budget, whose), "burst": budget.burst, "a_minute": budget.a_minute},
            )
            (spent,) = cursor.fetchone()
            if spent > budget.burst:
                cursor.execute(
                    "UPDATE accounts_signinattempts SET spent = %(burst)s + 0.5 WHERE key = %(key)s",
                    {"key": _key(budget, whose), "burst": budget.burst},
                )
                return Spent(budget, first=spent <= budget.burst + 1)
    return None


def _pay_back(charged: tuple[tuple[AttemptBudget, str], ...]) -> None:
    """Who knows the password was not guessing: their own budget is whole again, the shared ones have their attempt."""
    with transaction.atomic(), connection.cursor() as cursor:
        for budget, whose in charged:
            back = budget.burst + 1 if budget is HERE else 1
            cursor.execute(
                "UPDATE accounts_signinattempts SET spent = greatest(0, spent - %s) WHERE key = %s",
                [back, _key(budget, whose)],
            )


def _key(budget: AttemptBudget, whose: str) -> str:
    return hashlib.sha256(f"{budget.of}\n{whose}".encode()).hexdigest()


def _record(username: str, network: str, *, action: str, reason: str) -> None:
    """One record; it names the account only where there is one, since people type passwords where names belong."""
    known = User.objects.filter(username=username).exists()
    outbox.record(
        Kind.AUTHENTICATION,
        actor=_WHO,
        level=Level.WARNING,
        action=action,
        status="failed",
        method="password",
        network=network,
        audience="web",
        reason=reason,
        detail={"unverified_subject": username if known else None},
    )
