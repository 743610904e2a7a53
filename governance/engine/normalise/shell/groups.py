"""What groups of commands read and print: the state that goes from one command to the next."""

from __future__ import annotations

from governance.engine.normalise.shell.budget import MAX_DEPTH, Budget, TooComplexError
from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.marks import UNKNOWN
from governance.engine.normalise.shell.outputs import output_of
from governance.engine.normalise.shell.reading.sink import Sink, Substituted

_SILENT = frozenset(
    "cd : true false export declare typeset local readonly set unset shift test [ [[ (( let read mapfile return exit "
    "break continue wait sleep mkdir touch rm trap umask shopt".split()
)


class Groups(Sink):
    """Follows what pipes, groups and substitutions pass on."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.previous: Program | None = None
        self.last: Program | None = None
        self.cwd = ""
        self.bodies: dict[str, str] = {}
        self.kept: list[tuple[dict[str, str], dict[str, dict[str, str]], dict[str, str], list[str]] | None] = []
        self.inputs: list[tuple[str | None, Program | None]] = [(None, None)]
        self.printed: list[list[Program]] = [[]]

    def cut(self) -> None:
        self.previous = None

    def keep(self) -> tuple[dict[str, str], dict[str, dict[str, str]], dict[str, str], list[str]]:
        """What a process of its own cannot change for those after it."""
        return dict(self.variables), dict(self.arrays), dict(self.bodies), list(self.arguments)

    def restore(self, kept: tuple[dict[str, str], dict[str, dict[str, str]], dict[str, str], list[str]]) -> None:
        """What was held before is held again; what is new stays, as some shells run a pipe's end themselves."""
        variables, arrays, bodies, self.arguments = kept
        self.variables |= variables
        self.arrays |= arrays
        self.bodies |= bodies

    def enter(self, *, piped: bool, apart: bool) -> None:
        self.kept.append(self.keep() if piped or apart else None)
        source = self.previous if piped else None
        self.inputs.append((output_of(source), source) if source is not None else self.inputs[-1])
        self.printed.append([])
        self.previous = None

    def leave(self, *, pipes: bool) -> None:
        if kept := self.kept.pop():
            self.restore(kept)
        self.inputs.pop()
        group = _together(self.printed.pop())
        self.previous = None
        if group is not None:
            self.last = group
            if pipes:
                self.previous = group
            else:
                self.printed[-1].append(group)

    def substitution(self, reader: Substituted, *, closer: str = ")", process: bool = False) -> str:
        if reader.depth > MAX_DEPTH:
            raise TooComplexError
        outer, self.previous = self.previous, None
        outer_last, self.last, cwd, kept = self.last, None, self.cwd, self.keep()
        self.printed.append([])
        reader.commands(closer=closer)
        printed = _together(self.printed.pop())
        known = output_of(printed) if printed is not None else None
        self.last, self.previous, self.cwd = outer_last, outer, cwd
        self.restore(kept)
        if process:
            return known or ""
        return UNKNOWN if known is None else known.rstrip("\n")


def _together(programs: list[Program]) -> Program | None:
    """The program that prints what all of these do; None when there is none."""
    speaking = [program for program in programs if program.name not in _SILENT]
    if len(speaking) < 2:
        return speaking[0] if speaking else programs[-1] if programs else None
    texts = [output_of(program) for program in speaking[:256]]
    if not any(texts):
        return speaking[-1]
    text = "".join(UNKNOWN if text is None else text for text in texts)
    return Program(name="cat", words=[], stdin=text, source=speaking[-1])
