from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from accounts.credentials.agent_key import KeyEntry, NewKey, make_key
from accounts.directory.live import LiveDirectory
from accounts.identity.authenticator import Authenticator, challenge
from accounts.identity.verified import Credential, Identity
from accounts.tokens.claims import ActLink
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.errors import CredentialError, TokenError
from accounts.tokens.revoke import RevocationSet, Revoked
from governance.engine.principal import ANONYMOUS, DirectoryEntry, PrincipalKind, Tier
from tests.accounts.tokens.token_builders import ISSUER, NOW, VERIFIER, fingerprint, issued, token

DIGESTS = KeyedDigest({"m1": bytes(32)})
ALICE = DirectoryEntry(
    kind=PrincipalKind.USER,
    active=True,
    tier=Tier.USER,
    epoch=3,
    roles=frozenset({"analyst"}),
    groups=frozenset({"oncall"}),
    departments=frozenset({"finance"}),
)
NIGHTLY = DirectoryEntry(kind=PrincipalKind.SERVICE, active=True, tier=Tier.SERVICE, epoch=1, owner="alice")


class Room:
    """An authenticator over a directory that a test changes."""

    def __init__(self, *, cached: int = 100) -> None:
        self.directory = LiveDirectory(macs=DIGESTS)
        self.auth = Authenticator(
            verifier=VERIFIER, directory=self.directory, digests=DIGESTS, session_cookie="sessionid", cached=cached
        )
        self.change(principals={"alice": ALICE, "nightly": NIGHTLY})

    def change(self, **fields: Any) -> None:
        state = self.directory.state
        self.directory.state = replace(state, generation=state.generation + 1, **fields)

    def revoke(self, name: str, *, before: float | None = None) -> None:
        kind, _, value = name.partition(":")
        row = Revoked(
            epoch=1,
            kind=kind,
            value=value,
            issued_before=None if before is None else int(before * 1e6),
            expires_at=None,
            key_id="m1",
            mac=b"",
        )
        self.change(revocations=RevocationSet((row,), 1))

    def ask(self, text: str, *, now: float = NOW, **more: Any) -> Identity:
        headers = [(b"authorization", f"Bearer {text}".encode())]
        return self.auth.authenticate(headers, now=now, **{"audience": "api"} | more)

    def refusal(self, text: str, **more: Any) -> str:
        with pytest.raises(CredentialError) as caught:
            self.ask(text, **more)
        return caught.value.code

    def add_key(self, **fields: Any) -> NewKey:
        made = make_key(DIGESTS)
        entry: dict[str, Any] = {
            "public_id": made.public_id,
            "digest": made.digest,
            "digest_key_id": made.digest_key_id,
            "agent": "reporter",
            "principal": "alice",
            "audiences": frozenset({"api", "hook"}),
            "issued_at": NOW - 10,
        }
        self.change(keys={made.public_id: KeyEntry(**entry | fields)})
        return made


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_token_makes_the_caller_that_it_and_the_directory_describe(room: Room) -> None:
    made = issued(agent="reporter", session="s1", client_id="cli")
    identity = room.ask(made.token)
    caller = identity.caller
    assert (caller.principal.id, caller.principal.kind, caller.principal.tier) == ("alice", "user", Tier.USER)
    assert (caller.principal.roles, caller.principal.departments) == (
        frozenset({"analyst"}),
        frozenset({"finance"}),
    )
    assert (caller.agent, caller.session_id, caller.client_id, caller.audience) == ("reporter", "s1", "cli", "api")
    assert (identity.credential, identity.kid, identity.iss) == (Credential.TOKEN, "k1", ISSUER)
    assert identity.jti == made.claims.jti
    assert identity.token_sha256 == fingerprint(made.token)
    assert identity.expires_at == int(NOW) + 900


def test_kind_and_owner_come_from_the_directory(room: Room) -> None:
    principal = room.ask(issued("nightly", epoch=1, user_type="service").token).caller.principal
    assert (principal.kind, principal.owner, principal.tier) == (PrincipalKind.SERVICE, "alice", Tier.SERVICE)


@pytest.mark.parametrize(
    "claims, tier",
    [
        ({"user_type": "admin", "scope": ...}, Tier.ADMIN),
        ({"user_type": "admin", "scope": "user mcp"}, Tier.USER),
        ({"user_type": "user", "scope": "admin"}, Tier.USER),
        ({"user_type": "user", "scope": "mcp"}, Tier.MCP),
        ({"user_type": "user", "scope": "users.read pep"}, Tier.USER),
        ({"user_type": "user", "scope": ""}, Tier.USER),
        ({"user_type": ..., "scope": "admin"}, Tier.ANONYMOUS),
        ({"user_type": "root", "scope": "admin"}, Tier.ANONYMOUS),
        ({"user_type": None}, Tier.ANONYMOUS),
    ],
)
def test_a_tier_is_the_user_type_lowered_to_the_highest_tier_in_scope(
    room: Room, claims: dict[str, Any], tier: Tier
) -> None:
    assert room.ask(token(**claims)).caller.principal.tier is tier


@pytest.mark.parametrize(
    "claims, rate_tier",
    [
        ({"rate_limit_tier": "mcp"}, "mcp"),
        ({}, "user"),
        ({"user_type": "anonymous"}, "anon"),
        ({"user_type": ...}, "anon"),
        ({"rate_limit_tier": "platinum"}, "anon"),
        ({"user_type": "user", "scope": "mcp"}, "mcp"),
        ({"user_type": "user", "scope": "admin"}, "user"),
        ({"user_type": "mcp", "rate_limit_tier": ...}, "mcp"),
        ({"user_type": "admin", "rate_limit_tier": "admin"}, "user"),
        ({"rate_limit_tier": "admin"}, "user"),
        ({"sub": "nobody", "epoch": ..., "rate_limit_tier": "admin"}, "anon"),
    ],
)
def test_a_rate_tier_is_one_of_six_and_anything_else_is_anon(
    room: Room, claims: dict[str, Any], rate_tier: str
) -> None:
    assert room.ask(token(**claims)).caller.principal.rate_tier == rate_tier


def test_a_token_can_hold_less_than_the_directory_but_never_more(room: Room) -> None:
    principal = room.ask(token(roles=["analyst", "root"], groups=[], departments=...)).caller.principal
    assert (principal.roles, principal.groups, principal.departments) == (
        frozenset({"analyst"}),
        frozenset(),
        frozenset({"finance"}),
    )


def test_an_unknown_subject_is_left_to_the_engine(room: Room) -> None:
    principal = room.ask(token(sub="nobody", epoch=...)).caller.principal
    assert (principal.id, principal.known, principal.active) == ("nobody", False, False)


@pytest.mark.parametrize("epoch", [..., None, 1, 2, 4])
def test_another_epoch_than_the_directorys_is_stale(room: Room, epoch: Any) -> None:
    assert room.refusal(token(epoch=epoch)) == "token.stale"


def test_a_change_to_a_principal_makes_a_cached_token_stale(room: Room) -> None:
    text = token()
    room.ask(text)
    room.change(principals={"alice": replace(ALICE, epoch=4)})
    assert room.refusal(text) == "token.stale"


def test_a_change_to_another_principal_leaves_a_cached_token_as_it_is(room: Room) -> None:
    text = token()
    before = room.ask(text)
    room.change(principals={"alice": ALICE, "bob": NIGHTLY})
    assert room.ask(text) is before


def test_an_inactive_principal_is_left_to_the_engine(room: Room) -> None:
    room.change(principals={"alice": replace(ALICE, active=False)})
    assert not room.ask(token()).caller.principal.active


def test_a_cached_token_expires(room: Room) -> None:
    text = token()
    room.ask(text)
    assert room.ask(text, now=int(NOW) + 899.9)
    assert room.refusal(text, now=int(NOW) + 900) == "token.expired"


def test_a_cached_token_is_not_good_for_another_door(room: Room) -> None:
    text = token()
    room.ask(text)
    assert room.refusal(text, audience="hook") == "token.audience"


@pytest.mark.parametrize(
    "name", ["jti:j-1", "session:s-1", "principal:alice", "agent:reporter", "principal:nightly", "agent:helper"]
)
def test_a_revocation_refuses_what_was_cached_and_what_was_not(room: Room, name: str) -> None:
    text = token(agent="reporter", act={"sub": "nightly", "agent": "helper"})
    room.ask(text)
    room.revoke(name)
    assert room.refusal(text) == "token.revoked"
    room.auth._held.clear()
    assert room.refusal(text) == "token.revoked"


def test_a_revocation_of_earlier_tokens_leaves_later_ones(room: Room) -> None:
    room.revoke("principal:alice", before=int(NOW) + 10)
    assert room.refusal(token()) == "token.revoked"
    second = int(NOW) + 10
    assert room.ask(token(iat=second, nbf=second, exp=second + 60), now=second)


def test_a_chain_becomes_links_with_the_directorys_data(room: Room) -> None:
    chain = (ActLink(agent="helper"), ActLink(sub="nightly", epoch=1), ActLink(sub="ghost"))
    links = room.ask(issued(act=chain).token).caller.chain
    assert [link.agent for link in links] == ["helper", None, None]
    nightly, ghost = links[1].principal, links[2].principal
    assert nightly is not None
    assert ghost is not None
    assert (nightly.tier, nightly.owner, ghost.known) == (Tier.SERVICE, "alice", False)


def test_a_stale_principal_in_a_chain_is_refused(room: Room) -> None:
    assert room.refusal(issued(act=(ActLink(sub="nightly", epoch=2),)).token) == "token.stale"


def test_the_cache_is_bounded_and_forgets_the_oldest() -> None:
    room = Room(cached=5)
    for number in range(50):
        room.ask(token(jti=f"j-{number}"))
    assert len(room.auth._held) == 5


def test_a_refused_token_is_not_kept(room: Room) -> None:
    for number in range(20):
        room.refusal(token(jti=f"j-{number}", aud="web"))
        room.refusal(token(jti=f"k-{number}", epoch=1))
    assert len(room.auth._held) == 0


def test_no_credential_is_refused_or_anonymous_as_the_door_says(room: Room) -> None:
    with pytest.raises(CredentialError) as caught:
        room.auth.authenticate([], audience="api", now=NOW)
    assert caught.value.code == "credential.missing"
    nobody = room.auth.authenticate([], audience="files", now=NOW, optional=True)
    assert nobody.caller.principal is ANONYMOUS
    assert not nobody.authenticated


def test_an_invalid_credential_is_refused_even_where_none_would_do(room: Room) -> None:
    assert room.refusal(token(aud="web"), optional=True) == "token.audience"
    with pytest.raises(CredentialError):
        room.auth.authenticate([(b"authorization", b"Bearer ")], audience="api", now=NOW, optional=True)


GOOD = token().encode()
TWICE: list[list[tuple[bytes, bytes]]] = [
    [(b"authorization", b"Bearer " + GOOD), (b"authorization", b"Bearer " + GOOD)],
    [(b"authorization", b"Bearer " + GOOD + b", Bearer " + GOOD)],
    [(b"authorization", b"Bearer " + GOOD), (b"cookie", b"a=b; sessionid=xyz")],
    [(b"cookie", b"sessionid=xyz"), (b"authorization", b"Bearer " + GOOD)],
    [(b"authorization", b"Bearer " + GOOD), (b"sec-websocket-protocol", b"chat, bearer." + GOOD)],
    [(b"sec-websocket-protocol", b"bearer." + GOOD + b",bearer." + GOOD)],
]


@pytest.mark.parametrize("headers", TWICE)
def test_two_credentials_are_refused(room: Room, headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(CredentialError) as caught:
        room.auth.authenticate(headers, audience="api", now=NOW, subprotocol=True)
    assert caught.value.code == "credential.multiple"


@pytest.mark.parametrize(
    "query",
    [
        b"access_token=x",
        b"a=1&token=x",
        b"ACCESS_TOKEN=x",
        b"access%5Ftoken=x",
        b"q=" + GOOD,
        b"q=tg_abcdefgh12345678_",
    ],
)
def test_a_credential_in_the_query_string_is_refused_beside_a_good_one(room: Room, query: bytes) -> None:
    assert room.refusal(GOOD.decode(), query=query) == "credential.in_query"


def test_an_ordinary_query_string_is_no_credential(room: Room) -> None:
    assert room.ask(GOOD.decode(), query=b"next=abc&tokens=3&limit=10")


@pytest.mark.parametrize("value", [b"Basic YTpi", b"Token abc", b"bearer", b"BearerX abc", b"", GOOD])
def test_another_scheme_is_refused(room: Room, value: bytes) -> None:
    with pytest.raises(CredentialError) as caught:
        room.auth.authenticate([(b"authorization", value)], audience="api", now=NOW)
    assert caught.value.code == "credential.scheme"


@pytest.mark.parametrize("value", [b"Bearer  " + GOOD, b"Bearer " + GOOD + b" ", b"Bearer \t" + GOOD, b"Bearer \xff"])
def test_blanks_and_foreign_bytes_around_a_token_are_refused(room: Room, value: bytes) -> None:
    with pytest.raises(TokenError):
        room.auth.authenticate([(b"authorization", value)], audience="api", now=NOW)


def test_the_scheme_is_read_in_any_case(room: Room) -> None:
    assert room.auth.authenticate([(b"authorization", b"bEARER " + GOOD)], audience="api", now=NOW).authenticated


def test_a_stream_takes_a_token_as_subprotocol_and_other_doors_do_not(room: Room) -> None:
    headers = [(b"sec-websocket-protocol", b"events, bearer." + GOOD)]
    assert room.auth.authenticate(headers, audience="api", now=NOW, subprotocol=True).authenticated
    with pytest.raises(CredentialError):
        room.auth.authenticate(headers, audience="api", now=NOW)


def test_an_agent_key_acts_as_its_principal_through_its_agent(room: Room) -> None:
    made = room.add_key(scopes=frozenset({"mcp"}))
    identity = room.ask(made.key)
    caller = identity.caller
    assert (caller.principal.id, caller.principal.tier, caller.agent) == ("alice", Tier.MCP, "reporter")
    assert (caller.principal.roles, caller.session_id) == (frozenset({"analyst"}), made.public_id)
    assert (identity.credential, identity.key_id, identity.jti) == (Credential.KEY, made.public_id, None)
    assert room.auth.used_keys == {made.public_id: NOW}


def test_an_agent_key_is_good_at_its_doors_only(room: Room) -> None:
    made = room.add_key(audiences=frozenset({"api"}), servers=frozenset({"files"}))
    assert room.ask(made.key)
    assert room.ask(made.key, audience=f"{ISSUER}/mcp/files", server="files")
    assert room.refusal(made.key, audience="hook") == "key.audience"
    assert room.refusal(made.key, audience="api", server="pay") == "key.audience"
    assert room.refusal(made.key, audience="web") == "key.audience"


def test_an_agent_key_is_good_in_its_networks_only(room: Room) -> None:
    made = room.add_key(networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))
    for peer in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert room.ask(made.key, peer=peer)
    for stranger in ("11.1.2.3", "::1", None, "", "unknown"):
        assert room.refusal(made.key, peer=stranger) == "key.network"


def test_an_agent_key_ends_and_can_be_revoked(room: Room) -> None:
    assert room.refusal(room.add_key(expires_at=NOW).key) == "key.invalid"
    assert room.refusal(room.add_key(revoked=True).key) == "key.invalid"
    made = room.add_key()
    assert room.ask(made.key)
    room.revoke(f"key:{made.public_id}")
    assert room.refusal(made.key) == "key.invalid"
    again = room.add_key()
    room.revoke("principal:alice", before=NOW)
    assert room.refusal(again.key) == "key.invalid"


def test_a_key_that_is_not_there_is_refused_like_one_with_another_secret(room: Room) -> None:
    made = room.add_key()
    other = "A" if made.key[-1] != "A" else "B"
    for text in (made.key[:-1] + other, made.key + "A", made.key[:-1], made.public_id, "tg_", make_key(DIGESTS).key):
        assert room.refusal(text) == "key.invalid"


def test_a_key_of_an_unknown_principal_is_left_to_the_engine(room: Room) -> None:
    assert not room.ask(room.add_key(principal="ghost").key).caller.principal.known


def test_a_keys_secret_shows_in_no_repr(room: Room) -> None:
    made = room.add_key()
    for text in (repr(made), repr(room.directory.state), repr(room.directory.state.keys), repr(DIGESTS)):
        assert made.key[20:] not in text
        assert repr(made.digest)[2:10] not in text


def test_every_refusal_is_one_challenge_that_names_the_metadata() -> None:
    url = f"{ISSUER}/.well-known/oauth-protected-resource"
    missing = challenge(CredentialError("credential.missing", ""), metadata_url=url)
    assert missing == f'Bearer resource_metadata="{url}"'
    stale = challenge(TokenError("token.stale", ""), metadata_url=url)
    assert stale == f'{missing}, error="invalid_token", error_description="token.stale"'
