"""The settings of the tests: a run-time folder of their own, no `.env`, and a password hash that costs nothing."""

from __future__ import annotations

import os
from pathlib import Path

_project = Path(__file__).resolve().parent.parent
os.environ.setdefault("TOOLGATE_VAR", str(_project / "var" / "test"))
os.environ.setdefault("TOOLGATE_DOTENV", str(_project / "tests" / "none.env"))

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
