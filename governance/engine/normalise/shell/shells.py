"""What a shell is started with: a command string, a script, or its standard input."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLUSTER = re.compile(r"[-+][A-Za-z]+")
_VALUED = frozenset({"--rcfile", "--init-file", "--init-command", "-C"})
_STDIN = frozenset({"-", "/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"})

STARTERS = frozenset(
    "ssh sudo doas su runuser chroot nsenter unshare newgrp sg login nix-shell script toolbox machinectl setpriv "
    "lxc-attach gosu su-exec pkexec".split()
)
"""Programs that start a shell where they are given no command."""


@dataclass(frozen=True, slots=True)
class Started:
    """`text` of `-c` or None, `script` file or None, positional `arguments`, whether standard input is read, and the
    `name` that is `$0` if one is given.
    """

    text: str | None
    script: str | None
    arguments: list[str]
    reads_stdin: bool
    name: str = ""


def started(words: list[str]) -> Started:
    """What a POSIX shell would run with these words; options may stand in one cluster (`-euo pipefail -c`)."""
    text_follows = stdin = False
    at = 0
    while at < len(words):
        word = words[at]
        if word in {"-", "--"}:
            at += 1
            break
        if not word.startswith(("-", "+")):
            break
        at += 1
        if word == "--command" or word.startswith("--command="):
            if "=" in word:
                return Started(word.partition("=")[2], None, words[at:], False)
            text_follows = True
        elif word in _VALUED:
            at += 1
        elif _CLUSTER.fullmatch(word):
            at += word.count("o") + word.count("O")
            text_follows = text_follows or "c" in word
            stdin = stdin or "s" in word
    rest = words[at:]
    if text_follows:
        return Started(rest[0] if rest else None, None, rest[2:], False, "".join(rest[1:2]))
    if stdin or not rest or rest[0] in _STDIN:
        return Started(None, None, rest if stdin else rest[1:], True)
    return Started(None, rest[0], rest[1:], False)


def reads_stdin_as_script(name: str) -> bool:
    """Whether a file name stands for standard input."""
    return name in _STDIN
