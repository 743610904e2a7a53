"""Who asks: one function from the one credential of a request to a verified caller, at every door."""

from __future__ import annotations

from collections.abc import Callable

from accounts.credentials.claimed import Claimed
from accounts.credentials.proxy import NAMES
from accounts.guard.network import network_of
from accounts.identity.verified import Identity
from accounts.tokens.errors import CredentialError
from governance.api.door.exchange import Exchange
from governance.api.door.problems import too_many_requests, unauthenticated
from governance.deciding.limits.limits import TooManyRequests
from governance.deciding.limits.refusals import Refusal
from governance.deciding.runtime import Runtime


def identify(runtime: Runtime, exchange: Exchange, *, audience: str = "api", proxied: bool = True) -> Identity:
    """Who asks, by a token, an agent key, or the word of a trusted proxy; a `Problem` 401 otherwise,
    and 429 where too many of the client's network were refused.

    `audience` is the door's. A door with `proxied=False` does not look at a proxy's headers at all.
    """
    try:
        vouched = _by_proxy(runtime, exchange, audience=audience) if proxied else None
        identity = runtime.authenticator.authenticate(
            exchange.headers,
            audience=audience,
            now=exchange.received_at,
            peer=exchange.peer,
            query=exchange.query,
            optional=vouched is not None,
        )
        if vouched is None:
            return identity
        if identity.authenticated:
            raise CredentialError("credential.multiple", "The request carries more than one credential.")
    except CredentialError as error:
        charge_refused(runtime, exchange, error, lambda: runtime.authenticator.claimed_in(exchange.headers), audience)
        raise unauthenticated(error, issuer=runtime.issuer) from None
    return vouched


def charge_refused(
    runtime: Runtime, exchange: Exchange, error: CredentialError, claimed: Callable[[], Claimed], audience: str
) -> None:
    """Record a refused credential and charge it to the client's network.

    Raises `Problem` 429 where too many of that network were refused. `claimed` is what the credential says of itself.
    """
    refusal = Refusal(code=error.code, audience=audience, peer=exchange.peer)
    try:
        runtime.refused.refuse(refusal, lambda: _storable(runtime, claimed()), now=exchange.received_at)
    except TooManyRequests as spent:
        raise too_many_requests(spent) from None


def _storable(runtime: Runtime, claimed: Claimed) -> Claimed:
    """The claims without names that the policy's detectors take for a secret: they are a caller's, and kept."""
    named = {"kid": claimed.kid or "", "subject": claimed.subject or ""}
    found = any(not finding.shadow for finding in runtime.snapshot.scanner.scan(named).findings)
    return Claimed(method=claimed.method) if found else claimed


def _by_proxy(runtime: Runtime, exchange: Exchange, *, audience: str) -> Identity | None:
    """The identity that a trusted proxy vouches for. Headers not believed count as absent, and are recorded."""
    if NAMES.isdisjoint(exchange.named):
        return None
    target = exchange.path.encode() + (b"?" + exchange.query if exchange.query else b"")
    try:
        if runtime.proxy is None:
            raise CredentialError("proxy.refused", "No proxy is trusted here.")
        claim = runtime.proxy.claim(
            exchange.headers,
            method=exchange.method,
            target=target,
            body=exchange.body,
            peer=exchange.hop,
            now=exchange.received_at,
        )
        return runtime.authenticator.by_proxy(claim, audience=audience, now=exchange.received_at)
    except CredentialError as refused:
        told = runtime.proxy_refusals.refused(network_of(exchange.peer), refused.code, exchange.received_at)
        if told is not None:  # anybody can send these headers: what is recorded of a network is bounded
            detail = {"peer": exchange.peer, "path": exchange.path, "reason": refused.code, "count": told.count}
            runtime.alarm("proxy.refused", detail)
        return None
