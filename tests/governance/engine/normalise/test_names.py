"""Names of servers and tools: what is one, and what only looks like one."""

from __future__ import annotations

import itertools

import pytest

from governance.engine.blocking import Blocklist
from governance.engine.normalise.confusables import CONFUSABLES
from governance.engine.normalise.names import is_slug, name_faults, name_key

DENIED = "payments/delete_account"
BLOCKLIST = Blocklist.compile(packs=[], entries=[{"id": "no-deletes", "kind": "entity", "pattern": "tool:" + DENIED}])

_HIDDEN = [
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u202e",
    "\u2066",
    "\ufe0f",
    "\u034f",
    "\U000e0061",
    "\u115f",
    "\u3164",
    "\x00",
    "\x1b",
    "\t",
]


def spoofs() -> set[str]:
    """Spellings of the denied name that a reader or a loose backend takes for it."""
    found: set[str] = set()
    by_letter: dict[str, list[str]] = {}
    for point, letter in CONFUSABLES.items():
        by_letter.setdefault(letter, []).append(chr(point))
    for place, letter in enumerate(DENIED):
        found.update(DENIED[:place] + other + DENIED[place + 1 :] for other in by_letter.get(letter, ()))
        found.update(DENIED[:place] + hidden + DENIED[place:] for hidden in _HIDDEN)
        if letter.isalpha():
            found.add(DENIED[:place] + letter.upper() + DENIED[place + 1 :])
            found.add(DENIED[:place] + chr(0xFF00 + ord(letter) - 0x20) + DENIED[place + 1 :])
            found.add(DENIED[:place] + chr(0x1D41A + ord(letter) - ord("a")) + DENIED[place + 1 :])
            found.add(DENIED[:place] + letter + "\u0301" + DENIED[place + 1 :])
            found.add(DENIED[:place] + f"%{ord(letter):02x}" + DENIED[place + 1 :])
    found.update(
        {
            DENIED.upper(),
            DENIED.title(),
            DENIED.replace("/", "//"),
            " " + DENIED,
            DENIED + " ",
            DENIED.replace("l", "1"),
            DENIED.replace("o", "0"),
            DENIED.replace("m", "rn"),
            "/" + DENIED,
        }
    )
    pairs = [("a", "а"), ("e", "е"), ("o", "о"), ("c", "с"), ("p", "р"), ("y", "у")]
    for count in range(1, len(pairs) + 1):
        for chosen in itertools.combinations(pairs, count):
            text = DENIED
            for latin, cyrillic in chosen:
                text = text.replace(latin, cyrillic)
            found.add(text)
    return found - {DENIED}


def test_no_spoof_of_a_denied_name_gets_through() -> None:
    names = spoofs()
    assert len(names) >= 500
    assert [name for name in names if not BLOCKLIST.match("tool", name, {})] == []


@pytest.mark.parametrize(
    "name", ["payments/delete_accounts", "payment/delete_account", "payments/read_account", "payroll/delete_account"]
)
def test_another_name_is_not_a_spoof(name: str) -> None:
    assert BLOCKLIST.match("tool", name, {}) == ()


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("files", ()),
        ("fi\u200bles", ("hidden",)),
        ("ﬁles", ("not_nfkc",)),
        ("fіles", ("mixed_script",)),
        (" ", ("empty",)),
        ("f\U000e0041", ("hidden",)),
        ("f\u202ex", ("hidden",)),
    ],
)
def test_a_name_says_what_is_wrong_with_it(name: str, faults: tuple[str, ...]) -> None:
    assert set(faults) <= set(name_faults(name))
    assert bool(faults) == bool(name_faults(name))


def test_ids_follow_the_policy_file() -> None:
    assert is_slug("a.b-c_1")
    assert not is_slug("A")
    assert not is_slug("a" * 65)
    assert not is_slug("a\n")


def test_a_key_is_its_own_key() -> None:
    for name in spoofs():
        assert name_key(name_key(name)) == name_key(name)
