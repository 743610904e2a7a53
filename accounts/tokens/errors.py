"""Why a credential is refused: one family, one 401 at every door."""

from __future__ import annotations


class CredentialError(Exception):
    """A credential that does not authenticate. `code` is stable and safe to tell; `reason` is one safe sentence.

    Neither ever holds any part of the credential.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class TokenError(CredentialError):
    """A signed token that does not authenticate."""


class KeyConfigurationError(ValueError):
    """Signing keys that cannot be used; says which of them and why, never the material."""


class RevocationTampered(Exception):
    """A stored revocation whose MAC or epoch does not hold; the last good set stays in force."""
