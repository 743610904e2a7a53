"""The id of this host: a UUID kept in `var/node`, made once."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def node_id(var: Path) -> str:
    """The node's id, made at the first call. Raises OSError when it cannot be had, ValueError when it is no UUID."""
    path = var / "node"
    for _ in range(2):
        try:
            return str(uuid.UUID(path.read_text(encoding="ascii").strip()))
        except FileNotFoundError:
            aside = var / f"node.{os.getpid()}.{uuid.uuid4().hex}"
            aside.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
            aside.chmod(0o600)
            try:
                os.link(aside, path)  # fails when another process was faster: then its id is read
            except FileExistsError:
                pass
            finally:
                aside.unlink()
    raise OSError(f"{path} appears and disappears")
