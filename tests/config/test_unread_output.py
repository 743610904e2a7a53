"""A command whose reader leaves, as in `manage.py audit … | head`, ends quietly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


@pytest.mark.parametrize("command", [("audit", "--help"), ("audit", "list", "--help"), ("policy", "schema"), ("help",)])
def test_a_command_whose_reader_leaves_ends_quietly(command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, str(MANAGE), *command],
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=MANAGE.parent,
            check=False,
        )
    finally:
        os.close(writing)
    assert ended.stderr == b""
    assert ended.returncode in (0, 141)  # argparse itself passes over a help that nobody reads
