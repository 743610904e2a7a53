"""A simple command as written, and the program that it would start: how its words are asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from governance.engine.normalise.shell.marks import UNKNOWN
from governance.engine.normalise.text import fold


@dataclass(slots=True)
class Redirect:
    """One redirection: operator without the file descriptor, and target; a here-document's target is its text."""

    operator: str
    target: str
    descriptor: str = ""

    def takes_output(self) -> bool:
        """Whether it leads elsewhere what the command prints."""
        return self.operator in {">", ">>", ">|", ">&"} and self.descriptor in {"", "1"}


@dataclass(slots=True)
class Simple:
    """A simple command as written, after expansion and before wrappers are taken off; `feeds` are the command lines
    that read what it prints (`>(…)`).
    """

    words: list[str] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    piped: bool = False
    feeds: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Program:
    """One program that would be started.

    `name` is its file name in lower case without folder, version-free extension `.exe`; `words` are its arguments.
    `stdin` is the text it reads, None when unknown; `source` the command whose output it reads. `wrappers` are the
    programs it was started through, outermost first. `cwd` is the folder it was changed to before, empty when none.
    `code` is program text for an interpreter (`python -c`).
    """

    name: str
    words: list[str]
    redirects: list[Redirect] = field(default_factory=list)
    stdin: str | None = None
    source: Program | None = None
    wrappers: tuple[str, ...] = ()
    cwd: str = ""
    code: str | None = None
    written: str = ""

    def options(self) -> Iterator[str]:
        """Every option as its own: `-rf` gives `-r` and `-f`, `--force=x` gives `--force`; nothing after `--`."""
        for word in self.words:
            if word == "--":
                return
            if word.startswith("--"):
                yield word.partition("=")[0]
            elif word.startswith("-") and len(word) > 1:
                yield from ("-" + letter for letter in word[1:])

    def has(self, *options: str) -> bool:
        """Whether any of the options is given; a long one may be abbreviated to five characters (`--recu`)."""
        given = set(self.options())
        if given & set(options):
            return True
        return any(
            long.startswith(each)
            for each in given
            if each.startswith("--") and len(each) >= 5
            for long in options
            if long.startswith("--")
        )

    def operands(self) -> list[str]:
        """The words that are no options; everything after `--`."""
        found: list[str] = []
        for place, word in enumerate(self.words):
            if word == "--":
                return found + self.words[place + 1 :]
            if not (word.startswith("-") and len(word) > 1):
                found.append(word)
        return found

    def written_all(self) -> bool:
        """Whether a target is what only running a listing would tell: `docker rm $(docker ps -aq)`."""
        return any(UNKNOWN in word for word in self.words) or "xargs" in self.wrappers

    def sources(self) -> Iterator[Program]:
        """The commands upstream in the pipeline, nearest first."""
        at = self.source
        for _ in range(32):
            if at is None:
                return
            yield at
            at = at.source


def program_name(word: str) -> str:
    """A program's name as compared: file name, lower case, folded, without `.exe` and unknown parts."""
    name = word.replace(UNKNOWN, "") if UNKNOWN in word else word
    if "/" in name or "\\" in name:
        name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = name.lower() if name.isascii() else fold(name).lower()
    for ending in (".exe", ".cmd", ".com", ".bat"):
        name = name.removesuffix(ending)
    return name.lstrip("@")
