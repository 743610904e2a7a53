"""The clients' built-in tools as policy files, one a client: to be laid into a policy's folder and governed by rules.

Names are those that each client sends to its hooks, read from the clients' documentation in November 2026. A tool that
is not registered does not exist: calls to it are denied with `entity.unknown`.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def clients() -> dict[str, Path]:
    """The policy file of each client, by the client's name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
