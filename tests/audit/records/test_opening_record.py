from __future__ import annotations

import pytest

from audit.records.canonical import RecordInvalid
from audit.records.kinds import Kind
from audit.records.opening_record import prepare_opening, read_opening
from audit.records.record import prepare
from audit.records.who import Who
from tests.audit.records.examples import AT, COMPONENT, EXAMPLES, placed

AUDITOR = Who.principal("vera", kind="user")


@pytest.mark.parametrize("verified", [True, False])
def test_an_opening_is_read_as_it_was_made(verified: bool) -> None:
    made = prepare_opening(
        who=AUDITOR, record="r-1", decision="d-1", server="files", tool=None, place="result", door="api",
        reason="Case 7: what was it?", verified=verified,
    )  # fmt: skip
    read = read_opening(placed(made))
    assert read is not None
    assert (read.record, read.place, read.door, read.reason) == ("r-1", "result", "api", "Case 7: what was it?")
    assert (read.verified, read.by, read.head.level == "error") == (verified, "vera", not verified)
    assert int(read.moment.timestamp()) == AT // 1_000_000


def test_a_command_is_named_by_who_ran_it() -> None:
    made = prepare_opening(
        who=COMPONENT, record="r-1", decision="d-1", server=None, tool=None, place="arguments", door="command",
        reason="Case 7: what was it?", verified=True,
    )  # fmt: skip
    read = read_opening(placed(made))
    assert read is not None
    assert read.by == "root (OS user)"


def test_other_events_are_no_openings_and_other_records_are_refused() -> None:
    assert read_opening(placed(prepare(Kind.SECURITY_EVENT, who=AUDITOR, code="journal.opened"))) is None
    strange = read_opening(placed(prepare(Kind.SECURITY_EVENT, who=AUDITOR, code="payload.opened", detail=["r-1"])))
    assert strange is not None
    assert strange.record == ""
    with pytest.raises(RecordInvalid):
        read_opening(placed(EXAMPLES["decision"]))
