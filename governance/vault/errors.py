"""The one error family of the vault."""

from __future__ import annotations


class VaultError(Exception):
    """Something sealed could not be opened, or a signature or MAC does not hold.

    Deliberately carries nothing: whatever was wrong (key, version, row, a flipped bit), the error is the same.
    """

    def __init__(self) -> None:
        super().__init__("the sealed value cannot be opened")


class KeyMaterialError(ValueError):
    """Key material that an operator configured is unusable. The message names the setting, never a byte of the key."""
