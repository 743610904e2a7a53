"""Command lines as the programs that would run: wrappers, shells, substitutions, aliases and decoded payloads taken
apart.

`read_commands` gives every program that a text would start, with its words after expansion, what is known of its
standard input, and the program whose output it reads. Nothing is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from governance.engine.normalise.shell.assignments import Assignments
from governance.engine.normalise.shell.budget import MAX_DEPTH, Budget, TooComplexError
from governance.engine.normalise.shell.command import Program, Redirect, Simple, program_name
from governance.engine.normalise.shell.launchers import (
    RUN_TEXT,
    commands_found,
    environment_split,
    texts_started,
    words_fed,
)
from governance.engine.normalise.shell.marks import DECODED, FETCHED, UNKNOWN
from governance.engine.normalise.shell.outputs import output_of
from governance.engine.normalise.shell.program_text import code_of, runs_text, shell_texts
from governance.engine.normalise.shell.reading.reader import Reader
from governance.engine.normalise.shell.shells import STARTERS, reads_stdin_as_script, started
from governance.engine.normalise.shell.windows import cmd_text, is_windows, only_posix, powershell_text, scheduled_text
from governance.engine.normalise.shell.wrappers import POWERSHELLS, SHELLS, entry_point, wrapped

_PROSE = re.compile(r"[^\"`$\\;&|<>(){}\n#]*")
"""What is read whole when apostrophes are left out: nothing in it but words."""
_EVALUATES = frozenset("let test [ [[ unset read printf declare typeset local export readonly mapfile wait".split())
"""Builtins that evaluate the subscript of a name that they are given."""
_COMPARISONS = frozenset("-eq -ne -lt -le -gt -ge".split())
_DECLARERS = frozenset("export declare typeset local readonly set setx".split())


@dataclass(slots=True)
class Commands:
    """What a text would run. `complete` is false when it could not be read within bounds; `lost` is true when the
    reader lost its place: something is not closed, or stands where it has no meaning. Then the text is read once more
    without any quotes.
    """

    commands: list[Program]
    complete: bool
    lost: bool = False
    targets: list[tuple[str, str]] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    runs_fetched: bool = False
    runs_decoded: bool = False


class Interpreter(Assignments):
    """Collects the commands of one text and of the texts it would run."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.aliases: dict[str, str] = {}
        self.calls: list[tuple[str, ...]] = []
        self.commands: list[Program] = []
        self.targets: list[tuple[str, str]] = []
        self.runs_fetched = False
        self.runs_decoded = False
        self.files: dict[str, str] = {}

    # --- what the reader reports --------------------------------------------------------------------------------------
    def read(self, text: str, depth: int, *, windows: bool = False, guess: bool = False) -> None:
        """Read a text that a shell would run, with the variables known so far; a `guess` may not be one at all."""
        if depth > MAX_DEPTH:
            raise TooComplexError
        self.runs_fetched = self.runs_fetched or FETCHED in text
        self.runs_decoded = self.runs_decoded or DECODED in text
        outer, self.previous = self.previous, None
        lost = self.lost
        Reader(text, self, depth=depth, windows=windows).commands()
        if guess:
            self.lost = lost
        self.previous = outer

    def read_with(
        self, text: str, depth: int, stdin: str | None, source: Program | None, *, windows: bool = False
    ) -> None:
        """Read a text whose commands read what was given to the one that runs it."""
        self.inputs.append((stdin, source))
        self.read(text, depth, windows=windows)
        self.inputs.pop()

    def define(self, name: str, body: str) -> None:
        self.functions.add(name)
        if body and len(self.bodies) < 64:
            self.bodies[name] = body

    def repeat(self, text: str, depth: int, *, variable: str = "", value: str = "", stdin: str | None = None) -> None:
        if variable:
            self.variables[variable] = value
        self.inputs.append((stdin, None) if stdin is not None else self.inputs[-1])
        self.read(text, depth)
        self.inputs.pop()

    def emit(self, simple: Simple, depth: int, windows: bool, *, pipes: bool) -> None:
        source = self.previous if simple.piped else None
        self.previous = None
        held = self.variables
        if len(simple.words) > 1 and "=" in simple.words[0]:
            self.variables = dict(held)
        words = self._beginning(list(simple.words))
        temporary = bool(words) and self.variables is not held
        for redirect in simple.redirects:
            if redirect.operator not in {"<<", "<<<"}:
                self.targets.append((redirect.operator, redirect.target))
        if not words:
            self.previous = source if pipes else None
            return
        stdin: str | None = None
        given = False
        for redirect in simple.redirects:
            if redirect.operator in {"<<", "<<<"}:
                stdin, given = redirect.target, True
            elif redirect.operator == "<" and redirect.descriptor in {"", "0"}:
                stdin, given = self.files.get(redirect.target), True
        if stdin is None and source is not None:
            stdin = output_of(source)
        elif not simple.piped and not given:
            stdin, source = self.inputs[-1]
        self.runs_fetched = self.runs_fetched or FETCHED in words[0]
        last = self._run(words, simple.redirects, stdin, source, depth, windows, ())
        self.last = last
        if temporary:
            self.variables |= held
        self.variables["_"] = words[-1]
        if given and words == ["exec"]:
            self.inputs[-1] = (stdin, None)
        if last is None:
            return
        elsewhere = False
        for redirect in simple.redirects:
            elsewhere = elsewhere or redirect.takes_output()
            if redirect.operator in {">", ">>", ">|"} and len(self.files) < 64:
                self._written(redirect, last)
        for text in simple.feeds:
            self.read_with(text, depth + 1, output_of(last), last)
        if pipes:
            self.previous = last
        elif not elsewhere:
            self.printed[-1].append(last)

    def _written(self, redirect: Redirect, command: Program) -> None:
        text = output_of(command)
        if text is not None:
            self.files[redirect.target] = (
                self.files.get(redirect.target, "") if redirect.operator == ">>" else ""
            ) + text

    # --- meaning ------------------------------------------------------------------------------------------------------
    def _run(
        self,
        words: list[str],
        redirects: list[Redirect],
        stdin: str | None,
        source: Program | None,
        depth: int,
        windows: bool,
        wrappers: tuple[str, ...],
    ) -> Program | None:
        self.budget.spend(1)
        if depth > MAX_DEPTH or len(wrappers) > 12:
            raise TooComplexError
        first = words[0]
        if first in self.aliases and not wrappers:
            text = self.aliases[first]
            if text.split()[:1] != [first]:
                self.read(text + " " + " ".join(words[1:]), depth + 1, windows=windows)
                return self.last
        if first in self.bodies and not wrappers:
            self._call(words, stdin, source, depth)
        name = program_name(first)
        rest = words[1:]
        command = Program(
            name=name,
            words=rest,
            redirects=redirects,
            stdin=stdin,
            source=source,
            wrappers=wrappers,
            cwd=self.cwd,
            written=first,
        )
        if name in {"cd", "pushd", "chdir", "set-location", "sl"} and rest:
            self.cwd = (
                rest[-1]
                if rest[-1].startswith(("/", "~")) or not self.cwd or ":" in rest[-1]
                else self.cwd + "/" + rest[-1]
            )
        elif name in _DECLARERS:
            self._declare(name, rest)
        elif name == "alias":
            for word in rest:
                alias, equals, text = word.partition("=")
                if equals:
                    self.aliases[alias] = text
                    self.read(text, depth + 1)
        elif name in {"eval", "trap", "iex", "invoke-expression", "invoke-command", "icm"}:
            self._evaluate(name, rest, depth, windows)
        elif name in {"source", "."} and rest and not windows:
            if reads_stdin_as_script(rest[0]) and stdin is not None:
                self.read_with(stdin, depth + 1, stdin, source)
            self._script(rest[0], depth)
        elif first.startswith("./") and first in self.files:
            self._script(first, depth)
        elif name == "read" and stdin is not None and rest:
            self._fill(rest, stdin)
        elif name in {"mapfile", "readarray"} and stdin is not None and rest:
            self.arrays[rest[-1]] = {str(place): line for place, line in enumerate(stdin.splitlines())}
        elif name == "shift":
            self.arguments = self.arguments[int(rest[0]) if rest and rest[0].isdecimal() else 1 :]
        elif name == "printf" and len(rest) > 2 and rest[0] == "-v":
            known = output_of(Program(name="printf", words=rest[2:]))
            self.variables[rest[1]] = known if known is not None else UNKNOWN
        elif name in {"&", "."} and len(rest) > 0 and windows:
            return self._run(rest, redirects, stdin, source, depth, windows, wrappers)
        self.commands.append(command)
        if name in _EVALUATES:
            for word in rest:
                if "[" in word and ("$(" in word or "`" in word):
                    Reader(word, self, depth=depth + 1).double(closing="")
            if name == "[[" and not _COMPARISONS.isdisjoint(rest):
                Reader("", self, depth=depth + 1).arithmetic(" ".join(rest))
        return self._follow(command, depth, windows)

    def _call(self, words: list[str], stdin: str | None, source: Program | None, depth: int) -> None:
        """A function is called: its body once more, with these arguments."""
        call = tuple(words)
        if call in self.calls:
            return
        if sum(each[0] == call[0] for each in self.calls) >= 3:
            self.lose()
            return
        outer, self.arguments = self.arguments, words[1:]
        self.calls.append(call)
        self.read_with(self.bodies[call[0]], depth + 1, stdin, source)
        self.calls.pop()
        self.arguments = outer

    def _follow(self, command: Program, depth: int, windows: bool) -> Program:
        """Read what the command itself would run; the command that finally produces its output."""
        name, words = command.name, command.words
        if name in SHELLS or name in POWERSHELLS or name == "cmd":
            self._shell(command, depth)
        elif name in {"find", "gfind", "fd"}:
            for inner in commands_found(words):
                self._run(inner, [], None, None, depth + 1, windows, (*command.wrappers, "find"))
        elif runs_text(name):
            self._interpreter(command, depth)
        elif name in {"schtasks", "wmic"}:
            if text := scheduled_text(words):
                self.read(text, depth + 1, windows=True)
        elif name in {"start-process", "saps"} and words:
            operands = [word.strip("'\",") for word in words if not word.startswith("-")]
            if operands:
                self._run(operands, [], None, None, depth + 1, True, (*command.wrappers, name))
        elif (texts := texts_started(command)) is not None:
            for text in texts:
                self.read(text, depth + 1, guess=name not in RUN_TEXT)
        else:
            return self._unwrap(command, depth, windows)
        if name in {"su", "runuser", "script", "flock"}:
            return self._unwrap(command, depth, windows)
        return command

    def _unwrap(self, command: Program, depth: int, windows: bool) -> Program:
        if command.name == "env":
            command.words = environment_split(command.words, self.budget)
        found = wrapped(command.name, command.words)
        if found is None:
            if command.name in STARTERS and command.stdin is not None:
                self.read_with(command.stdin, depth + 1, command.stdin, command.source)
            return command
        at, as_text = found
        rest = entry_point(command.words[:at]) + command.words[at:]
        if command.name in {"xargs", "gxargs", "parallel"}:
            fed = words_fed(command)
            rest = rest + (
                ["-r", *fed] if fed and command.stdin is None and rest and program_name(rest[0]) == "rm" else fed
            )
        if command.name == "command" and command.words[0] in {"-v", "-V"}:
            return command
        if as_text:
            self.read_with(" ".join(rest), depth + 1, command.stdin, command.source, windows=windows)
            return command
        rest = self._beginning(rest)
        if not rest:
            return command
        if " " in rest[0] and not rest[0].startswith("/") and command.name not in {"xargs"}:
            self.read_with(rest[0], depth + 1, command.stdin, command.source, windows=windows)
            return command
        inner = self._run(
            rest, command.redirects, command.stdin, command.source, depth, windows, (*command.wrappers, command.name)
        )
        return inner or command

    def _shell(self, command: Program, depth: int) -> None:
        words = command.words
        if command.name == "cmd" and (text := cmd_text(words)) is not None:
            self.read(text, depth + 1, windows=True)
            return
        if command.name in POWERSHELLS:
            if (text := powershell_text(words)) is not None:
                self.read(text, depth + 1, windows=True)
            if command.stdin is not None and (not words or "-" in words):
                self.read(command.stdin, depth + 1, windows=True)
            return
        given = started(words)
        kept, zero = self.keep(), self.zero
        self.arguments, self.zero = given.arguments or self.arguments, given.name or self.zero
        if given.text is not None:
            self.read_with(given.text, depth + 1, command.stdin, command.source)
        if given.reads_stdin and command.stdin is not None:
            self.read(command.stdin, depth + 1)
        if given.script is not None:
            self._script(given.script, depth)
        self.restore(kept)
        self.zero = zero

    def _script(self, script: str, depth: int) -> None:
        """A script file that a shell runs: known when it was written before, or when it is a process substitution."""
        text = (
            script.removeprefix("/dev/fd/63")
            if script.startswith("/dev/fd/63")
            else self.files.get(script, self.files.get(script.removeprefix("./")))
        )
        if text:
            self.files.pop(script, None)
            self.read(text, depth + 1)

    def _interpreter(self, command: Program, depth: int) -> None:
        command.code = code_of(command)
        if command.code:
            self.runs_fetched = self.runs_fetched or FETCHED in command.code
            self.runs_decoded = self.runs_decoded or DECODED in command.code
            for text, windows in shell_texts(command.code):
                self.read(text, depth + 1, windows=windows, guess=True)

    def _evaluate(self, name: str, words: list[str], depth: int, windows: bool) -> None:
        if name == "trap":
            if words and words[0] not in {"-", "-l", "-p"}:
                self.read(words[0], depth + 1)
            return
        text = " ".join(word for word in words[words[:1] == ["--"] :] if word not in {"-Command", "-ScriptBlock"})
        if text and not text.startswith(UNKNOWN):
            self.read(text, depth + 1, windows=windows)


def read_commands(text: str, budget: Budget) -> Commands:
    """Every program that `text` would run under a POSIX shell, and, where it shows signs of them, under cmd.exe or
    PowerShell.
    """
    interpreter = Interpreter(budget)
    complete = True
    text = text.replace("\0", "")
    if "\r" in text and text.count("\r\n") == text.count("\n"):
        text = text.replace("\r\n", "\n")
    try:
        interpreter.read(text, 0)
        if is_windows(text):
            lost, interpreter.lost = interpreter.lost, False
            interpreter.variables = {}
            interpreter.read(text, 0, windows=True)
            interpreter.lost = lost and (interpreter.lost or only_posix(text))
        if interpreter.lost:
            interpreter.lost = _PROSE.fullmatch(text) is None
            interpreter.read(text.replace("'", "").replace('"', "").replace("`", ""), 0, guess=True)
    except (TooComplexError, RecursionError):
        complete = False
    return Commands(
        commands=interpreter.commands,
        complete=complete,
        lost=interpreter.lost,
        targets=interpreter.targets,
        functions=interpreter.functions,
        runs_fetched=interpreter.runs_fetched,
        runs_decoded=interpreter.runs_decoded,
    )
