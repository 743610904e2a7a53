from __future__ import annotations

import copy
import json
import os
import pickle
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from governance.vault import capture
from governance.vault.capture import DayKeys, SealedDayKey, open_captured
from governance.vault.encoding import from_base64url, to_base64url
from governance.vault.envelope import Envelope, EnvelopePlace
from governance.vault.errors import VaultError
from governance.vault.keypair import CaptureKeys, parse_capture_keys
from governance.vault.master import MasterKeys
from governance.vault.secret import Secret

PLACE = EnvelopePlace(provider="github", model="governance.secret", field="value", row="6f1c", version=1)
DAY = 86_400_000_000


def entry(kid: str) -> str:
    return f"{kid}:{to_base64url(os.urandom(32))}"


def ring() -> CaptureKeys:
    key = X25519PrivateKey.generate()
    return parse_capture_keys(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def test_a_secret_comes_back_as_it_was() -> None:
    envelope = Envelope(MasterKeys.parse(entry("k1")))
    for value in ("", "hunter2", "naïve ☃ \x00", "x" * 100_000):
        assert envelope.open(envelope.seal(Secret(value), PLACE), PLACE).reveal("test") == value


@pytest.mark.parametrize(
    "place",
    [
        replace(PLACE, provider="gitlab"),
        replace(PLACE, model="governance.other"),
        replace(PLACE, field="note"),
        replace(PLACE, row="6f1d"),
        replace(PLACE, version=2),
    ],
)
def test_a_sealed_secret_opens_nowhere_else(place: EnvelopePlace) -> None:
    envelope = Envelope(MasterKeys.parse(entry("k1")))
    with pytest.raises(VaultError):
        envelope.open(envelope.seal(Secret("x"), PLACE), place)


def test_a_flip_of_any_byte_fails_with_the_same_error() -> None:
    keys = MasterKeys.parse(f"{entry('k1')},{entry('k2')}")
    envelope = Envelope(keys)
    sealed = envelope.seal(Secret("hunter2"), PLACE)
    messages = set()
    tampered = [sealed[:cut] for cut in range(len(sealed))]
    tampered += [
        sealed[:at] + other + sealed[at + 1 :] for at in range(len(sealed)) for other in "Aé.2" if sealed[at] != other
    ]
    tampered += ["tg1.k9" + sealed[6:], sealed + "A", sealed + ".", ""]
    for text in tampered:
        with pytest.raises(VaultError) as caught:
            envelope.open(text, PLACE)
        messages.add(str(caught.value))
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert len(messages) == 1


def test_rewrapping_moves_a_secret_to_the_first_key_and_keeps_its_ciphertext() -> None:
    old, new = entry("k.1"), entry("k.2")
    sealed = Envelope(MasterKeys.parse(old)).seal(Secret("hunter2"), PLACE)
    both = Envelope(MasterKeys.parse(f"{new},{old}"))
    moved = both.rewrap(sealed, PLACE)
    assert (Envelope.kid_of(sealed), Envelope.kid_of(moved)) == ("k.1", "k.2")
    assert moved.rpartition(".")[2] == sealed.rpartition(".")[2]
    assert both.rewrap(moved, PLACE) == moved
    assert Envelope(MasterKeys.parse(new)).open(moved, PLACE).reveal("test") == "hunter2"
    with pytest.raises(VaultError):
        Envelope(MasterKeys.parse(new)).open(sealed, PLACE)
    with pytest.raises(VaultError):
        both.rewrap(sealed, replace(PLACE, row="other"))


def test_a_secret_shows_nothing_of_itself() -> None:
    secret = Secret("hunter2")
    assert {repr(secret), str(secret), f"{secret}", f"{secret!r}", "%s" % secret} == {"[secret]"}  # noqa: UP031
    for leak in (
        lambda: pickle.dumps(secret),
        lambda: copy.copy(secret),
        lambda: copy.deepcopy(secret),
        lambda: json.dumps(secret),
        lambda: hash(secret),
        lambda: vars(secret),
    ):
        with pytest.raises(TypeError):
            leak()
    with pytest.raises(ValueError, match="purpose"):
        secret.reveal(" ")


def test_the_private_half_opens_what_web_captured() -> None:
    keys = ring()
    day = DayKeys(keys)
    first = day.seal(b'{"path":"/tmp"}', principal="alice", at=5 * DAY + 7, place="arguments")
    second = day.seal(b"again", principal="alice", at=5 * DAY + 8, place="arguments")
    assert first.new_key is not None
    assert first.key_id == second.key_id
    assert second.new_key == first.new_key, "until it is delivered, every record carries it"
    assert open_captured(keys, first.new_key, first.payload, place="arguments") == b'{"path":"/tmp"}'
    assert open_captured(keys, first.new_key, second.payload, place="arguments") == b"again"
    day.delivered(first)
    assert day.seal(b"third", principal="alice", at=5 * DAY + 9, place="arguments").new_key is None


def test_principals_and_days_never_share_a_key() -> None:
    day = DayKeys(ring())
    ids = [
        day.seal(b"x", principal=who, at=when * DAY, place="a").key_id for when in (1, 2) for who in ("alice", "bob")
    ]
    assert len(set(ids)) == 4


def test_web_cannot_open_yesterdays_payloads() -> None:
    keys = ring()
    day = DayKeys(keys)
    captured = day.seal(b"x", principal="alice", at=1 * DAY, place="a")
    day.seal(b"x", principal="alice", at=2 * DAY, place="a")
    assert captured.new_key is not None
    held = [entry.sealed.id for entry in day._held.values()]
    assert captured.key_id not in held
    with pytest.raises(VaultError):
        open_captured(keys.public_only(), captured.new_key, captured.payload, place="a")


def test_a_capture_that_was_touched_or_moved_does_not_open() -> None:
    keys = ring()
    captured = DayKeys(keys).seal(b"x" * 20, principal="alice", at=3 * DAY, place="arguments")
    key = captured.new_key
    assert key is not None

    def refused(key: SealedDayKey, payload: str, place: str = "arguments", ring: CaptureKeys = keys) -> None:
        with pytest.raises(VaultError):
            open_captured(ring, key, payload, place=place)

    refused(replace(key, principal="bob"), captured.payload)
    refused(replace(key, day=4), captured.payload)
    refused(replace(key, id=captured.key_id[::-1]), captured.payload)
    refused(replace(key, kid="other"), captured.payload)
    refused(key, captured.payload, place="result")
    refused(key, captured.payload, ring=ring())
    for text, make in (
        (captured.payload, lambda text: (key, text)),
        (key.sealed, lambda text: (replace(key, sealed=text), captured.payload)),
    ):
        raw = from_base64url(text)
        for at in range(len(raw)):
            refused(*make(to_base64url(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])))
            refused(*make(to_base64url(raw[:at])))


def test_the_number_of_held_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "MAXIMUM_KEYS", 3)
    day = DayKeys(ring())
    for number in range(10):
        day.seal(b"x", principal=str(number), at=DAY, place="a")
    assert len(day._held) == 3
    day.forget()
    assert not day._held
