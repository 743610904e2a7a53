"""Program text: what interpreters are given to run, and the command lines that it hands to a shell."""

from __future__ import annotations

import re

import re2

from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.windows import is_windows

_AWKS = frozenset({"awk", "gawk", "mawk", "nawk"})
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


def runs_text(name: str) -> bool:
    """Whether a program of this name runs program text that it is given."""
    return name in _AWKS or _VERSION.sub("", name) in _INTERPRETER_OPTIONS


def code_of(command: Program) -> str | None:
    """The program text that an interpreter runs, None when it is in a file."""
    base = _VERSION.sub("", command.name)
    if base in _AWKS:
        return next((word for word in command.words if not word.startswith("-")), None)
    option = _INTERPRETER_OPTIONS[base]
    parts: list[str] = []
    for place, word in enumerate(command.words[:-1]):
        if word in {option, "--eval", "-p", "--print", "-pe", "-ne", "-E"} or re.fullmatch(
            r"-[a-zA-Z]*" + re.escape(option[-1]), word
        ):
            parts.append(command.words[place + 1])
    if parts:
        return "\n".join(parts)
    if command.stdin is not None and not [word for word in command.words if not word.startswith("-")]:
        return command.stdin
    return None


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
