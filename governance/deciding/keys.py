"""The keys of this process, read from the settings once, each derived for its one purpose."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from accounts.tokens.digest import KeyedDigest
from accounts.tokens.keys import KeyRing, parse_signing_keys
from governance.engine.compiled.snapshot import EngineKeys
from governance.vault.errors import VaultError
from governance.vault.keypair import CaptureKeys, SigningKeys, parse_capture_keys
from governance.vault.keypair import parse_signing_keys as parse_ed25519_keys
from governance.vault.master import MasterKeys, Purpose
from governance.vault.signing import EpochMac


@lru_cache(maxsize=1)
def master_keys() -> MasterKeys:
    """The secret-wrapping keys."""
    return MasterKeys.parse(settings.TOOLGATE_MASTER_KEYS)


@lru_cache(maxsize=1)
def policy_keys() -> SigningKeys:
    """The keys that releases are signed with; web needs the public half only."""
    return parse_ed25519_keys(settings.TOOLGATE_POLICY_KEY, setting="TOOLGATE_POLICY_KEY")


@lru_cache(maxsize=1)
def capture_keys() -> CaptureKeys:
    """The keys that captured payloads are sealed to."""
    return parse_capture_keys(settings.TOOLGATE_CAPTURE_KEY)


@lru_cache(maxsize=1)
def token_keys() -> KeyRing:
    """The keys that tokens are signed with."""
    return parse_signing_keys(settings.TOOLGATE_SIGNING_KEYS)


@lru_cache(maxsize=1)
def state_macs() -> EpochMac:
    """The MACs over switches, and over state kept on disk."""
    return EpochMac(master_keys())


def journal_kid() -> str:
    """The id of the master key that the journal's frames are authenticated under."""
    return master_keys().kid


@lru_cache(maxsize=16)
def journal_key(kid: str) -> bytes:
    """The journal key under a master key. Raises LookupError when that key is not configured."""
    try:
        return master_keys().derive(Purpose.JOURNAL, kid=kid)
    except VaultError:
        raise LookupError(f"master key {kid} is not configured") from None


@lru_cache(maxsize=8)
def digests(purpose: Purpose) -> KeyedDigest:
    """Keyed digests for one purpose, under every master key in force."""
    keys = master_keys()
    order = [keys.kid, *(kid for kid in keys.by_kid if kid != keys.kid)]
    return KeyedDigest({kid: keys.derive(purpose, kid=kid) for kid in order})


def engine_keys() -> EngineKeys:
    """What compiling a release needs that is no policy."""
    return EngineKeys(fingerprint=master_keys().derive(Purpose.FINGERPRINT), issuer=settings.TOOLGATE_ISSUER)
