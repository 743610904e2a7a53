from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from governance.vault.master import MasterKeys


class AuditConfig(AppConfig):
    """Hands the vault's journal keys in, which lie above this room; they are read when first needed."""

    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from audit import process
        from governance.vault.errors import VaultError
        from governance.vault.master import Purpose

        def key_for(kid: str) -> bytes:
            try:
                return _master_keys().derive(Purpose.JOURNAL, kid=kid)
            except VaultError:
                raise LookupError(f"master key {kid} is not configured") from None

        process.install(kid=lambda: _master_keys().kid, key_for=lru_cache(maxsize=16)(key_for))


@lru_cache(maxsize=1)
def _master_keys() -> MasterKeys:
    from django.conf import settings

    from governance.vault.master import MasterKeys

    return MasterKeys.parse(settings.TOOLGATE_MASTER_KEYS)
