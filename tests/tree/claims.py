"""What the pages claim there is, read out of their code and italics, each with the way to try it.

A claim is a text on a page that names a command, a target of make, a module to run, a route, a page of the console, a
setting, a key of the policy file, a check, or a file of the tree. Its `fault` is empty where it is so.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from argparse import Action, ArgumentError, ArgumentParser, _SubParsersAction
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, resolve

from accounts.guard.matcher import API_PREFIXES
from config.declared import DECLARED, OPEN_PREFIXES, RESERVED
from governance.console.pages.routes import PAGES
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import Many, Shape, Struct, Table

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "governance", "accounts", "audit")
SERVED = (
    "api",
    "access",
    "hooks",
    "admin",
    "livez",
    "readyz",
    "metrics",
    ".well-known",
    "mcp",
    "oauth",
    "events",
    "ws",
    "v1",
)
"""First segments of what this program serves, or could be said to: other paths are those of examples."""
THE_CLIENTS = {"TOOLGATE_HOOK_TOKEN": "a variable of Claude Code's own environment"}
FOREIGN_OPTIONS = {"--token": "a name in arguments that tells of a credential"}
_CODE = re.compile(
    r"(?P<fence>^ *```.*?^ *```$)|(?P<indented>^    [^\n]+$)|`(?P<span>[^`\n]+)`", re.MULTILINE | re.DOTALL
)
_METHODS = r"(?:GET|POST|PUT|PATCH|DELETE)"
_SERVED = "|".join(map(re.escape, SERVED))
_ROUTE = re.compile(
    rf"(?:(?P<methods>{_METHODS}(?:`?, `?{_METHODS})*) )?"
    rf"(?P<path>(?:…(?=/)|/(?:{_SERVED}))(?:/[\w.{{}},-]+)*/?)(?:\?[\w=]+)?(?![\w/])"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: what kind of thing the text names."""

    kind: str
    text: str
    fault: str


def claims(text: str) -> Iterator[Claim]:
    """Every claim of a page."""
    for piece, line in _code(text):
        for kind, read in READERS.items():
            yield from (Claim(kind, said, fault) for said, fault in read(piece, line))
    prose = re.sub(r"`[^`\n]*`", "", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL))
    for title in re.findall(r"(?<!\*)\*([A-Z][^*.\n]+)\*(?!\*)", prose):
        yield Claim("page", title, "" if title in titles() | NO_PAGES else f"no page of the console is called {title}")


NO_PAGES = {"Unknown"}
"""Words in italics that begin with a capital and are no page: a row of a backtest's result."""


def _code(text: str) -> Iterator[tuple[str, str]]:
    """Each piece of code with the line that it stands on; a line of a block stands for itself."""
    for found in _CODE.finditer(text):
        if found["span"] is not None:
            start = text.rfind("\n", 0, found.start()) + 1
            end = text.find("\n", found.end())
            yield found["span"].replace("\\|", "|"), text[start : end if end >= 0 else None]
        else:
            for line in (found["fence"] or found["indented"]).splitlines():
                yield line.strip(), line


# --- commands ---------------------------------------------------------------------------------------------------------


def ours() -> list[str]:
    """The names of our own commands."""
    return [name for name, app in get_commands().items() if str(app).partition(".")[0] in ROOMS]


@cache
def parser_of(name: str) -> ArgumentParser:
    """The parser of a command."""
    return load_command_class(str(get_commands()[name]), name).create_parser("manage.py", name)


def _commands(piece: str, _line: str) -> Iterator[tuple[str, str]]:
    told = re.findall(r"manage\.py ([^#`;)\n]+)", piece)
    if not told and piece.split(" ")[0] in ("policy", "token", "audit", "kill") and " " in piece:
        told = [piece]
    for said in told:
        name, _, rest = said.strip().partition(" ")
        if name in get_commands():
            yield said, _usage_fault(parser_of(name), rest)
        else:
            yield said, f"there is no command {name}"
    for option in re.findall(r"^--[a-z-]+", piece):
        if option not in FOREIGN_OPTIONS and not any(option in _options(parser_of(name)) for name in ours()):
            yield piece, f"no command takes {option}"


def _usage_fault(parser: ArgumentParser, usage: str) -> str:
    """What a line of arguments, as typed or as a usage line writes it, has that its parser does not take."""
    usage = re.sub(r"^\$\(|\)$", "", usage.split(" | ")[0] if "[" not in usage and "…" not in usage else usage)
    if not re.search(r"[\[|…]|\b[A-Z]{1,}\b(?!:)", re.sub(r"'[^']*'|\"[^\"]*\"", "", usage)):
        words = shlex.split(usage)
        if not _needs_more(parser, words):
            return _parse_fault(parser, words)
    words = [
        word for word in re.split(r"[\s\[\]]+|(?<=[A-Za-z])\|(?=[A-Za-z])", re.sub(r"'[^']*'", "X", usage)) if word
    ]
    taken: Action | None = None
    for word in words:
        sub = next((each for each in parser._actions if isinstance(each, _SubParsersAction)), None)
        if word.startswith("--"):
            taken = parser._option_string_actions.get(word.partition("=")[0])
            if taken is None:
                return f"{parser.prog} takes no {word}"
            taken = None if taken.nargs == 0 else taken
        elif taken is not None:
            if taken.choices is not None and word.islower() and word not in taken.choices:
                return f"{taken.option_strings[0]} is not {word}"
            taken = None
        elif sub is not None and word in sub.choices:
            parser = sub.choices[word]
        elif sub is not None and word.isalpha() and word.islower():
            return f"{parser.prog} has no {word}"
    return ""


def _needs_more(parser: ArgumentParser, words: list[str]) -> bool:
    """Whether a text only names a command or subcommand: with nothing after it, what it needs is not said."""
    for word in words:
        sub = next((each for each in parser._actions if isinstance(each, _SubParsersAction)), None)
        if sub is None or word not in sub.choices:
            return False
        parser = sub.choices[word]
    return True


def _parse_fault(parser: ArgumentParser, words: list[str]) -> str:
    errors: list[str] = []

    def refuse(message: str) -> Any:
        errors.append(message)
        raise ArgumentError(None, message)

    for each in _all_parsers(parser):
        each.error = refuse  # type: ignore[method-assign]
    try:
        parser.parse_args(words)
    except (ArgumentError, SystemExit) as error:
        return errors[0] if errors else str(error)
    return ""


def _all_parsers(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for sub in action.choices.values():
                yield from _all_parsers(sub)


def _options(parser: ArgumentParser) -> set[str]:
    return {option for each in _all_parsers(parser) for option in each._option_string_actions}


def _make(piece: str, _line: str) -> Iterator[tuple[str, str]]:
    """`make X`, typed first in its line; X is a target."""
    found = re.search(r"^(?:[A-Z]+=\S+ )*make ([a-z_]+)", piece)
    if found:
        targets = re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        yield piece, "" if found[1] in targets else f"make has no target {found[1]}"


def _modules(piece: str, _line: str) -> Iterator[tuple[str, str]]:
    """`python -m X --option`; the module is there, and where it is ours it takes the option."""
    for name, rest in re.findall(r"python3? -m ([\w.]+)([^`#]*)", piece):
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            spec = None
        if spec is None or spec.origin is None:
            yield piece, f"there is no module {name}"
        elif Path(spec.origin).is_relative_to(PROJECT) and ".venv" not in spec.origin:
            source = Path(spec.origin).read_text(encoding="utf-8")
            taken = {each.value for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Constant)}
            unknown = [option for option in re.findall(r"--[a-z-]+", rest) if option not in taken]
            yield piece, f"{name} takes no {unknown[0]}" if unknown else ""
        else:
            yield piece, ""


# --- routes and pages -------------------------------------------------------------------------------------------------


@cache
def titles() -> set[str]:
    """What the console calls its pages and lists."""
    models = {str(model._meta.verbose_name_plural).capitalize() for model in admin.site._registry}
    return {page.title for page in PAGES} | models | {"Overview", "History"}


def _routes(piece: str, line: str) -> Iterator[tuple[str, str]]:
    if set(piece.split()) <= set(API_PREFIXES) and " " in piece:
        yield piece, "" if set(piece.split()) == set(API_PREFIXES) else "not the guard's list of programs' routes"
        return
    base = next((found["path"] for found in _ROUTE.finditer(line) if found["path"][0] == "/"), "")
    for found in _ROUTE.finditer(piece):
        before = piece[: found.start()]
        if re.search(r"[\w.:/-]$|https?://\S*$", before) and not before.endswith(("/example", ".example", "$URL")):
            continue
        path = found["path"].replace("…", re.sub(r"/\{[a-z]+\}$", "", base), 1)
        for way in _ways(path):
            yield piece, _route_fault(way, re.findall(_METHODS, found["methods"] or ""))


def _ways(path: str) -> Iterator[str]:
    """A path with its placeholders filled, one for each of `{a,b}`."""
    listed = re.search(r"\{([a-z]+(?:,[a-z]+)+)\}", path)
    if listed:
        for each in listed[1].split(","):
            yield from _ways(path.replace(listed[0], each))
        return
    filled = {"{server}": "files", "{tool}": "read", "{layer}": "secrets", "{n}": "1", "{id}": UUID}
    yield re.sub(r"\{[a-z]+\}", lambda found: filled.get(found[0], "1"), path)


UUID = "01a2006c-ab8e-71ca-bb62-2b4f0c0f5624"


def _route_fault(path: str, methods: list[str]) -> str:
    try:
        found = resolve(path)
    except Resolver404:
        return f"there is no route {path}"
    if found.url_name == "manage-unknown" or found.func.__name__ == "catch_all_view":
        return f"there is no route {path}"
    view = getattr(found.func, "cls", None) or getattr(found.func, "view_class", None)
    taken = {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)} or {"GET"}
    wrong = [method for method in methods if method not in taken]
    return f"{path} takes no {wrong[0]}" if wrong else ""


# --- settings, keys, checks, files ------------------------------------------------------------------------------------


def _settings(piece: str, line: str) -> Iterator[tuple[str, str]]:
    known = {setting.name for setting in DECLARED}
    known |= {f"{setting.name}_FILE" for setting in DECLARED if setting.secret}
    for name in re.findall(r"(?<![\w$-])\$?((?:TOOLGATE_[A-Z_]+[A-Z]|DATABASE_URL|REDIS_URL))(?![\w-])", piece):
        if name in THE_CLIENTS:
            continue
        waits = name in RESERVED or name.startswith(OPEN_PREFIXES)
        said = "ot built yet" in line
        fault = "" if name in known or (waits and said) else f"{name} is no setting that anything reads"
        yield name, fault
    for name in re.findall(r"^(?:AUDIT|KF)_[A-Z_]+", piece):
        yield name, "" if name in texts() else f"{name} is read by nothing"


@cache
def texts() -> frozenset[str]:
    """Every text in the code."""
    files = [path for room in ROOMS for path in (PROJECT / room).rglob("*.py")]
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return frozenset(each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _keys(piece: str, _line: str) -> Iterator[tuple[str, str]]:
    """`rate_limits.disabled`, `servers.*.tools`: a path of keys from the top of the policy file."""
    found = re.match(r"([a-z_]+)((?:\.(?:[a-z_]+|\*))+)(?=$|[:\[ ])", piece)
    if not found or found[1] not in POLICY.fields:
        return
    shape: Shape = POLICY
    for step in [found[1], *found[2][1:].split(".")]:
        if step == "*" and isinstance(shape, Table | Many):
            shape = shape.of
            continue
        while isinstance(shape, Table | Many):
            shape = shape.of
        if not isinstance(shape, Struct) or step not in shape.fields:
            yield (
                piece,
                "" if found[0] in texts() else f"the policy file has no key {found[0]}",
            )  # a code may look like one
            return
        shape = shape.fields[step].shape
    yield piece, ""


def _checks(piece: str, _line: str) -> Iterator[tuple[str, str]]:
    for id in re.findall(r"\btoolgate\.[EW]\d{3}\b", piece):
        number = id[-3:]
        known = {id, f"toolgate.E{number}", f"toolgate.W{number}", number} & check_ids()
        yield id, "" if known else f"there is no check {id}"


@cache
def check_ids() -> frozenset[str]:
    """Ids of system checks, as `toolgate.E001`; of those whose level the secrets mode chooses, both."""
    checks = (PROJECT / "config" / "checks.py").read_text(encoding="utf-8")
    settings = (PROJECT / "config" / "settings.py").read_text(encoding="utf-8")
    by_mode = re.findall(r"_by_mode\((\d+),", checks)
    both = {f"toolgate.{level}{int(number):03}" for number in by_mode for level in "EW"}
    return frozenset(re.findall(r"toolgate\.[EW]\d{3}", checks + settings)) | both


def _files(piece: str, _line: str) -> Iterator[tuple[str, str]]:
    """A path of this tree: `governance/engine/need.py`, `tests/faults/`."""
    found = re.fullmatch(r"((?:config|governance|accounts|audit|tests|templates|static|docs)/[\w./-]*)", piece)
    if found:
        yield piece, "" if (PROJECT / found[1]).exists() else f"there is no {found[1]}"


READERS: dict[str, Callable[[str, str], Iterator[tuple[str, str]]]] = {
    "command": _commands,
    "target": _make,
    "module": _modules,
    "route": _routes,
    "setting": _settings,
    "key": _keys,
    "check": _checks,
    "file": _files,
}
