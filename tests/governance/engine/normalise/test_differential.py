"""The reader against bash itself: every command that bash runs is seen with its words, or the reader said it was lost.

`SHELL_FORMS` forms more than a thousand, from the seed `SHELL_FORMS_SEED`, when they are set.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from governance.engine.normalise.shell.budget import Budget
from governance.engine.normalise.shell.commands import read_commands
from governance.engine.normalise.shell.marks import UNKNOWN
from tests.governance.engine.normalise.differential.grammar import Forms
from tests.governance.engine.normalise.differential.oracle import BASH, ran

FORMS = int(os.environ.get("SHELL_FORMS", "1000"))
SEED = int(os.environ.get("SHELL_FORMS_SEED", "1"))
_CHUNK = 125
_NUMBERED = re.compile(r"/dev/fd/\d+")


def _same(words: list[str], called: list[str]) -> bool:
    """Whether the words that were read are those that a command was called with, as far as they can be known."""
    pattern = "".join(
        "(?:\0.*)?" if word == UNKNOWN else "\0" + ".*".join(map(re.escape, word.split(UNKNOWN)))
        for word in words
        if word
    )
    given = "".join("\0" + _NUMBERED.sub("/dev/fd/63", word) for word in called if word)
    return re.fullmatch(pattern, given, re.DOTALL) is not None


def missed(form: str, calls: list[list[str]]) -> list[list[str]]:
    """The calls that bash made and the reader neither saw nor owned up to."""
    read = read_commands(form, Budget())
    if read.lost or not read.complete:
        return []
    return [
        call
        for call in calls
        if not any(each.name == call[0] and _same(each.words, call[1:]) for each in read.commands)
    ]


@pytest.mark.skipif(BASH is None, reason="there is no bash on this machine to compare with")
def test_what_bash_runs_is_seen() -> None:
    made = Forms(SEED)
    forms = [made.form() for _ in range(FORMS)]
    chunks = [forms[start : start + _CHUNK] for start in range(0, FORMS, _CHUNK)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        calls = [each for chunk in pool.map(ran, chunks) for each in chunk]
    run = [(form, each) for form, each in zip(forms, calls, strict=True) if each]
    assert len(run) >= 0.8 * FORMS, "bash refuses too many forms: the grammar says little"
    read = [read_commands(form, Budget()) for form, _ in run]
    assert sum(each.lost or not each.complete for each in read) <= 0.06 * len(run), "the reader gives up too often"
    slipped = [(form, gone) for form, each in run if (gone := missed(form, each))]
    assert not slipped, min(slipped, key=lambda pair: len(pair[0]))
