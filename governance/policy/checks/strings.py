"""Further tests on single strings of the policy file. Each returns what is wrong, or an empty string."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import re2
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from governance.engine.call import EntityKind

_MAX_COMPILED = 64 << 10
"""RE2's program size in bytes that a single expression may take; larger ones are refused, not slow."""


def bad_regex(text: str) -> str:
    """Is it an RE2 expression that compiles within bounds and does not match the empty string?"""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_COMPILED << 4
    try:
        compiled = re2.compile(text, options)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else error
        return f"is no RE2 expression: {reason.decode() if isinstance(reason, bytes) else reason}"
    return "matches the empty string, so it would match everything" if compiled.search("") else ""


def bad_matcher(text: str) -> str:
    """Is it a hook's matcher: names or globs separated by `|`, or `re:` and an expression?"""
    if text.startswith("re:"):
        if text == "re:":
            return "has no expression after re:"
        fault = bad_regex(text[3:])
        return "" if fault.startswith("matches the empty") else fault
    for part in text.split("|"):
        name = part.strip()
        if not name:
            return "has an empty alternative between |"
        if "***" in name or any(char.isspace() for char in name):
            return f"{name!r} is no name or glob"
    return ""


def bad_glob(text: str) -> str:
    """Is it a glob on paths, hosts or tables?"""
    if not text.strip():
        return "is blank"
    return "is an invalid glob: *** means nothing" if "***" in text else ""


def bad_pointer(text: str) -> str:
    """Is it a JSON pointer (RFC 6901)? The empty one, the whole, decides nothing and is refused."""
    if not text.startswith("/"):
        return f"{text!r} is no JSON pointer; it starts with /"
    return f"{text!r} is no JSON pointer: ~ is written ~0 and / is ~1" if re.search(r"~(?![01])", text) else ""


def bad_url(text: str) -> str:
    """Is it an http or https address with a host, without credentials and without a fragment?"""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        return f"is no URL: {error}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no http or https URL"
    if any(char.isspace() for char in text) or "\\" in text:
        return "is no URL: it holds white space or a backslash"
    if parts.username is not None or parts.password is not None:
        return "holds credentials; bind a secret instead"
    return "has a fragment" if parts.fragment else ""


def bad_email(text: str) -> str:
    """Is it an e-mail address, as the directory takes one? An empty one says that there is none."""
    try:
        if text:
            validate_email(text)
    except ValidationError:
        return f"{text!r} is no e-mail address"
    return ""


def bad_template(text: str) -> str:
    """Does it hold `{value}` once, and no other brace?"""
    rest = text.replace("{value}", "", 1)
    if rest == text:
        return "lacks {value}"
    return "holds braces besides one {value}" if "{" in rest or "}" in rest else ""


def bad_entity(text: str) -> str:
    """Is it `kind:id`?"""
    kind, colon, name = text.partition(":")
    if not colon or not name or kind not in tuple(EntityKind):
        return f"{text!r} is no entity such as skill:summarize"
    return ""


def bad_condition(text: str) -> str:
    """Nothing to say of the text alone: conditions are compiled where their entities are known."""
    return "is blank" if not text.strip() else ""


CHECKS: Mapping[str, Callable[[str], str]] = {
    "regex": bad_regex,
    "matcher": bad_matcher,
    "glob": bad_glob,
    "pointer": bad_pointer,
    "url": bad_url,
    "email": bad_email,
    "template": bad_template,
    "entity": bad_entity,
    "condition": bad_condition,
}
"""The tests by the name that the schema gives them."""
