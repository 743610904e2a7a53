# ruff: noqa: E501 — scripts of the shell
"""What bash really runs of a form: traced with stand-ins that record their words, in an empty folder, within limits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

BASH = shutil.which("bash")
_STAND_IN = (
    'command_not_found_handle() { local call; printf -v call \'%s\\037\' "$@"; printf \'%s\\036\' "$call" >> "$MARKS"; }; '
    "export -f command_not_found_handle\n"
)
"""Every program that a form names is none there is: what it was called with is recorded in its place."""
_MARK = re.compile(r"m\d+")
_WRAPPERS = {
    "env": 'words=(); while (($#)); do case $1 in -S) set -- $1$2 "${@:3}"; ;; esac; case $1 in -S*) w=${1#-S}; shift; '
    'eval "set -- $w \\"\\$@\\""; continue;; -u) shift 2; continue;; [A-Z]=*) shift; continue;; esac; break; done; "$@"',
    "nohup": '"$@"',
    "timeout": 'shift; "$@"',
    "nice": 'shift 2; "$@"',
    "xargs": 'IFS= read -r -d "" w; "$@" $w',
    "cat": 'while IFS= read -r l || [ -n "$l" ]; do printf "%s\\n" "$l"; done',
}
"""Stand-ins for the programs that a form may start others with; they start nothing but stand-ins."""

_DRIVER = r"""
ulimit -t 20 -f 2048 2>/dev/null
for form in "$FORMS"/*; do
  export MARKS="$RAN/${form##*/}"
  : > "$MARKS"
  ( set -f; set +e; . "$form"; wait ) < /dev/null > /dev/null 2> "$SAID/${form##*/}"
done
"""


def ran(forms: list[str]) -> list[list[list[str]]]:
    """For each form the commands that bash ran, each with its words; none for a form that bash refuses to parse."""
    assert BASH is not None
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("bin", "forms", "ran", "said", "empty"):
            (root / name).mkdir()
        (root / "bin/bash").symlink_to(BASH)
        for wrapper, body in _WRAPPERS.items():
            (root / "bin" / wrapper).write_text(f"#!{BASH}\n{body}\n")
            (root / "bin" / wrapper).chmod(0o755)
        for place, form in enumerate(forms):
            (root / f"forms/{place:06}").write_text(form)
        cat = f"cat() {{ {_WRAPPERS['cat']}; }}; export -f cat\n"
        environment = {
            "PATH": str(root / "bin"),
            "FORMS": str(root / "forms"),
            "RAN": str(root / "ran"),
            "SAID": str(root / "said"),
            "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
            "HOME": "~",
            "y": "ab",
        }
        subprocess.run(
            [BASH, "--norc", "--noprofile", "-c", _STAND_IN + cat + _DRIVER],
            cwd=root / "empty", env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        found: list[list[list[str]]] = []
        for place in range(len(forms)):
            recorded = root / f"ran/{place:06}"
            text = recorded.read_bytes().decode("utf-8", "replace") if recorded.exists() else ""
            calls = [call.split("\037")[:-1] for call in text.split("\036")[:-1]]
            found.append([call for call in calls if call and _MARK.fullmatch(call[0])])
        return found
