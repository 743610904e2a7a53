"""What a command would print, for the few programs whose output follows from their words and input alone."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping

from governance.engine.normalise.encodings import base64_decoded, hex_decoded
from governance.engine.normalise.shell.command import Program
from governance.engine.normalise.shell.marks import DECODED, FETCHED, UNKNOWN
from governance.engine.normalise.shell.reading.expansions import ansi

FETCHERS = frozenset(
    "curl wget fetch aria2c http https httpie lwp-request lynx links w3m axel curlie xh invoke-webrequest iwr "
    "irm invoke-restmethod wget2 gsutil".split()
)
"""Programs that print or save what they download."""

_MAX_OUTPUT = 64 * 1024


def output_of(command: Program) -> str | None:
    """The text that `command` prints, None when only running it would tell."""
    if command.name in FETCHERS:
        return _fetched(command)
    rule = _RULES.get(command.name)
    if rule is None or (command.stdin is not None and FETCHED in command.stdin and rule is not _passing):
        return FETCHED if command.stdin is not None and FETCHED in command.stdin else None
    known = rule(command)
    return known if known is None or len(known) <= _MAX_OUTPUT else None


def _fetched(command: Program) -> str | None:
    """What a download prints: nothing when it goes to a file, else what nobody here can know."""
    if command.name in {"wget", "axel", "aria2c", "wget2"}:
        return (
            FETCHED
            if any(re.match(r"-[a-zA-Z]*O-|-[a-zA-Z]*O$|--output-document", word) for word in command.words)
            else None
        )
    return FETCHED


def _echo(command: Program) -> str | None:
    words = command.words
    escapes = False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        escapes = escapes or "e" in words[0]
        words = words[1:]
    text = " ".join(words)
    return (ansi(text) if escapes or "\\x" in text or "\\0" in text else text) + "\n"


def _printf(command: Program) -> str | None:
    words = [word for word in command.words if word != "--"]
    if not words:
        return None
    form, values = ansi(words[0]), list(words[1:])
    if len(form) > 4096 or len(values) > 256:
        return None

    def filled(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        value = values.pop(0) if values else ""
        return ansi(value) if found[0].endswith("b") else value

    out = re.sub(r"%(?:%|[-+ 0#]*\d*(?:\.\d+)?[bcdiouxXsqfgeEG])", filled, form)
    for _ in range(256):
        if not values or "%" not in form:
            break
        out += re.sub(r"%(?:%|[-+ 0#]*\d*(?:\.\d+)?[bcdiouxXsqfgeEG])", filled, form)
    return out


def _cat(command: Program) -> str | None:
    return (
        command.stdin
        if not [word for word in command.words if not word.startswith("-")] or command.words == ["-"]
        else None
    )


def _base64(command: Program) -> str | None:
    decodes = any(word in {"-d", "-D", "--decode", "-di", "-id", "--d", "--dec"} for word in command.words)
    if command.stdin is None:
        return DECODED if decodes else None
    if decodes:
        return base64_decoded(command.stdin) or DECODED
    return base64.b64encode(command.stdin.encode()).decode()


def _openssl(command: Program) -> str | None:
    if {"base64", "enc"} & set(command.words) and "-d" in command.words:
        return (base64_decoded(command.stdin) if command.stdin else None) or DECODED
    return None


def _xxd(command: Program) -> str | None:
    if not any("r" in word for word in command.words if word.startswith("-")):
        return None
    return (hex_decoded(command.stdin) if command.stdin else None) or DECODED


def _rev(command: Program) -> str | None:
    return None if command.stdin is None else "\n".join(line[::-1] for line in command.stdin.split("\n"))


def _span(text: str) -> str:
    text = ansi(text).replace("[:upper:]", "A-Z").replace("[:lower:]", "a-z").replace("[:space:]", " \t\n")
    return re.sub(
        r"(\w)-(\w)",
        lambda found: "".join(
            chr(point) for point in range(ord(found[1]), min(ord(found[2]), ord(found[1]) + 128) + 1)
        ),
        text,
    )


def _tr(command: Program) -> str | None:
    if command.stdin is None or not command.words:
        return None
    operands = [word for word in command.words if not (word.startswith("-") and len(word) > 1)]
    if any(word.startswith("-") and "d" in word for word in command.words):
        return command.stdin.translate({ord(char): None for char in _span(operands[0])}) if operands else None
    if len(operands) < 2:
        return None
    old, new = _span(operands[0]), _span(operands[1])
    new = new.ljust(len(old), new[-1]) if new else new
    return command.stdin.translate({ord(char): new[place] for place, char in enumerate(old) if place < len(new)})


def _sed(command: Program) -> str | None:
    if command.stdin is None:
        return None
    out = command.stdin
    for word in command.words:
        found = re.fullmatch(r"s([/|,#:@])((?:(?!\1).)*)\1((?:(?!\1).)*)\1(g?)", word)
        if found is None:
            if not word.startswith("-"):
                return None
            continue
        if re.search(r"[\\.*\[\]^$]", found[2]):
            return None
        out = out.replace(found[2], found[3], -1 if found[4] else 1)
    return out


def _passing(command: Program) -> str | None:
    return command.stdin


def _which(command: Program) -> str | None:
    operands = [word for word in command.words if not word.startswith("-")]
    return operands[-1] + "\n" if operands else None


def _command(command: Program) -> str | None:
    return _which(command) if command.words[:1] in (["-v"], ["-V"]) else None


def _pwd(_: Program) -> str | None:
    return ".\n"


def _seq(_: Program) -> str | None:
    return "1\n"


def _whoami(_: Program) -> str | None:
    return UNKNOWN


def _base32(command: Program) -> str | None:
    if command.stdin is None or not any(word in {"-d", "--decode"} for word in command.words):
        return None
    try:
        return base64.b32decode("".join(command.stdin.split())).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return None


_RULES: Mapping[str, Callable[[Program], str | None]] = {
    "echo": _echo,
    "write-output": _echo,
    "printf": _printf,
    "cat": _cat,
    "base64": _base64,
    "gbase64": _base64,
    "base32": _base32,
    "openssl": _openssl,
    "xxd": _xxd,
    "rev": _rev,
    "tr": _tr,
    "sed": _sed,
    "tee": _passing,
    "head": _passing,
    "tail": _passing,
    "sort": _passing,
    "uniq": _passing,
    "pv": _passing,
    "which": _which,
    "type": _which,
    "command": _command,
    "pwd": _pwd,
    "seq": _seq,
    "whoami": _whoami,
}
