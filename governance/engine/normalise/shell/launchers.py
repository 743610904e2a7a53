"""Programs that start others by options of their own: find, xargs, git, terminals, editors, schedulers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from governance.engine.normalise.shell.budget import Budget
from governance.engine.normalise.shell.command import Program, program_name
from governance.engine.normalise.shell.marks import UNKNOWN
from governance.engine.normalise.shell.reading.reader import Reader
from governance.engine.normalise.shell.reading.sink import Sink

_TERMINAL_RUNS = frozenset("send-keys send new-session new stuff run-shell new-window split-window".split())
_NARROWING = frozenset("-name -iname -path -mtime -regex -size -newer -user -empty".split())


def texts_started(command: Program) -> list[str] | None:
    """The command lines that a program runs by its words or its input; None when it is none that would."""
    rule = _RULES.get(command.name)
    return None if rule is None else rule(command)


def commands_found(words: list[str]) -> Iterator[list[str]]:
    """The words of each command that `find` runs on what it finds, which is where it looks and `UNKNOWN` below it."""
    starts: list[str] = []
    for word in words:
        if word.startswith(("-", "(", "!")) and word not in {"-L", "-H", "-P"}:
            break
        if not word.startswith("-"):
            starts.append(word)
    for place, word in enumerate(words):
        if word in {"-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"}:
            inner: list[str] = []
            for later in words[place + 1 :]:
                if later in {";", "+"}:
                    break
                inner.append(later)
            narrowed = any(each in _NARROWING for each in words)
            roots = [start if not narrowed or start in {"/", "~"} else start + "/" + UNKNOWN for start in starts] or [
                "."
            ]
            inner = [
                root if each == "{}" else each.replace("{}", root)
                for each in inner
                for root in (roots if each == "{}" else roots[:1])
            ]
            if inner and program_name(inner[0]) == "rm" and any(root in {"/", "~"} for root in roots):
                inner.insert(1, "-r")
            if inner:
                yield inner


def words_fed(command: Program) -> list[str]:
    """The words that `xargs` would add: known input, else where the `find` or `ls` upstream looks."""
    if command.stdin is not None:
        return command.stdin.split()[:64]
    roots: list[str] = []
    for upstream in command.sources():
        if upstream.name in {"find", "ls", "gfind"}:
            starts = []
            for word in upstream.words:
                if word.startswith(("-", "(", "!")) and upstream.name == "find":
                    break
                if not word.startswith("-"):
                    starts.append(word)
            narrowed = any(word in _NARROWING or word == "-type" for word in upstream.words)
            roots += [start + "/" + UNKNOWN if narrowed and start not in {"/", "~"} else start for start in starts]
    return roots


def _after(words: list[str], *options: str) -> str | None:
    for place, word in enumerate(words[:-1]):
        if word in options:
            return words[place + 1]
    for word in words:
        for option in options:
            if option.startswith("--") and word.startswith(option + "="):
                return word.partition("=")[2]
    return None


def _as_somebody(command: Program) -> list[str] | None:
    text = _after(command.words, "-c", "--command", "--run")
    return None if text is None else [text]


def _git(command: Program) -> list[str]:
    texts = []
    for word in command.words:
        shell = re.match(r"(?:alias\.\w+|core\.\w+)=!?(.*)", word)
        if shell:
            texts.append(shell[1])
        elif word.startswith("!"):
            texts.append(word[1:])
    return texts


def _terminal(command: Program) -> list[str] | None:
    if _TERMINAL_RUNS.isdisjoint(command.words):
        return None
    return [re.sub(r"\\n|\^M$", "", word) for word in command.words if " " in word]


def _editor(command: Program) -> list[str]:
    return [bang[1] for word in command.words if (bang := re.match(r"\+?:?!(.*)", word))]


def _at(command: Program) -> list[str] | None:
    return None if command.stdin is None else [command.stdin]


def _crontab(command: Program) -> list[str] | None:
    if command.stdin is None or "-" not in command.words:
        return None
    return [re.sub(r"^(?:@\w+|(?:\S+\s+){5})", "", line) for line in command.stdin.splitlines()]


_RULES: Mapping[str, Callable[[Program], list[str] | None]] = {
    **dict.fromkeys(("su", "runuser", "script", "flock", "sg", "newgrp", "ash", "nix-shell", "expect"), _as_somebody),
    "git": _git,
    **dict.fromkeys(("tmux", "screen"), _terminal),
    **dict.fromkeys(("vim", "vi", "nvim", "ex", "less", "man"), _editor),
    **dict.fromkeys(("at", "batch"), _at),
    "crontab": _crontab,
}

RUN_TEXT = frozenset("su runuser script flock sg newgrp ash nix-shell at batch".split())
"""Programs whose text surely is a shell's; of others it may be something else."""

_SPLIT_OPTION = re.compile(r"-[0iv]*S(.*)|--s[\w-]*=(.*)", re.DOTALL)
_SPLIT_ALONE = re.compile(r"-[0iv]*S|--s[\w-]*")


def environment_split(words: list[str], budget: Budget) -> list[str]:
    """The words of `env` with the text of its `-S` taken apart in its place."""
    for place, word in enumerate(words):
        if not word.startswith("-") and "=" not in word:
            break
        found = _SPLIT_OPTION.fullmatch(word)
        if _SPLIT_ALONE.fullmatch(word):
            text, behind = (words[place + 1] if place + 1 < len(words) else ""), place + 2
        elif found:
            text, behind = found[1] or found[2] or "", place + 1
        else:
            continue
        reader = Reader(text, Sink(budget))
        apart: list[str] = []
        while reader.at < reader.end:
            at = reader.at
            apart += reader.word()
            reader.at += reader.at == at
        return words[:place] + apart + words[behind:]
    return words
