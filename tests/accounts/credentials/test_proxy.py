from __future__ import annotations

import hmac
from dataclasses import replace
from ipaddress import ip_network

import pytest

from accounts.credentials.proxy import (
    NONCE,
    PERMISSIONS,
    SIGNATURE,
    TIMESTAMP,
    USER,
    VERIFIED,
    MemoryNonces,
    ProxyClaim,
    TrustedProxy,
    sign,
)
from accounts.directory.live import LiveDirectory
from accounts.identity.authenticator import Authenticator
from accounts.identity.verified import Credential
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import CredentialError
from governance.engine.principal import DirectoryEntry, PrincipalKind, Tier
from tests.accounts.tokens.token_builders import NOW, VERIFIER

KEY = bytes(range(32))
Headers = list[tuple[bytes, bytes]]


def proxy() -> TrustedProxy:
    return TrustedProxy(networks=[ip_network("10.0.0.0/8")], key=KEY, nonces=MemoryNonces())


def headers(
    *, key: bytes = KEY, target: bytes = b"/api/v1/decisions?x=1", body: bytes = b"{}", **changes: str
) -> Headers:
    values = {
        VERIFIED: "true", USER: "alice", PERMISSIONS: "mcp a2a", TIMESTAMP: str(int(NOW)), NONCE: "nonce-0123456789ab",
    } | {name.replace("_", "-").encode(): value for name, value in changes.items()}  # fmt: skip
    values[SIGNATURE] = sign(key, values, method="POST", target=target, body=body)
    return [(b"host", b"x"), *((name, value.encode("latin-1")) for name, value in values.items())]


def claim(
    given: Headers, *, by: TrustedProxy | None = None, peer: str | None = "10.1.2.3", method: str = "POST",
    target: bytes = b"/api/v1/decisions?x=1", body: bytes = b"{}", now: float = NOW,
) -> ProxyClaim:  # fmt: skip
    return (by or proxy()).claim(given, method=method, target=target, body=body, peer=peer, now=now)


def test_a_signed_claim_from_a_listed_network_is_believed() -> None:
    assert claim(headers()) == ProxyClaim(user="alice", permissions=("mcp", "a2a"))


def test_the_signature_is_over_the_documented_lines() -> None:
    values = {VERIFIED: "true", USER: "u", PERMISSIONS: "p", TIMESTAMP: "1", NONCE: "n"}
    assert sign(b"k", values, method="GET", target=b"/x", body=b"") == (
        "v1=" + hmac.new(
            b"k",
            b"v1\n1\nn\nGET\n/x\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\ntrue\nu\np",
            "sha256",
        ).hexdigest()
    )  # fmt: skip


@pytest.mark.parametrize("peer", ["11.1.2.3", "127.0.0.1", "", None, "unix:"])
def test_a_claim_from_anywhere_else_is_refused(peer: str | None) -> None:
    with pytest.raises(CredentialError):
        claim(headers(), peer=peer)


@pytest.mark.parametrize("index", range(1, 7))
def test_every_header_is_covered_and_none_may_be_missing_or_doubled(index: int) -> None:
    good = headers()
    name, value = good[index]
    for changed in ([*good[:index], *good[index + 1 :]], [*good, (name, value)]):
        with pytest.raises(CredentialError):
            claim(changed)
    with pytest.raises(CredentialError):
        claim([*good[:index], (name, value + b"1"), *good[index + 1 :]])


def test_method_target_and_body_are_covered() -> None:
    with pytest.raises(CredentialError):
        claim(headers(), method="GET")
    with pytest.raises(CredentialError):
        claim(headers(), target=b"/api/v1/decisions?x=2")
    with pytest.raises(CredentialError):
        claim(headers(), body=b"{ }")


def test_another_key_and_no_key_sign_nothing() -> None:
    with pytest.raises(CredentialError):
        claim(headers(key=bytes(32)))
    with pytest.raises(CredentialError):
        claim(headers(key=b""), by=replace(proxy(), key=b""))


def test_a_claim_is_good_for_thirty_seconds_either_way_and_once() -> None:
    for now in (int(NOW) - 30, int(NOW) + 30):
        assert claim(headers(), now=now)
    for now in (int(NOW) - 31, int(NOW) + 31):
        with pytest.raises(CredentialError):
            claim(headers(), now=now)
    one = proxy()
    assert claim(headers(), by=one)
    with pytest.raises(CredentialError):
        claim(headers(), by=one)


def test_anything_but_true_is_not_verified() -> None:
    for word in ("True", "1", "false", ""):
        with pytest.raises(CredentialError):
            claim(headers(x_proxy_verified=word))


def test_a_full_table_of_nonces_admits_nothing_and_empties_with_time() -> None:
    nonces = MemoryNonces(capacity=2)
    assert nonces.first_use("a", 0.0)
    assert nonces.first_use("b", 0.0)
    assert not nonces.first_use("c", 59.0)
    assert nonces.first_use("c", 60.0)


def test_a_proxys_user_must_be_there_and_active_and_is_only_narrowed() -> None:
    keys = KeyedDigest({"m": bytes(32)})
    directory = LiveDirectory(macs=keys)
    alice = DirectoryEntry(kind=PrincipalKind.USER, active=True, tier=Tier.USER, epoch=1, roles=frozenset({"analyst"}))
    gone = replace(alice, active=False)
    directory.state = replace(directory.state, principals={"alice": alice, "gone": gone}, generation=1)
    auth = Authenticator(verifier=VERIFIER, directory=directory, digests=keys)

    def by(user: str, *permissions: str) -> Tier:
        identity = auth.by_proxy(ProxyClaim(user=user, permissions=permissions), audience="api", now=NOW)
        assert identity.credential is Credential.PROXY
        return identity.caller.principal.tier

    assert by("alice") is Tier.USER
    assert by("alice", "admin") is Tier.USER
    assert by("alice", "mcp") is Tier.MCP
    for user in ("gone", "nobody"):
        with pytest.raises(CredentialError):
            by(user)
