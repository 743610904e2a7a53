"""Command lines as the programs that would run: wrappers, shells, substitutions, aliases and decoded payloads taken
apart.

`read_commands` gives every program that a text would start, with its words after expansion, what is known of its
standard input, and the program whose output it reads. Nothing is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from governance.engine.normalise.shell.budget import MAX_DEPTH, Budget, TooComplexError
from governance.engine.normalise.shell.command import Program, Redirect, Simple, program_name
from governance.engine.normalise.shell.launchers import commands_found, texts_started, words_fed
from governance.engine.normalise.shell.marks import DECODED, FETCHED, UNKNOWN
from governance.engine.normalise.shell.outputs import output_of
from governance.engine.normalise.shell.program_text import code_of, runs_text, shell_texts
from governance.engine.normalise.shell.reader import Reader
from governance.engine.normalise.shell.windows import cmd_text, is_windows, powershell_text, scheduled_text
from governance.engine.normalise.shell.words import Sink, Words
from governance.engine.normalise.shell.wrappers import POWERSHELLS, SHELLS, wrapped

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]]*\])?(\+?=)(.*)", re.DOTALL)
_KEYWORDS = frozenset("if then else elif do while until ! { time coproc done fi esac } begin end".split())
_DECLARERS = frozenset("export declare typeset local readonly set setx".split())


@dataclass(slots=True)
class Commands:
    """What a text would run. `complete` is false when it could not be read within bounds. Where quotes do not close,
    the text is read once more without any.
    """

    commands: list[Program]
    complete: bool
    targets: list[tuple[str, str]] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    runs_fetched: bool = False
    runs_decoded: bool = False


class Interpreter(Sink):
    """Collects the commands of one text and of the texts it would run."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.variables: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.functions: set[str] = set()
        self.arguments: list[str] = []
        self.commands: list[Program] = []
        self.targets: list[tuple[str, str]] = []
        self.previous: Program | None = None
        self.last: Program | None = None
        self.open_quote = False
        self.runs_fetched = False
        self.runs_decoded = False
        self.cwd = ""
        self.files: dict[str, str] = {}

    # --- what the reader reports --------------------------------------------------------------------------------------
    def read(self, text: str, depth: int, *, windows: bool = False) -> None:
        """Read a text that a shell would run, with the variables known so far."""
        if depth > MAX_DEPTH:
            raise TooComplexError
        self.runs_fetched = self.runs_fetched or FETCHED in text
        self.runs_decoded = self.runs_decoded or DECODED in text
        outer, self.previous = self.previous, None
        reader = Reader(text, self, depth=depth, windows=windows)
        reader.commands()
        self.open_quote = self.open_quote or reader.open_quote
        self.previous = outer

    def cut(self) -> None:
        self.previous = None

    def rejoin(self) -> None:
        self.previous = self.last

    def function(self, name: str) -> None:
        self.functions.add(name)

    def positional(self, name: str) -> str:
        if name in "@*":
            return " ".join(self.arguments)
        if name.isdigit() and 0 < int(name) <= len(self.arguments):
            return self.arguments[int(name) - 1]
        return "bash" if name == "0" else UNKNOWN if name in "?#$!" else ""

    def substitution(self, reader: Words, *, process: bool = False) -> str:
        if reader.depth > MAX_DEPTH:
            raise TooComplexError
        outer, self.previous = self.previous, None
        outer_last, self.last, cwd = self.last, None, self.cwd
        reader.commands(closer=")")
        self.open_quote = self.open_quote or reader.open_quote
        known = output_of(self.last) if self.last is not None else None
        self.last, self.previous, self.cwd = outer_last, outer, cwd
        if process:
            return known or ""
        return UNKNOWN if known is None else known.rstrip("\n")

    def emit(self, simple: Simple, depth: int, windows: bool, *, pipes: bool) -> None:
        source = self.previous if simple.piped else None
        self.previous = None
        words = self._beginning(list(simple.words))
        for redirect in simple.redirects:
            if redirect.operator not in {"<<", "<<<"}:
                self.targets.append((redirect.operator, redirect.target))
        if not words:
            self.previous = source if pipes else None
            return
        stdin: str | None = None
        for redirect in simple.redirects:
            if redirect.operator in {"<<", "<<<"}:
                stdin = redirect.target
        if stdin is None and source is not None:
            stdin = output_of(source)
        self.runs_fetched = self.runs_fetched or FETCHED in words[0]
        last = self._run(words, simple.redirects, stdin, source, depth, windows, ())
        self.last = last
        for redirect in simple.redirects:
            if redirect.operator in {">", ">>", ">|"} and last is not None and len(self.files) < 64:
                self._written(redirect, last)
        if pipes:
            self.previous = last

    def _written(self, redirect: Redirect, command: Program) -> None:
        text = output_of(command)
        if text is not None:
            self.files[redirect.target] = (
                self.files.get(redirect.target, "") if redirect.operator == ">>" else ""
            ) + text

    # --- meaning ------------------------------------------------------------------------------------------------------
    def _beginning(self, words: list[str]) -> list[str]:
        """The words of the program itself: keywords and assignments before it are taken off, assignments remembered."""
        at = 0
        while at < len(words):
            word = words[at]
            if word in _KEYWORDS:
                at += 1
            elif word == "function" and at + 1 < len(words):
                self.functions.add(words[at + 1])
                at += 2
            elif word in {"for", "select", "foreach"} and at + 1 < len(words):
                self.variables[words[at + 1]] = " ".join(words[at + 3 :])
                return []
            elif word == "case":
                at = at + 3
            elif "=" in word and (found := _ASSIGNMENT.match(word)):
                self.variables[found[1]] = (self.variables.get(found[1], "") if found[2] == "+=" else "") + found[3]
                at += 1
            else:
                break
        return words[at:]

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
            self._script(rest[0], depth)
        elif first.startswith("./") and first in self.files:
            self._script(first, depth)
        elif name == "read" and stdin is not None and rest:
            self.variables[rest[-1]] = stdin.strip()
        elif name == "printf" and len(rest) > 2 and rest[0] == "-v":
            known = output_of(Program(name="printf", words=rest[2:]))
            self.variables[rest[1]] = known if known is not None else UNKNOWN
            return command
        elif name in {"&", "."} and len(rest) > 0 and windows:
            return self._run(rest, redirects, stdin, source, depth, windows, wrappers)
        self.commands.append(command)
        return self._follow(command, depth, windows)

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
                self.read(text, depth + 1)
        else:
            return self._unwrap(command, depth, windows)
        if name in {"su", "runuser", "script", "flock", "env"}:
            return self._unwrap(command, depth, windows)
        return command

    def _unwrap(self, command: Program, depth: int, windows: bool) -> Program:
        found = wrapped(command.name, command.words)
        if found is None:
            return command
        at, as_text = found
        rest = command.words[at:]
        if command.name in {"xargs", "gxargs", "parallel"}:
            fed = words_fed(command)
            rest = rest + (
                ["-r", *fed] if fed and command.stdin is None and rest and program_name(rest[0]) == "rm" else fed
            )
        if command.name == "command" and command.words[0] in {"-v", "-V"}:
            return command
        if as_text:
            self.read(" ".join(rest), depth + 1, windows=windows)
            return command
        rest = self._beginning(rest)
        if not rest:
            return command
        if " " in rest[0] and not rest[0].startswith("/") and command.name not in {"xargs"}:
            self.read(rest[0], depth + 1, windows=windows)
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
        script: str | None = None
        for place, word in enumerate(words):
            if word in {"-c", "--command"} or (
                re.fullmatch(r"[-+][a-zA-Z]*c[a-zA-Z]*", word) and not word.startswith("--")
            ):
                following = [later for later in words[place + 1 :] if not later.startswith("-") or later == "-"]
                if following:
                    self.arguments = following[2:] or self.arguments
                    self.read(following[0], depth + 1)
                return
            if not word.startswith(("-", "+")):
                script = word
                break
        if command.stdin is not None and (
            script is None or script in {"/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"} or "-s" in words
        ):
            self.read(command.stdin, depth + 1)
        if script is not None:
            self._script(script, depth)

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
                self.read(text, depth + 1, windows=windows)

    def _declare(self, name: str, words: list[str]) -> None:
        if name == "set":
            if "--" in words:
                self.arguments = words[words.index("--") + 1 :]
            return
        for word in words:
            found = _ASSIGNMENT.match(word)
            if found:
                self.variables[found[1]] = found[3]

    def _evaluate(self, name: str, words: list[str], depth: int, windows: bool) -> None:
        if name == "trap":
            if words and words[0] not in {"-", "-l", "-p"}:
                self.read(words[0], depth + 1)
            return
        text = " ".join(word for word in words if word not in {"-Command", "-ScriptBlock"})
        if text and not text.startswith(UNKNOWN):
            self.read(text, depth + 1, windows=windows)


def read_commands(text: str, budget: Budget) -> Commands:
    """Every program that `text` would run under a POSIX shell, and, where it shows signs of them, under cmd.exe or
    PowerShell.
    """
    interpreter = Interpreter(budget)
    complete = True
    if text.count("\0"):
        text = text.replace("\0", "")
    try:
        interpreter.read(text, 0)
        if is_windows(text):
            posix_open, interpreter.open_quote = interpreter.open_quote, False
            interpreter.variables = {}
            interpreter.read(text, 0, windows=True)
            interpreter.open_quote = interpreter.open_quote and posix_open
        if interpreter.open_quote:
            interpreter.read(text.replace("'", "").replace('"', "").replace("`", ""), 0)
    except (TooComplexError, RecursionError):
        complete = False
    return Commands(
        commands=interpreter.commands,
        complete=complete,
        targets=interpreter.targets,
        functions=interpreter.functions,
        runs_fetched=interpreter.runs_fetched,
        runs_decoded=interpreter.runs_decoded,
    )
