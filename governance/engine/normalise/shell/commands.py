"""Command lines as the programs that would run: wrappers, shells, substitutions, aliases and decoded payloads taken
apart.

`read_commands` gives every program that a text would start, with its words after expansion, what is known of its
standard input, and the program whose output it reads. Nothing is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import re2

from governance.engine.normalise.encodings import base64_decoded
from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.outputs import output_of
from governance.engine.normalise.shell.words import (
    DECODED,
    FETCHED,
    MAX_DEPTH,
    UNKNOWN,
    Budget,
    Reader,
    Redirect,
    Simple,
    Sink,
    TooComplexError,
)
from governance.engine.normalise.shell.wrappers import POWERSHELLS, SHELLS, wrapped
from governance.engine.normalise.text import fold

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]]*\])?(\+?=)(.*)", re.DOTALL)
_KEYWORDS = frozenset("if then else elif do while until ! { time coproc done fi esac } begin end".split())
_DECLARERS = frozenset("export declare typeset local readonly set setx".split())
_WINDOWS = re2.compile(
    r"(?i)(?:^|[\s\"'=(])(?:[a-z]:\\|\\\\)|%[a-z]\w+%|\$env:|\b(?:remove-item|get-content|invoke-(?:expression"
    r"|webrequest|restmethod)|iex|iwr|irm|rmdir|rd|del|erase|"
    r"format|diskpart|vssadmin|wbadmin|bcdedit|powershell|pwsh|cmd(?:\.exe)?|reg|cipher|takeown|icacls|clear-disk"
    r"|format-volume|certutil|bitsadmin|mshta|stop-computer|ri)\b"
)
_INTERPRETER_OPTIONS = {
    "python": "-c",
    "perl": "-e",
    "ruby": "-e",
    "node": "-e",
    "php": "-r",
    "lua": "-e",
    "osascript": "-e",
    "deno": "eval",
    "bun": "-e",
    "r": "-e",
    "rscript": "-e",
    "tclsh": "-c",
}
_VERSION = re.compile(r"[\d.]+$")


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

    def substitution(self, reader: Reader, *, process: bool = False) -> str:
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
        elif (
            (
                name in {"su", "runuser", "script", "flock", "sg", "newgrp", "ash", "nix-shell", "expect"}
                and (text := _after(words, "-c", "--command", "--run")) is not None
            )
            or name == "env"
            and (text := _after(words, "-S", "--split-string")) is not None
        ):
            self.read(text, depth + 1)
        elif name in {"find", "gfind", "fd"}:
            self._find(command, depth, windows)
        elif name == "git":
            for word in words:
                shell = re.match(r"(?:alias\.\w+|core\.\w+)=!?(.*)", word)
                if shell:
                    self.read(shell[1], depth + 1)
                elif word.startswith("!"):
                    self.read(word[1:], depth + 1)
        elif name in {"tmux", "screen"} and (
            {"send-keys", "send", "new-session", "new", "stuff", "run-shell", "new-window", "split-window"} & set(words)
        ):
            for word in words:
                if " " in word:
                    self.read(re.sub(r"\\n|\^M$", "", word), depth + 1)
        elif name in {"vim", "vi", "nvim", "ex", "less", "man"}:
            for word in words:
                bang = re.match(r"\+?:?!(.*)", word)
                if bang:
                    self.read(bang[1], depth + 1)
        elif name in {"awk", "gawk", "mawk", "nawk"} or _VERSION.sub("", name) in _INTERPRETER_OPTIONS:
            self._interpreter(command, depth)
        elif name in {"at", "batch"} and command.stdin is not None:
            self.read(command.stdin, depth + 1)
        elif name == "crontab" and command.stdin is not None and "-" in words:
            for line in command.stdin.splitlines():
                self.read(re.sub(r"^(?:@\w+|(?:\S+\s+){5})", "", line), depth + 1)
        elif name in {"schtasks", "wmic"}:
            text = _after([word.lower() for word in words], "/tr") or ("" if "create" not in words else words[-1])
            if text:
                self.read(text, depth + 1, windows=True)
        elif name in {"start-process", "saps"} and words:
            operands = [word.strip("'\",") for word in words if not word.startswith("-")]
            if operands:
                self._run(operands, [], None, None, depth + 1, True, (*command.wrappers, name))
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
            fed = self._fed(command)
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

    def _fed(self, command: Program) -> list[str]:
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
                narrowed = any(
                    word
                    in {"-name", "-iname", "-path", "-type", "-mtime", "-regex", "-size", "-newer", "-user", "-empty"}
                    for word in upstream.words
                )
                roots += [start + "/" + UNKNOWN if narrowed and start not in {"/", "~"} else start for start in starts]
        return roots

    def _shell(self, command: Program, depth: int) -> None:
        words = command.words
        lowered = [word.lower() for word in words]
        if command.name == "cmd":
            for place, word in enumerate(lowered):
                if word[:2] in {"/c", "/k", "/r"} or word in {"-c"}:
                    tail = ([words[place][2:]] if len(word) > 2 else []) + words[place + 1 :]
                    self.read(" ".join(tail), depth + 1, windows=True)
                    return
        if command.name in POWERSHELLS:
            self._powershell(words, lowered, depth)
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

    def _powershell(self, words: list[str], lowered: list[str], depth: int) -> None:
        for place, word in enumerate(lowered):
            option = word.lstrip("-/")
            if word[:1] in "-/" and option and place + 1 < len(words):
                if "encodedcommand".startswith(option) and (
                    option.startswith("e") and option not in {"ex"} or option == "ec"
                ):
                    plain = base64_decoded(words[place + 1])
                    if plain is not None:
                        self.read(plain, depth + 1, windows=True)
                    return
                if option == "ec":
                    plain = base64_decoded(words[place + 1])
                    if plain is not None:
                        self.read(plain, depth + 1, windows=True)
                    return
                if "command".startswith(option):
                    self.read(" ".join(words[place + 1 :]), depth + 1, windows=True)
                    return
        start = next((place for place, word in enumerate(words) if not word.startswith(("-", "/"))), None)
        if (
            start is not None
            and not lowered[start].endswith(".ps1")
            and lowered[start] not in {"bypass", "hidden", "unrestricted", "remotesigned"}
        ):
            self.read(" ".join(words[start:]), depth + 1, windows=True)

    def _find(self, command: Program, depth: int, windows: bool) -> None:
        words = command.words
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
                narrowed = any(
                    each in {"-name", "-iname", "-path", "-mtime", "-regex", "-size", "-newer", "-user", "-empty"}
                    for each in words
                )
                roots = [
                    start if not narrowed or start in {"/", "~"} else start + "/" + UNKNOWN for start in starts
                ] or ["."]
                inner = [
                    root if each == "{}" else each.replace("{}", root)
                    for each in inner
                    for root in (roots if each == "{}" else roots[:1])
                ]
                if inner and program_name(inner[0]) == "rm" and any(root in {"/", "~"} for root in roots):
                    inner.insert(1, "-r")
                if inner:
                    self._run(inner, [], None, None, depth + 1, windows, (*command.wrappers, "find"))

    def _interpreter(self, command: Program, depth: int) -> None:
        base = _VERSION.sub("", command.name)
        if base in {"awk", "gawk", "mawk", "nawk"}:
            command.code = next((word for word in command.words if not word.startswith("-")), None)
        else:
            option = _INTERPRETER_OPTIONS[base]
            parts: list[str] = []
            for place, word in enumerate(command.words[:-1]):
                if word in {option, "--eval", "-p", "--print", "-pe", "-ne", "-E"} or re.fullmatch(
                    r"-[a-zA-Z]*" + re.escape(option[-1]), word
                ):
                    parts.append(command.words[place + 1])
            if parts:
                command.code = "\n".join(parts)
            elif command.stdin is not None and not [word for word in command.words if not word.startswith("-")]:
                command.code = command.stdin
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


_CALLS = re.compile(
    r"(?:os\.system|os\.popen|commands\.getoutput|(?:subprocess\.)?(?:run|call|check_call|check_output|Popen|getoutput"
    r"|getstatusoutput)|system|exec|execSync|spawnSync|spawn|"
    r"shell_exec|passthru|popen|proc_open|execlp?e?|execvp?e?|Runtime\.getRuntime\(\)\.exec|sh|shellout|qx"
    r"|do shell script|create_subprocess_shell|pty\.spawn|io\.popen|os\.execute)"
    r"\s*\(?\s*([\[(]?)\s*(?:[rbuf]{0,2})(\"(?:[^\"\\]|\\.){1,4000}\"|'(?:[^'\\]|\\.){1,4000}'"
    r"|`[^`]{1,4000}`)((?:\s*,\s*[\[]?\s*(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'))*)"
)
CALLS_HINT = re2.compile(
    r"\b(?:os\.(?:system|popen|remove|unlink)|subprocess|child_process|shutil\.rmtree|exec(?:Sync|File)?\(|system\("
    r"|shell_exec|passthru|popen|rmSync|unlinkSync|Runtime\.getRuntime|eval\(|__import__|socket\.socket|DownloadString"
    r"|FileUtils|spawn(?:Sync)?\(|urlopen|open\()"
)
"""Signs that a text is a program that runs others."""

_LITERAL = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'")
_BACKTICKS = re.compile(
    r"(?:^|[=\s;(])`([^`\n]{1,2000})`|%x[({\[]([^)}\]\n]{1,2000})[)}\]]|qx[({/]([^)}/\n]{1,2000})[)}/]"
)
_CONCATENATION = re.compile(r"([\"'])\s*(?:\+|\.|\.\.)\s*\1")


def shell_texts(code: str) -> list[tuple[str, bool]]:
    """The command lines that program text hands to a shell as literals, and whether they are for Windows."""
    code = _CONCATENATION.sub("", code[:16_384])
    found: list[tuple[str, bool]] = []
    for call in _CALLS.finditer(code):
        words = [_unescaped(call[2][1:-1])]
        if call[3]:
            words += [_unescaped(one or two) for one, two in _LITERAL.findall(call[3])]
        if len(words) > 1:
            found.append(
                (
                    " ".join(
                        "'" + word.replace("'", "'\\''") + "'" if " " in word or not word else word for word in words
                    ),
                    False,
                )
            )
        else:
            found.append((words[0], is_windows(words[0])))
        if len(found) >= 16:
            break
    for ticks in _BACKTICKS.finditer(code):
        found.append((ticks[1] or ticks[2] or ticks[3], False))
        if len(found) >= 24:
            break
    return found


def _unescaped(text: str) -> str:
    return (
        text.replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\").replace("\\n", "\n")
        if "\\" in text
        else text
    )


def _after(words: list[str], *options: str) -> str | None:
    for place, word in enumerate(words[:-1]):
        if word in options:
            return words[place + 1]
    for word in words:
        for option in options:
            if option.startswith("--") and word.startswith(option + "="):
                return word.partition("=")[2]
    return None


def program_name(word: str) -> str:
    """A program's name as compared: file name, lower case, folded, without `.exe` and unknown parts."""
    name = word.replace(UNKNOWN, "") if UNKNOWN in word else word
    if "/" in name or "\\" in name:
        name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = name.lower() if name.isascii() else fold(name).lower()
    for ending in (".exe", ".cmd", ".com", ".bat"):
        name = name.removesuffix(ending)
    return name.lstrip("@")


def is_windows(text: str) -> bool:
    """Whether a text shows signs of cmd.exe or PowerShell: drive letters, `%NAME%`, their own commands."""
    return _WINDOWS.search(text) is not None


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
