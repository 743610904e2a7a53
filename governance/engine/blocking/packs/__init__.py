"""The entries that ship, in packs; `builtin` names all of them."""

from __future__ import annotations

from collections.abc import Mapping

from governance.engine.blocking.entry import Entry
from governance.engine.blocking.packs.commands import DESTRUCTIVE_COMMANDS, INFRASTRUCTURE, PIPE_TO_SHELL
from governance.engine.blocking.packs.files import CREDENTIAL_FILES
from governance.engine.blocking.packs.hosts import CLOUD_METADATA, EXFILTRATION_HOSTS
from governance.engine.blocking.packs.statements import DATA_DESTRUCTION

PACKS: Mapping[str, tuple[Entry, ...]] = {
    "destructive-commands": DESTRUCTIVE_COMMANDS,
    "data-destruction": DATA_DESTRUCTION,
    "infrastructure-destruction": INFRASTRUCTURE,
    "credential-files": CREDENTIAL_FILES,
    "cloud-metadata": CLOUD_METADATA,
    "pipe-to-shell": PIPE_TO_SHELL,
    "exfiltration-hosts": EXFILTRATION_HOSTS,
}
"""Pack id → its entries."""

ALL_PACKS = "builtin"
"""The name that stands for every pack."""
