from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from governance.vault.encoding import from_base64url, to_base64url
from governance.vault.errors import KeyMaterialError, VaultError
from governance.vault.keypair import parse_capture_keys, parse_signing_keys
from governance.vault.master import MasterKeys, Purpose
from governance.vault.signing import EpochMac, sign_release, verify_release


def master(*kids: str) -> MasterKeys:
    return MasterKeys.parse(",".join(f"{kid}:{to_base64url(os.urandom(32))}" for kid in kids or ("k1",)))


def pem(key: Ed25519PrivateKey | X25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: Ed25519PrivateKey | X25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_the_first_master_key_derives_and_every_one_stays_reachable() -> None:
    keys = master("k2", "k1")
    assert keys.kid == "k2"
    assert keys.derive(Purpose.MAC) == keys.derive(Purpose.MAC, kid="k2") != keys.derive(Purpose.MAC, kid="k1")


def test_no_two_purposes_or_contexts_share_a_key() -> None:
    keys = master()
    made = [keys.derive(purpose) for purpose in Purpose]
    made += [
        keys.derive(Purpose.JOURNAL, "a", "b"),
        keys.derive(Purpose.JOURNAL, "ab"),
        keys.derive(Purpose.JOURNAL, "a,b"),
    ]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    "key",
    [
        os.urandom(31),
        os.urandom(33),
        bytes(32),
        b"\x01\xfe" * 16,
        bytes(range(32)),
        bytes(range(255, 223, -1)),
        b"change-me-change-me-change-me-change-me",
        b"correct horse battery staple, 4 words",
        b"change-me-change-me-change-me-ch",
        b"correct horse battery staple, 4.",
    ],
    ids=[
        "short",
        "long",
        "zeros",
        "two values",
        "counting",
        "counting down",
        "placeholder",
        "passphrase",
        "placeholder of 32",
        "passphrase of 32",
    ],
)
def test_a_weak_master_key_is_refused(key: bytes) -> None:
    with pytest.raises(KeyMaterialError) as caught:
        MasterKeys.parse(f"k1:{to_base64url(key)}")
    assert to_base64url(key) not in str(caught.value)


@pytest.mark.parametrize("text", ["", " , ", "k1", "k1:", ":abc", "k 1:abc", "k1:!!!", "k1:" + "A" * 41])
def test_a_malformed_list_of_master_keys_is_refused(text: str) -> None:
    with pytest.raises(KeyMaterialError, match="TOOLGATE_MASTER_KEYS"):
        MasterKeys.parse(text)


def test_a_repeated_kid_is_refused() -> None:
    one = to_base64url(os.urandom(32))
    with pytest.raises(KeyMaterialError, match="twice"):
        MasterKeys.parse(f"k1:{one},k1:{one}")


def test_ten_thousand_random_keys_are_all_accepted() -> None:
    for _ in range(10_000):
        MasterKeys.parse(f"k1:{to_base64url(os.urandom(32))}")


def test_master_keys_do_not_print_themselves() -> None:
    raw = os.urandom(32)
    keys = MasterKeys.parse(f"k1:{to_base64url(raw)}")
    assert repr(raw)[2:10] not in repr(keys)
    assert to_base64url(raw) not in repr(keys) + str(keys)


def test_base64url_has_one_spelling() -> None:
    assert from_base64url("AQ") == b"\x01"
    for other in ("AQ==", "AR", "A", "A+==", "AQ\n"):
        with pytest.raises(ValueError, match="base64url"):
            from_base64url(other)


def test_a_signing_key_is_read_from_text_file_and_raw_bytes(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    file = tmp_path / "audit.pem"
    file.write_text(pem(key))
    raw = to_base64url(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    kids = {
        parse_signing_keys(pem(key), setting="S").first.kid,
        parse_signing_keys(public_pem(key), setting="S").first.kid,
        parse_signing_keys(str(file), setting="S").first.kid,
    }
    assert len(kids) == 1
    for text in (pem(key), f"k:{file}", f"k:{raw}", pem(key) + public_pem(Ed25519PrivateKey.generate())):
        ring = parse_signing_keys(text, setting="S")
        signature = sign_release(ring, number=3, digest="ab")
        verify_release(ring.public_only(), signature, number=3, digest="ab")


@pytest.mark.parametrize(
    "text", ["", "k:AAAA", "k:/no/such/file.pem", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"]
)
def test_unusable_signing_keys_name_their_setting(text: str) -> None:
    with pytest.raises(KeyMaterialError, match="TOOLGATE_POLICY_KEY"):
        parse_signing_keys(text, setting="TOOLGATE_POLICY_KEY")


def test_a_key_of_the_other_kind_is_refused() -> None:
    with pytest.raises(KeyMaterialError, match="Ed25519"):
        parse_signing_keys(pem(X25519PrivateKey.generate()), setting="S")
    with pytest.raises(KeyMaterialError, match="X25519"):
        parse_capture_keys(pem(Ed25519PrivateKey.generate()))


def test_a_release_signature_holds_for_that_number_and_digest_only() -> None:
    ring = parse_signing_keys(pem(Ed25519PrivateKey.generate()), setting="S")
    stranger = parse_signing_keys(pem(Ed25519PrivateKey.generate()), setting="S")
    signature = sign_release(ring, number=7, digest="ab" * 32)
    verify_release(ring, signature, number=7, digest="ab" * 32)
    attempts: tuple[Callable[[], None], ...] = (
        lambda: verify_release(ring, signature, number=8, digest="ab" * 32),
        lambda: verify_release(ring, signature, number=7, digest="ac" * 32),
        lambda: verify_release(stranger, signature, number=7, digest="ab" * 32),
        lambda: verify_release(ring, signature[:-2], number=7, digest="ab" * 32),
        lambda: verify_release(ring, "", number=7, digest="ab" * 32),
    )
    for wrong in attempts:
        with pytest.raises(VaultError):
            wrong()


def test_a_process_with_the_public_half_alone_cannot_sign() -> None:
    ring = parse_signing_keys(public_pem(Ed25519PrivateKey.generate()), setting="S")
    with pytest.raises(KeyMaterialError, match="public half"):
        sign_release(ring, number=1, digest="ab")


def test_an_epoch_mac_refuses_what_was_changed_moved_or_replayed() -> None:
    mac = EpochMac(master("k2", "k1"))
    tag = mac.tag(domain="switch", epoch=5, body=b"all:on")
    mac.check(tag, domain="switch", epoch=5, body=b"all:on", above=4)
    attempts: tuple[Callable[[], None], ...] = (
        lambda: mac.check(tag, domain="switch", epoch=5, body=b"all:off"),
        lambda: mac.check(tag, domain="switch", epoch=6, body=b"all:on"),
        lambda: mac.check(tag, domain="revocation", epoch=5, body=b"all:on"),
        lambda: mac.check(tag, domain="switch", epoch=5, body=b"all:on", above=5),
        lambda: mac.check("k1" + tag[2:], domain="switch", epoch=5, body=b"all:on"),
        lambda: mac.check("k9" + tag[2:], domain="switch", epoch=5, body=b"all:on"),
        lambda: mac.check("é", domain="switch", epoch=5, body=b"all:on"),
    )
    for wrong in attempts:
        with pytest.raises(VaultError):
            wrong()
