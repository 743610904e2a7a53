"""The embedded PostgreSQL cluster."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

OWNER_ROLE, APP_ROLE = "toolgate_owner", "toolgate_app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where one embedded cluster lives: the folder it belongs to and the folder of its socket."""

    var: Path
    sockets: Path

    @classmethod
    def kept_in(cls, var: Path) -> Cluster:
        digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
        return cls(var=var, sockets=Path(f"/tmp/toolgate-{os.getuid()}-{digest}"))
