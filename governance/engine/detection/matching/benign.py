"""What looks like a credential and is none: placeholders, references, documented example keys, runs of one letter.

Only the value itself is judged, never what stands around it: a marker beside a credential changes nothing, and a
word inside one counts only where little else is left of it.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

# Published in the vendors' own documentation, so they open nothing.
_DOCUMENTED = frozenset(
    {
        "AKIAIOSFODNN7EXAMPLE",
        "AKIAI44QH8DHBEXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "AKIAIOSFODNN8EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AIzaSyDdVgKwhZl0sTTTLZ7iTmt1r3N2cJLnaDk",
        "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "sk_test_BQokikJOvBiI2HlWgH4olfQ2",
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
    }
)
_WORDS = re.compile(
    r"(?i)example|sample|placeholder|change[-_ ]?(?:me|it|this)|replace[-_ ]?(?:me|with|this)|redacted|removed|masked"
    r"|censored|dummy|fake|foobar|your|insert|goes|here|todo|secret|token|apikey|api|key|pass(?:word|wd)?|access|value"
    r"|user(?:name)?|test|demo|mock|invalid|short|hidden|xxx+|\*{3,}|\.{3,}|0{6,}|abc(?:def)?|123(?:456)?(?:789)?0?|my"
)
_REFERENCE = re.compile(
    r"""(?x)
    ^![A-Za-z_]+$ | ^\$\{?[A-Za-z_][\w.:\-?]*\}?$ | ^\$\{\{.*\}\}$ | ^\$\{[^}]*\}$ | ^\$\([^)]*\)$
    | ^%[A-Za-z_][\w]*%$ | ^%\(?\w*\)?[sdv]$
    | ^\{\{.*\}\}$ | ^\{[A-Za-z_][\w.\-]*\}$ | ^<[^<>]*>$ | ^\[[A-Za-z _\-:]*\]$ | ^@[A-Za-z_][\w.]*@?$
    | ^__[A-Za-z_]+__$
    | ^:[A-Za-z_]\w*$ | ^\#\{.*\}\#?$ | ^&\w+;$
    | ^(?:os\.environ|process\.env|env|ENV|System\.getenv|getenv|import\.meta\.env|secrets|vars|var|local|data|config
        |settings|self|this|args|params|options|request|req|ctx|props|state|module|each|values|Values)[.\[(][^\s]*$
    | ^(?:arn|vault|secret|ssm|op|env|file|ref|aws-sm|gcp-sm|keyvault|sm|awssm|doppler|bws|kms|ENC|enc|secretref|keyring
        |azurekeyvault|projects|akeyless|infisical|vals|sops|credstore)(?:\+\w+)?:/{0,2}[\w\-/.#:?=&]*$
    """
)
_FILLER = re.compile(r"^[xX*.#_\-0?•…=\s]+$")
_EMPTY_WORDS = frozenset(
    [
        "none",
        "null",
        "nil",
        "undefined",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "string",
        "str",
        "int",
        "integer",
        "number",
        "bool",
        "boolean",
        "object",
        "array",
        "any",
        "text",
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "key",
        "apikey",
        "api_key",
        "bearer",
        "basic",
        "required",
        "optional",
        "hidden",
        "default",
        "unknown",
        "empty",
        "disabled",
        "enabled",
        "auto",
        "automatic",
        "generated",
        "random",
        "encrypted",
        "plaintext",
        "plain",
        "hashed",
        "inherit",
        "prompt",
        "ask",
        "stdin",
        "file",
        "env",
        "environment",
        "vault",
        "missing",
        "invalid",
        "valid",
        "expired",
        "revoked",
        "na",
        "n/a",
        "tbd",
        "changeme",
        "changeit",
    ]
)
_JUDGED = 240  # characters of a value whose randomness is judged
_LEFT_OVER = 5  # characters that must be left of a value without its placeholder words


def entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    size = len(value)
    if not size:
        return 0.0
    return -sum((n := value.count(letter)) / size * math.log2(n / size) for letter in set(value))


@lru_cache(maxsize=2048)
def is_documented(value: str) -> bool:
    """A key that a vendor's documentation prints, alone or as the end of the value."""
    return value in _DOCUMENTED


def is_reference(value: str) -> bool:
    """Names a secret instead of being one: `${TOKEN}`, `<YOUR_KEY>`, `{{ x }}`, `process.env.X`, `vault:path`."""
    return len(value) <= 512 and _REFERENCE.match(value) is not None


def is_filler(value: str) -> bool:
    """Nothing but filling characters, one letter repeated, or a word that says there is no value."""
    return (
        value.lower() in _EMPTY_WORDS
        or _FILLER.match(value) is not None
        or (len(value) >= 4 and len(set(value.lower())) <= 2)
    )


def is_placeholder(value: str) -> bool:
    """Made of placeholder words: when they are gone, hardly anything is left."""
    if is_filler(value) or is_reference(value) or is_documented(value):
        return True
    left, words = _WORDS.subn("", value)
    if not words:
        return False
    left = re.sub(r"[^A-Za-z0-9]", "", left)
    return len(left) < _LEFT_OVER or (
        len(left) < 0.4 * len(value) and (left.isalpha() and (left.islower() or left.isupper()))
    )


def is_blank(value: str, floor: float) -> bool:
    """The random part of a format is not random: a placeholder, words, too few letters, one short piece repeated."""
    if is_placeholder(value):
        return True
    if len(value) < 12:
        return len(set(value)) <= 2
    head = value[:_JUDGED]
    plain = re.sub(r"[^A-Za-z0-9]", "", head)
    if plain.isalpha() and not plain.islower() and not plain.isupper() and not jumps(plain):
        return True
    if len(head) >= 40 and len({head[n : n + 4] for n in range(len(head) - 3)}) * 3 < len(head):
        return True
    return entropy(head) < floor or _longest_run(head) > max(8, len(head) // 2)


def jumps(value: str) -> bool:
    """Changes between upper and lower case more often than words do."""
    changes = sum(a.islower() != b.islower() for a, b in zip(value, value[1:], strict=False))
    return changes * 3 >= len(value)


def _longest_run(value: str) -> int:
    longest = run = 1
    for before, letter in zip(value, value[1:], strict=False):
        run = run + 1 if letter == before else 1
        longest = max(longest, run)
    return longest
