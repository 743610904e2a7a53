"""Rate limits at the two places where they hold: at the edge, by route class, and in the pipeline's layer 4."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, isfinite
from typing import Final

from accounts.guard.network import network_of
from accounts.identity.verified import Identity
from governance.deciding.limits.budget_store import BudgetStore, MemoryStore
from governance.engine.budget import BudgetVerdict, Charge, Quota, Window
from governance.engine.compiled.snapshot import Limits
from governance.engine.need import Buckets, NeedBuckets

ATTEMPT_FACTOR: Final = 2.0
"""The attempt budget of a deciding route is this many times the class's rate."""

ATTEMPT_BYTES: Final = 16 * 1024
"""One more token for each so many bytes of an attempt's body."""

Headers = tuple[tuple[str, str], ...]
PAID = Buckets()
ROUNDING = 1e-6

LONGEST_WAIT: Final = 86_400
"""Seconds; what `Retry-After` says where nothing will ever be admitted."""


class TooManyRequests(Exception):
    """The edge admits no more for now: a 429 with these headers."""

    def __init__(self, verdict: BudgetVerdict) -> None:
        super().__init__("rate.edge")
        self.verdict = verdict
        self.headers = headers_of(verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeQuotas:
    """A release's limits as the edge needs them: every class and tier has its quota, so that a check computes none."""

    requests: Mapping[tuple[str, str], Quota]
    attempts: Mapping[tuple[str, str], Quota]

    @classmethod
    def of(cls, limits: Limits) -> EdgeQuotas:
        """From the limits of a snapshot."""
        buckets = {at: limits.bucket(*at) for at in limits.rates}
        return cls(
            requests={at: _quota(rate, burst) for at, (rate, burst) in buckets.items()},
            attempts={
                at: _quota(rate * ATTEMPT_FACTOR, burst * ATTEMPT_FACTOR) for at, (rate, burst) in buckets.items()
            },
        )


class LimitStore:
    """Both levels of limits over one store. `limits` gives those of the release in force, so that a publish is felt
    at the next request."""

    def __init__(self, store: BudgetStore, limits: Callable[[], Limits]) -> None:
        self._store = store
        self._limits = limits
        self._compiled: tuple[Limits, EdgeQuotas] | None = None

    @property
    def degraded(self) -> bool:
        """Whether this process spends its share because the shared store cannot be reached."""
        return self._store.degraded

    def spend(self, need: NeedBuckets, *, now: float) -> Buckets | Awaitable[Buckets]:
        """Layer 4's answer: the principal's bucket on the class and the signed session pay together, or neither.

        At once where the budgets are in memory, to be awaited where they are shared.
        """
        if isinstance(self._store, MemoryStore):
            return _buckets_of(self._store.budgets.admit(charges_of(need), now))
        return self._spend_shared(need, now)

    async def _spend_shared(self, need: NeedBuckets, now: float) -> Buckets:
        return _buckets_of(await self._store.admit(charges_of(need), now))

    async def charge_request(
        self, identity: Identity | None, *, rate_class: str, now: float, peer: str | None = None
    ) -> Headers:
        """Charge one request of this class, and say what is left. Raises TooManyRequests.

        Without an identity (none verified yet, or refused) the client's network pays, as anon.
        """
        limits, quotas = self._in_force()
        if limits.disabled:
            return ()
        key = f"r\n{payer(identity, peer)}\n{rate_class}"
        return await self._charge(Charge(key, _of(quotas.requests, rate_class, identity), "rate.edge"), now)

    async def charge_attempt(
        self,
        identity: Identity | None,
        *,
        rate_class: str,
        now: float,
        items: int = 1,
        size: int = 0,
        peer: str | None = None,
    ) -> Headers:
        """Charge an attempt at a deciding route before anything of it is scanned: a token an item, and one for each
        16 KiB of `size`; and say what is left. Raises TooManyRequests."""
        charge = self._attempt(identity, rate_class, items, size, peer)
        return () if charge is None else await self._charge(charge, now)

    async def charge_refusal(
        self,
        identity: Identity | None,
        *,
        rate_class: str,
        now: float,
        items: int = 1,
        size: int = 0,
        peer: str | None = None,
    ) -> None:
        """Charge what was denied or could not be read once more, so that it has cost double."""
        charge = self._attempt(identity, rate_class, items, size, peer)
        if charge is not None:
            await self._store.debit(charge, now)

    def _attempt(
        self, identity: Identity | None, rate_class: str, items: int, size: int, peer: str | None
    ) -> Charge | None:
        limits, quotas = self._in_force()
        if limits.disabled:
            return None
        quota = _of(quotas.attempts, rate_class, identity)
        return Charge(
            f"a\n{payer(identity, peer)}\n{rate_class}", quota, "rate.edge", float(items + size // ATTEMPT_BYTES)
        )

    async def _charge(self, charge: Charge, now: float) -> Headers:
        store = self._store
        if isinstance(store, MemoryStore):
            verdict = store.budgets.admit((charge,), now)
        else:
            verdict = await store.admit((charge,), now)
        if not verdict.admitted:
            raise TooManyRequests(verdict)
        return headers_of(verdict)

    def _in_force(self) -> tuple[Limits, EdgeQuotas]:
        limits = self._limits()
        if self._compiled is None or self._compiled[0] is not limits:
            self._compiled = (limits, EdgeQuotas.of(limits))
        return self._compiled


def _buckets_of(verdict: BudgetVerdict) -> Buckets:
    if verdict.admitted:
        return PAID
    wait = verdict.retry_after if isfinite(verdict.retry_after) else LONGEST_WAIT
    return Buckets(
        principal=verdict.code != "rate.principal",
        session=verdict.code != "rate.session",
        retry_after_ms=max(1, ceil(wait * 1000)),
    )


def charges_of(need: NeedBuckets) -> tuple[Charge, ...]:
    """What `need` would spend: of one budget, at the rate of the credential that asks.

    Credentials of one principal share it, however far each is lowered, so that several are worth no more than one.
    """
    key = f"p\n{need.principal}\n{need.rate_class}"
    principal = Charge(key, _quota(need.rate, need.burst), "rate.principal")
    if need.session is None:
        return (principal,)
    window = _window(need.session_calls, need.session_window)
    return (principal, Charge(f"s\n{need.principal}\n{need.session}", window, "rate.session"))


def headers_of(verdict: BudgetVerdict) -> Headers:
    """`RateLimit-*`, and `Retry-After` for a refusal; nothing where nothing is limited."""
    if not isfinite(verdict.limit):
        return ()
    reset = ceil(verdict.reset) if isfinite(verdict.reset) else LONGEST_WAIT
    said = (
        ("RateLimit-Limit", str(int(verdict.limit))),
        ("RateLimit-Remaining", str(int(verdict.remaining + ROUNDING))),
        ("RateLimit-Reset", str(reset)),
    )
    if verdict.admitted:
        return said
    wait = ceil(verdict.retry_after) if isfinite(verdict.retry_after) else LONGEST_WAIT
    return (*said, ("Retry-After", str(max(1, wait))))


def payer(identity: Identity | None, peer: str | None) -> str:
    """Whose budget a request spends: the principal's, for anonymous and unverified callers their network's."""
    if identity is None or not identity.authenticated:
        return f"n:{network_of(peer)}"
    return f"p:{identity.caller.principal.id}"


def _of(quotas: Mapping[tuple[str, str], Quota], rate_class: str, identity: Identity | None) -> Quota:
    """The caller's quota: that of its rate tier, and never more than that of the one it was lowered from."""
    if identity is None:
        return quotas[rate_class, "anon"]
    principal = identity.caller.principal
    quota = quotas[rate_class, principal.rate_tier]
    if principal.rate_ceiling is None:
        return quota
    return min(quota, quotas[rate_class, principal.rate_ceiling], key=lambda one: one.rate)


_quota = lru_cache(maxsize=4_096)(Quota)
_window = lru_cache(maxsize=256)(Window)
