"""Every hostile token by name; each is signed with the right key unless its name says otherwise."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.tokens import base64url
from accounts.tokens.errors import TokenError
from accounts.tokens.keys import parse_signing_keys
from accounts.tokens.verify import LEEWAY, LIFETIME_CAP, Verifier
from tests.accounts.tokens.token_builders import (
    ISSUER,
    NOW,
    RING,
    SECRET,
    VERIFIER,
    header,
    issued,
    payload,
    signed,
    token,
)

GOOD = token()
HEAD, BODY, SIGNATURE = GOOD.split(".")
SECOND = int(NOW)


def code_of(text: str, *, audience: str = "api", verifier: Verifier = VERIFIER, now: float = NOW) -> str:
    with pytest.raises(TokenError) as caught:
        verifier.verify(text, audience=audience, now=now)
    assert len(text) < 20 or text[:20] not in str(caught.value)
    return caught.value.code


def test_the_token_that_all_others_are_made_from_is_good() -> None:
    assert VERIFIER.verify(GOOD, audience="api", now=NOW).claims.sub == "alice"


def raw_exp(text: str) -> str:
    return signed(header(), json.dumps(payload(exp="@")).replace('"@"', text).encode())


def duplicate(name: str, value: str) -> str:
    body = json.dumps(payload())
    return signed(header(), (body[:-1] + f', "{name}": {value}}}').encode())


def with_body(**claims: object) -> str:
    """The good token's header and signature around another body."""
    return f"{HEAD}.{base64url.encode(json.dumps(payload(**claims)).encode())}.{SIGNATURE}"


HOSTILE: dict[str, tuple[str, str]] = {
    "alg none": (signed(header(alg="none"), payload()), "token.algorithm"),
    "alg none without signature": (f"{signed(header(alg='none'), payload()).rpartition('.')[0]}.", "token.malformed"),
    "alg None": (signed(header(alg="None"), payload()), "token.algorithm"),
    "alg NONE": (signed(header(alg="NONE"), payload()), "token.algorithm"),
    "alg nOnE": (signed(header(alg="nOnE"), payload()), "token.algorithm"),
    "alg empty": (signed(header(alg=""), payload()), "token.algorithm"),
    "alg null": (signed(header(alg=None), payload()), "token.algorithm"),
    "alg missing": (signed(header(alg=...), payload()), "token.algorithm"),
    "alg as list": (signed(header(alg=["HS256"]), payload()), "token.algorithm"),
    "alg hs256 in lower case": (signed(header(alg="hs256"), payload()), "token.algorithm"),
    "alg HS512 under an HS256 key": (signed(header(alg="HS512"), payload(), hash_name="sha512"), "token.algorithm"),
    "kid traversal": (signed(header(kid="../../etc/passwd"), payload()), "token.key"),
    "kid dev null with an empty key": (signed(header(kid="/dev/null"), payload(), secret=b""), "token.key"),
    "kid injection": (signed(header(kid="k1' OR '1'='1"), payload()), "token.key"),
    "kid command": (signed(header(kid="k1|id"), payload()), "token.key"),
    "kid array": (signed(header(kid=["k1"]), payload()), "token.key"),
    "kid object": (signed(header(kid={"k1": 1}), payload()), "token.key"),
    "kid number": (signed(header(kid=1), payload()), "token.key"),
    "kid null": (signed(header(kid=None), payload()), "token.key"),
    "kid missing": (signed(header(kid=...), payload()), "token.key"),
    "kid unknown": (signed(header(kid="k2"), payload()), "token.key"),
    "kid in another case": (signed(header(kid="K1"), payload()), "token.key"),
    "kid with a null byte": (signed(header(kid="k1\x00"), payload()), "token.key"),
    "kid twice": (signed(b'{"alg":"HS256","kid":"k2","kid":"k1"}', payload()), "token.malformed"),
    "exp missing": (token(exp=...), "token.claims"),
    "exp null": (token(exp=None), "token.claims"),
    "exp string": (token(exp=str(SECOND + 900)), "token.claims"),
    "exp float": (token(exp=SECOND + 900.0), "token.claims"),
    "exp true": (token(exp=True), "token.claims"),
    "exp list": (token(exp=[SECOND + 900]), "token.claims"),
    "exp 10^30": (raw_exp("1" + "0" * 30), "token.malformed"),
    "exp 10^18": (raw_exp("1" + "0" * 18), "token.claims"),
    "exp 1e30": (raw_exp("1e30"), "token.claims"),
    "exp of 2,000 digits": (raw_exp("9" * 2000), "token.malformed"),
    "exp negative": (token(exp=-1), "token.claims"),
    "exp NaN": (raw_exp("NaN"), "token.malformed"),
    "exp Infinity": (raw_exp("Infinity"), "token.malformed"),
    "exp -Infinity": (raw_exp("-Infinity"), "token.malformed"),
    "exp past": (token(exp=SECOND - 1, iat=SECOND - 900, nbf=SECOND - 900), "token.expired"),
    "exp this very second": (token(exp=SECOND, iat=SECOND - 900, nbf=SECOND - 900), "token.expired"),
    "exp before iat": (token(exp=SECOND - 1), "token.lifetime"),
    "nbf in the future": (token(nbf=SECOND + LEEWAY + 2), "token.not_yet"),
    "nbf missing": (token(nbf=...), "token.claims"),
    "nbf string": (token(nbf="0"), "token.claims"),
    "nbf after exp": (token(nbf=SECOND + 901), "token.lifetime"),
    "iat in the future": (token(iat=SECOND + LEEWAY + 2), "token.not_yet"),
    "iat missing": (token(iat=...), "token.claims"),
    "iat negative": (token(iat=-1), "token.claims"),
    "iat long ago": (token(iat=0), "token.lifetime"),
    "lifetime above the cap": (token(exp=SECOND + LIFETIME_CAP + 1), "token.lifetime"),
    "aud missing": (token(aud=...), "token.claims"),
    "aud null": (token(aud=None), "token.claims"),
    "aud empty": (token(aud=""), "token.claims"),
    "aud empty list": (token(aud=[]), "token.claims"),
    "aud list with another beside ours": (token(aud=["api", "web"]), "token.claims"),
    "aud list with ours twice": (token(aud=["api", "api"]), "token.claims"),
    "aud list in a list": (token(aud=[["api"]]), "token.claims"),
    "aud object": (token(aud={"api": 1}), "token.claims"),
    "aud of another door": (token(aud="hook"), "token.audience"),
    "aud partial": (token(aud="ap"), "token.audience"),
    "aud suffix": (token(aud="api.evil.example"), "token.audience"),
    "aud prefix": (token(aud="evil-api"), "token.audience"),
    "aud trailing slash": (token(aud="api/"), "token.audience"),
    "aud upper case": (token(aud="API"), "token.audience"),
    "aud with a blank": (token(aud="api "), "token.audience"),
    "aud with a null byte": (token(aud="api\x00"), "token.claims"),
    "aud with a zero-width space": (token(aud="api\u200b"), "token.claims"),
    "iss missing": (token(iss=...), "token.claims"),
    "iss list": (token(iss=[ISSUER]), "token.claims"),
    "iss trailing slash": (token(iss=ISSUER + "/"), "token.issuer"),
    "iss upper case": (token(iss=ISSUER.upper()), "token.issuer"),
    "iss prefix": (token(iss=ISSUER[:-1]), "token.issuer"),
    "iss suffix": (token(iss=ISSUER + ".evil.example"), "token.issuer"),
    "iss other scheme": (token(iss=ISSUER.replace("http", "https")), "token.issuer"),
    "iss another": (token(iss="https://evil.example"), "token.issuer"),
    "sub missing": (token(sub=...), "token.claims"),
    "sub empty": (token(sub=""), "token.claims"),
    "sub number": (token(sub=1), "token.claims"),
    "sub with a null byte": (token(sub="alice\x00admin"), "token.claims"),
    "sub with a lone surrogate": (token(sub="alice\ud800"), "token.claims"),
    "sub with a direction mark": (token(sub="\u202eecila"), "token.claims"),
    "sub of a thousand characters": (token(sub="a" * 1000), "token.claims"),
    "jti missing": (token(jti=...), "token.claims"),
    "jti null": (token(jti=None), "token.claims"),
    "jti number": (token(jti=7), "token.claims"),
    "jti with a line break": (token(jti="a\nb"), "token.claims"),
    "jti too long": (token(jti="j" * 129), "token.claims"),
    "sid list": (token(sid=["s"]), "token.claims"),
    "scope list": (token(scope=["admin"]), "token.claims"),
    "roles string": (token(roles="admin"), "token.claims"),
    "roles of numbers": (token(roles=[1]), "token.claims"),
    "groups object": (token(groups={"oncall": True}), "token.claims"),
    "departments with a null byte": (token(departments=["fin\x00ance"]), "token.claims"),
    "epoch string": (token(epoch="3"), "token.claims"),
    "epoch true": (token(epoch=True), "token.claims"),
    "epoch negative": (token(epoch=-3), "token.claims"),
    "agent list": (token(agent=["reporter"]), "token.claims"),
    "user_type number": (token(user_type=100), "token.claims"),
    "act string": (token(act="alice"), "token.claims"),
    "act without anybody": (token(act={}), "token.claims"),
    "token_type refresh": (token(token_type="refresh"), "token.type"),
    "token_type list": (token(token_type=["access"]), "token.type"),
    "claim exp twice": (duplicate("exp", str(SECOND + 800)), "token.malformed"),
    "claim sub twice": (duplicate("sub", '"admin"'), "token.malformed"),
    "claim twice by an escape": (duplicate("\\u0073ub", '"admin"'), "token.malformed"),
    "claim twice inside act": (duplicate("act", '{"sub": "a", "sub": "b"}'), "token.malformed"),
    "no segment": ("", "token.malformed"),
    "one segment": (HEAD, "token.malformed"),
    "two segments": (f"{HEAD}.{BODY}", "token.malformed"),
    "four segments": (f"{GOOD}.{SIGNATURE}", "token.malformed"),
    "five segments of an encrypted token": (f"{HEAD}.{BODY}.{SIGNATURE}.{BODY}.{SIGNATURE}", "token.malformed"),
    "empty header": (f".{BODY}.{SIGNATURE}", "token.malformed"),
    "empty body": (f"{HEAD}..{SIGNATURE}", "token.malformed"),
    "empty signature": (f"{HEAD}.{BODY}.", "token.malformed"),
    "trailing equals sign": (GOOD + "=", "token.malformed"),
    "padded body": (f"{HEAD}.{BODY}==.{SIGNATURE}", "token.malformed"),
    "standard base64 alphabet": (f"{HEAD}.{BODY}.+/{SIGNATURE[2:]}", "token.malformed"),
    "leading blank": (" " + GOOD, "token.malformed"),
    "trailing blank": (GOOD + " ", "token.malformed"),
    "trailing line break": (GOOD + "\n", "token.malformed"),
    "tab within": (GOOD[:9] + "\t" + GOOD[9:], "token.malformed"),
    "null byte within": (GOOD[:9] + "\x00" + GOOD[9:], "token.malformed"),
    "full-width letter": (GOOD[:-1] + "\uff21", "token.malformed"),
    "length that no bytes have": (f"{HEAD}.{BODY}.{SIGNATURE}AA", "token.malformed"),
    "one megabyte": ("e" * 1_000_000, "token.too_large"),
    "one megabyte of segments": ("a." * 500_000, "token.too_large"),
    "a claim that makes it larger than 4 KiB": (token(username="u" * 4000), "token.too_large"),
    "crit": (signed(header(crit=["exp"], exp=1), payload()), "token.header"),
    "b64 false": (signed(header(b64=False, crit=["b64"]), payload()), "token.header"),
    "b64 true": (signed(header(b64=True), payload()), "token.header"),
    "jku": (signed(header(jku="https://evil.example/jwks"), payload()), "token.header"),
    "jwk": (signed(header(jwk={"kty": "oct", "k": base64url.encode(SECRET)}), payload()), "token.header"),
    "x5u": (signed(header(x5u="https://evil.example/x"), payload()), "token.header"),
    "x5c": (signed(header(x5c=["MII="]), payload()), "token.header"),
    "zip": (signed(header(zip="DEF"), payload()), "token.header"),
    "cty of a nested token": (signed(header(cty="JWT"), payload()), "token.header"),
    "a token within a token": (signed(header(), GOOD.encode()), "token.malformed"),
    "typ refresh": (signed(header(typ="rt+jwt"), payload()), "token.header"),
    "typ list": (signed(header(typ=["JWT"]), payload()), "token.header"),
    "header that is a list": (signed(b'["HS256"]', payload()), "token.malformed"),
    "header that is no JSON": (signed(b"{", payload()), "token.malformed"),
    "header that is no UTF-8": (signed(b'{"alg":"\xff"}', payload()), "token.malformed"),
    "header with a byte order mark": (signed(b"\xef\xbb\xbf{}", payload()), "token.malformed"),
    "body that is a list": (signed(header(), [payload()]), "token.malformed"),
    "body that is a string": (signed(header(), "alice"), "token.malformed"),
    "body that is null": (signed(header(), None), "token.malformed"),
    "body nested 1,400 deep": (signed(header(), b'{"a":' + b"[" * 1400 + b"]" * 1400 + b"}"), "token.malformed"),
    "body that ends early": (signed(header(), json.dumps(payload())[:-1].encode()), "token.malformed"),
    "body with something behind it": (signed(header(), json.dumps(payload()).encode() + b"{}"), "token.malformed"),
    "wrong secret": (signed(header(), payload(), secret=b"x" * 32), "token.signature"),
    "empty secret": (signed(header(), payload(), secret=b""), "token.signature"),
    "signature of another token": (f"{HEAD}.{BODY}.{token(jti='j-2').rpartition('.')[2]}", "token.signature"),
    "tampered scope": (with_body(scope="admin"), "token.signature"),
    "tampered type": (with_body(user_type="admin"), "token.signature"),
    "truncated signature": (f"{HEAD}.{BODY}.{base64url.encode(base64url.decode(SIGNATURE)[:16])}", "token.signature"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_is_refused_with_its_code(name: str) -> None:
    text, code = HOSTILE[name]
    assert code_of(text) == code


def test_a_chain_of_nine_links_is_refused_and_one_of_eight_is_read() -> None:
    def chain(length: int) -> dict[str, object]:
        nested: dict[str, object] = {"sub": "p0"}
        for number in range(1, length):
            nested = {"sub": f"p{number}", "act": nested}
        return nested

    assert code_of(token(act=chain(9))) == "token.claims"
    assert len(VERIFIER.verify(token(act=chain(8)), audience="api", now=NOW).claims.act) == 8


def test_a_second_spelling_of_a_signature_is_refused() -> None:
    spellings = [SIGNATURE[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    raw = base64url.decode(SIGNATURE)
    same = [text for text in spellings if base64.urlsafe_b64decode(text + "=") == raw and text != SIGNATURE]
    assert len(same) == 3
    assert {code_of(f"{HEAD}.{BODY}.{text}") for text in same} == {"token.malformed"}


def test_a_retired_key_verifies_no_more() -> None:
    old = parse_signing_keys(f"k0:HS256:{base64url.encode(SECRET[::-1])}")
    text = issued(ring=old).token
    both = Verifier(ring=type(RING)((*RING.members, *old.members)), issuer=ISSUER)
    assert both.verify(text, audience="api", now=NOW).kid == "k0"
    assert code_of(text) == "token.key"


def test_a_token_under_another_keys_kid_is_refused() -> None:
    other = bytes(range(100, 132))
    ring = parse_signing_keys(f"k1:HS256:{base64url.encode(SECRET)},k2:HS256:{base64url.encode(other)}")
    swapped = signed(header(kid="k1"), payload(), secret=other)
    assert code_of(swapped, verifier=Verifier(ring=ring, issuer=ISSUER)) == "token.signature"


def test_a_public_key_used_as_a_shared_secret_signs_nothing(tmp_path: Path) -> None:
    private = generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "rsa.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    verifier = Verifier(ring=parse_signing_keys(f"k1:RS256:{tmp_path}/rsa.pem"), issuer=ISSUER)
    public = private.public_key()
    for form in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ):
        assert code_of(signed(header(), payload(), secret=form), verifier=verifier) == "token.algorithm"
        relabelled = signed(header(alg="RS256"), payload(), secret=form)
        assert code_of(relabelled, verifier=verifier) == "token.signature"


def test_a_token_signed_by_rsa_is_refused_under_a_shared_key() -> None:
    assert code_of(signed(header(alg="RS256"), payload())) == "token.algorithm"
    assert code_of(signed(header(alg="EdDSA"), payload())) == "token.algorithm"


def test_every_bit_of_a_token_counts() -> None:
    for position in range(len(GOOD)):
        if GOOD[position] != ".":
            other = "A" if GOOD[position] != "A" else "B"
            code_of(GOOD[:position] + other + GOOD[position + 1 :])


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_a_token_error(text: str) -> None:
    code_of(text)


@given(st.text(alphabet="abcXYZ019-_.=", max_size=120))
def test_no_near_token_raises_anything_but_a_token_error(text: str) -> None:
    code_of(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(payload())), value=json_values)
@example(name="aud", value=["api"])
def test_a_claim_of_any_type_is_read_as_it_is_or_refused(name: str, value: object) -> None:
    try:
        claims = VERIFIER.verify(token(**{name: value}), audience="api", now=NOW).claims
    except TokenError:
        return
    assert (claims.iss, claims.aud) == (ISSUER, "api")
    assert claims.exp - claims.iat <= LIFETIME_CAP
    assert claims.exp > NOW
    assert claims.nbf <= NOW + LEEWAY


@given(name=st.sampled_from(["alg", "kid", "typ"]), value=json_values)
def test_a_header_of_any_type_is_ours_or_refused(name: str, value: object) -> None:
    try:
        VERIFIER.verify(signed(header(**{name: value}), payload()), audience="api", now=NOW)
    except TokenError:
        return
    assert value == header()[name] or (name == "typ" and value == "JWT")


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_signed_bytes_are_refused_or_are_our_claims(head: bytes, body: bytes) -> None:
    code_of(signed(head, body))
    code_of(signed(header(), body))


@given(position=st.integers(0, len(GOOD) - 1), flipped=st.integers(1, 255))
def test_no_single_changed_byte_is_accepted(position: int, flipped: int) -> None:
    changed = bytearray(GOOD.encode())
    changed[position] ^= flipped
    code_of(changed.decode("latin-1"))


def test_a_signature_is_compared_by_the_library_and_not_by_us() -> None:
    assert RING.signer.verifies(b"message", hmac.digest(SECRET, b"message", "sha256"))
    assert not RING.signer.verifies(b"message", b"")
