"""Authentication: one function behind every door."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace

from accounts.credentials.agent_key import PREFIX, find_key
from accounts.credentials.claimed import Claimed, claimed_by
from accounts.credentials.presented import RawHeaders, presented_credential
from accounts.credentials.proxy import ProxyClaim
from accounts.directory.live import DirectoryState, LiveDirectory
from accounts.identity.caller import caller_of
from accounts.identity.verified import Credential, Identity, anonymous, revocable_names
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import CredentialError, TokenError
from accounts.tokens.verify import VerifiedToken, Verifier, claimed_audience
from governance.engine.principal import Caller, principal_of

CACHED = 10_000
_REVOKED = ("token.revoked", "The credential was revoked.")


@dataclass(slots=True)
class _HeldToken:
    """A token verified before: its identity, and the generation of the directory that it was last compared with."""

    identity: Identity
    verified: VerifiedToken
    generation: int


class Authenticator:
    """Authenticates requests against the directory of this process. Touches no database and no clock.

    A verified token is kept by the SHA-256 of its one canonical spelling, for one ring of keys. What can change under
    it is looked up every time: its expiry, the principal's epoch, revocations.
    """

    def __init__(
        self,
        *,
        verifier: Verifier,
        directory: LiveDirectory,
        digests: KeyedDigest,
        session_cookie: str | None = None,
        cached: int = CACHED,
    ) -> None:
        self._verifier = verifier
        self._directory = directory
        self._digests = digests
        self._session_cookie = session_cookie.encode() if session_cookie else None
        self._capacity = cached
        self._held: OrderedDict[bytes, _HeldToken] = OrderedDict()
        self.used_keys: dict[str, float] = {}

    def authenticate(
        self,
        headers: RawHeaders,
        *,
        audience: str,
        now: float,
        peer: str | None = None,
        query: bytes = b"",
        server: str | None = None,
        optional: bool = False,
        subprotocol: bool = False,
    ) -> Identity:
        """Who this request comes from. `now` in seconds since the epoch, `peer` the client's address.

        `server` is the slug where the door is an MCP server's. `optional` makes a missing credential Anonymous; an
        invalid one is refused all the same. Raises CredentialError, which every door answers with one 401.
        """
        presented = presented_credential(
            headers, query=query, session_cookie=self._session_cookie, subprotocol=subprotocol
        )
        if presented is None:
            if optional:
                return anonymous(audience)
            raise CredentialError("credential.missing", "A bearer token is needed.")
        if presented.startswith(PREFIX):
            return self._by_key(presented, audience=audience, server=server, peer=peer, now=now)
        return self.by_token(presented, audience=audience, now=now)

    def vouches_for(self, headers: RawHeaders, now: float) -> bool:
        """Whether the request carries a credential valid at some door: enough to lift a ban, for nothing else."""
        try:
            presented = presented_credential(headers, subprotocol=True) or ""
            if presented.startswith(PREFIX):
                entry = find_key(presented, self._directory.state.keys, self._digests)
                return not entry.revoked and (entry.expires_at is None or entry.expires_at > now)
            return self.by_token(presented, audience=claimed_audience(presented), now=now).authenticated
        except CredentialError:
            return False

    def claimed(self, presented: str | None) -> Claimed:
        """What a credential that was refused says of itself, unverified."""
        state = self._directory.state
        return claimed_by(presented, kid=self._verifier.ring.get, key=state.keys.get, subject=state.principals.get)

    def claimed_in(self, headers: RawHeaders) -> Claimed:
        """The same of the one credential of a request; nothing where there is no such one."""
        try:
            return self.claimed(presented_credential(headers, subprotocol=True))
        except CredentialError:
            return Claimed()

    def by_token(self, token: str, *, audience: str, now: float) -> Identity:
        """The identity that a signed token proves at the door of `audience`. Raises TokenError."""
        state = self._directory.state
        # What is too long must not be hashed, and what is not ASCII has no digest to be kept by.
        digest = hashlib.sha256(token.encode("ascii", "replace")).digest() if len(token) <= 4096 else b""
        held = self._held.get(digest)
        if held is None or held.identity.caller.audience != audience:
            held = self._verify(token, digest, audience, now, state)
        elif held.generation != state.generation:
            held = self._compare(held, state)
        identity = held.identity
        if identity.expires_at is None or identity.expires_at <= now:
            self._held.pop(digest, None)
            raise TokenError("token.expired", "The token has expired.")
        if state.revocations.shuts_out(identity.names, identity.issued_at):
            raise TokenError(*_REVOKED)
        return identity

    def _verify(self, token: str, digest: bytes, audience: str, now: float, state: DirectoryState) -> _HeldToken:
        verified = self._verifier.verify(token, audience=audience, now=now)
        claims = verified.claims
        caller = caller_of(claims, state.principals, state.rate_tiers)
        identity = Identity(
            caller=caller,
            credential=Credential.TOKEN,
            expires_at=float(claims.exp),
            issued_at=float(claims.iat),
            claims=claims,
            kid=verified.kid,
            token_sha256=digest.hex(),
            names=revocable_names(caller, jti=claims.jti),
        )
        held = _HeldToken(identity, verified, state.generation)
        if len(self._held) >= self._capacity:
            self._held.popitem(last=False)
        self._held[digest] = held
        return held

    @staticmethod
    def _compare(held: _HeldToken, state: DirectoryState) -> _HeldToken:
        """The same token against a newer directory: no signature, but every word of the directory again."""
        caller = caller_of(held.verified.claims, state.principals, state.rate_tiers)
        if caller != held.identity.caller:
            held.identity = replace(held.identity, caller=caller)
        held.generation = state.generation
        return held

    def by_proxy(self, claim: ProxyClaim, *, audience: str, now: float) -> Identity:
        """The identity that a trusted proxy has verified: the directory's principal, only ever narrowed.

        Raises CredentialError for a user that is not there, not active, or revoked.
        """
        state = self._directory.state
        entry = state.principals.get(claim.user)
        if entry is None or not entry.active:
            raise CredentialError("proxy.refused", "The proxy's headers are not believed.")
        rate_tier = state.rate_tiers.get(claim.user)
        principal = principal_of(claim.user, entry, scope=claim.permissions, rate_tier=rate_tier)
        caller = Caller(principal=principal, audience=audience)
        names = revocable_names(caller)
        if state.revocations.shuts_out(names, now):
            raise CredentialError(*_REVOKED)
        return Identity(caller=caller, credential=Credential.PROXY, issued_at=now, names=names)

    def about(self, identity: Identity, subject: str, *, server: str | None) -> Identity | None:
        """The identity of `subject` as an enforcement point asks about it; None where its token does not let it.

        The token must have the scope word `pep` and name the subject and, for a tool, its server. Everything about the
        subject comes from the directory; the credential, and with it revocation, expiry and rate tier, stays the
        asker's, who pays.
        """
        claims = identity.claims
        if claims is None or "pep" not in claims.scope or subject not in claims.pep_subjects:
            return None
        if server is not None and server not in claims.pep_servers:
            return None
        state = self._directory.state
        asker = identity.caller.principal
        principal = replace(
            principal_of(subject, state.principals.get(subject)),
            rate_tier=asker.rate_tier,
            rate_ceiling=asker.rate_ceiling,
        )
        return replace(
            identity, caller=Caller(principal=principal, audience=identity.caller.audience), asked_by=asker.id
        )

    def _by_key(self, presented: str, *, audience: str, server: str | None, peer: str | None, now: float) -> Identity:
        state = self._directory.state
        entry = find_key(presented, state.keys, self._digests)
        entry.check_use(audience=audience, server=server, peer=peer, now=now)
        holder = state.principals.get(entry.principal)
        rate_tier = state.rate_tiers.get(entry.principal)
        caller = Caller(
            principal=principal_of(entry.principal, holder, scope=entry.scopes, rate_tier=rate_tier),
            agent=entry.agent,
            session_id=entry.public_id,
            audience=audience,
        )
        names = revocable_names(caller, key=entry.public_id)
        if state.revocations.shuts_out(names, entry.issued_at):
            raise CredentialError("key.invalid", "The agent key is not in force.")
        self.used_keys[entry.public_id] = now
        return Identity(
            caller=caller,
            credential=Credential.KEY,
            expires_at=entry.expires_at,
            issued_at=entry.issued_at,
            key_id=entry.public_id,
            names=names,
        )


def challenge(error: CredentialError, *, metadata_url: str) -> str:
    """The value of `WWW-Authenticate` (RFC 6750, RFC 9728) for the one 401 that every refusal becomes."""
    said = f'Bearer resource_metadata="{metadata_url}"'
    return (
        said
        if error.code == "credential.missing"
        else f'{said}, error="invalid_token", error_description="{error.code}"'
    )
