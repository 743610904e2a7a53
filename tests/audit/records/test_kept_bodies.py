"""The bytes of a record are hashed, signed and kept for years: they are compared with bodies kept from before."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.records.kinds import Kind
from tests.audit.records.examples import EXAMPLES, placed

LINES = (Path(__file__).parent / "kept_bodies.txt").read_bytes().removesuffix(b"\n").split(b"\n")
KEPT = {name.decode(): body for name, body in (line.split(b"\t") for line in LINES)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_record_has_the_bytes_that_it_always_had(name: str) -> None:
    assert placed(EXAMPLES[name]) == KEPT[name]


def test_a_body_of_every_kind_is_kept() -> None:
    assert {made.kind for made in EXAMPLES.values()} == set(Kind)
    assert set(EXAMPLES) == set(KEPT)
