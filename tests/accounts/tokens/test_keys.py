from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from accounts.tokens import base64url
from accounts.tokens.errors import KeyConfigurationError, TokenError
from accounts.tokens.keys import parse_signing_keys
from accounts.tokens.verify import Verifier
from tests.accounts.tokens.token_builders import ISSUER, NOW, SECRET, issued

SHARED = f"k1:HS256:{base64url.encode(SECRET)}"


def private_pem(key: object) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def pems(tmp_path: Path) -> Path:
    edwards, rsa = Ed25519PrivateKey.generate(), generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "ed.pem").write_bytes(private_pem(edwards))
    (tmp_path / "rsa.pem").write_bytes(private_pem(rsa))
    (tmp_path / "short.pem").write_bytes(private_pem(generate_private_key(public_exponent=65537, key_size=1024)))
    (tmp_path / "public.pem").write_bytes(
        edwards.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "junk.pem").write_text("not a key")
    return tmp_path


@pytest.mark.parametrize("algorithm, file", [("EdDSA", "ed.pem"), ("RS256", "rsa.pem")])
def test_a_pair_signs_and_verifies(pems: Path, algorithm: str, file: str) -> None:
    ring = parse_signing_keys(f"k1:{algorithm}:{pems}/{file}")
    text = issued(ring=ring).token
    assert Verifier(ring=ring, issuer=ISSUER).verify(text, audience="api", now=NOW).kid == "k1"
    with pytest.raises(TokenError, match="signature"):
        Verifier(ring=ring, issuer=ISSUER).verify(text[:-8] + "AAAAAAAA", audience="api", now=NOW)


def test_a_public_half_alone_verifies_and_cannot_sign(pems: Path) -> None:
    text = issued(ring=parse_signing_keys(f"k1:EdDSA:{pems}/ed.pem")).token
    ring = parse_signing_keys(f"k1:EdDSA:{pems}/public.pem")
    assert Verifier(ring=ring, issuer=ISSUER).verify(text, audience="api", now=NOW).claims.sub == "alice"
    with pytest.raises(KeyConfigurationError, match="only verify"):
        issued(ring=ring)


def test_the_first_key_signs_and_every_key_verifies(pems: Path) -> None:
    old = parse_signing_keys(SHARED)
    rotated = parse_signing_keys(f"k2:EdDSA:{pems}/ed.pem,{SHARED}")
    verifier = Verifier(ring=rotated, issuer=ISSUER)
    assert verifier.verify(issued(ring=old).token, audience="api", now=NOW).kid == "k1"
    assert verifier.verify(issued(ring=rotated).token, audience="api", now=NOW).kid == "k2"
    assert old.fingerprint != rotated.fingerprint


def test_the_public_set_holds_public_halves_only(pems: Path) -> None:
    ring = parse_signing_keys(f"{SHARED},e:EdDSA:{pems}/ed.pem,r:RS256:{pems}/rsa.pem")
    published = ring.jwks()["keys"]
    assert [(key["kid"], key["kty"], key["alg"], key["use"]) for key in published] == [
        ("e", "OKP", "EdDSA", "sig"),
        ("r", "RSA", "RS256", "sig"),
    ]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for key in published for name in key}
    assert base64url.encode(SECRET) not in json.dumps(published)


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "there is none"),
        (" , ", "there is none"),
        ("k1", "algorithm must be"),
        (f"k1:HS512:{base64url.encode(SECRET)}", "algorithm must be"),
        ("k1:none:", "algorithm must be"),
        (f"k1:HS256:{base64url.encode(SECRET[:31])}", "at least 32 bytes, not 31"),
        (f"k1:HS256:{base64url.encode(bytes(32))}", "repeat"),
        ("k1:HS256:not base64!", "base64url"),
        (f"../k1:HS256:{base64url.encode(SECRET)}", "kid is"),
        (f":HS256:{base64url.encode(SECRET)}", "kid is"),
        (f"{SHARED},{SHARED}", "twice"),
        ("k1:EdDSA:/nowhere/ed.pem", "cannot read"),
        ("k1:EdDSA:{pems}/rsa.pem", "not a key for EdDSA"),
        ("k1:RS256:{pems}/ed.pem", "not a key for RS256"),
        ("k1:RS256:{pems}/short.pem", "2048 bits, not 1024"),
        ("k1:RS256:{pems}/junk.pem", "not an unencrypted PEM"),
    ],
)
def test_keys_that_cannot_be_used_are_refused_without_showing_them(pems: Path, text: str, said: str) -> None:
    with pytest.raises(KeyConfigurationError, match=said) as caught:
        parse_signing_keys(text.replace("{pems}", str(pems)))
    assert base64url.encode(SECRET)[:12] not in str(caught.value)


def test_a_public_key_is_refused_as_a_shared_secret(pems: Path) -> None:
    material = base64url.encode((pems / "public.pem").read_bytes())
    with pytest.raises(KeyConfigurationError, match="another kind of key"):
        parse_signing_keys(f"k1:HS256:{material}")


def test_no_key_shows_in_a_repr() -> None:
    ring = parse_signing_keys(SHARED)
    for text in (repr(ring), repr(ring.signer), repr(Verifier(ring=ring, issuer=ISSUER))):
        assert base64url.encode(SECRET) not in text
        assert repr(SECRET)[2:-1] not in text
