"""A restarted process still knows which `call_id`s its host answered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from audit.intake.ingest import drain_outbox
from audit.records.decision_record import Inputs, Question, prepare_decision
from audit.records.who import Who
from audit.writing import outbox, process
from governance.deciding.remembered.call_ids import CallIdConflict, LocalCallIds
from governance.deciding.remembered.recall import recall_call_ids
from governance.engine.call import Call, Labels
from governance.engine.decision import Decision, Effect
from tests.governance.api.deciding import started

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_id_of_the_process_before_is_a_conflict_for_another_request_and_linked_for_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = str(uuid4())  # its own: other tests left records of this one in the trail
    monkeypatch.setattr(outbox, "node", lambda: host)
    made = prepare_decision(
        who=Who.principal("alice", kind="user", agent="reporter", session="s-1"),
        call=Call(entity="files/read", labels=Labels()),
        decision=Decision(effect=Effect.ALLOW),
        inputs=Inputs(now=1.0),
        question=Question(call_id="c-1", request="d1"),
    )
    outbox.record_prepared(made)
    with process.connect() as connection:
        drain_outbox(connection, alarm=lambda code, detail: None)
    table = LocalCallIds()
    owner = ("alice", "reporter", "s-1")

    async def restarted() -> None:
        assert await recall_call_ids(table, node=host) == 1
        now = started(tmp_path).runtime.directory.state.confirmed_at or 0.0
        with pytest.raises(CallIdConflict):
            await table.claim(owner, "c-1", "another", now=now)
        known = await table.claim(owner, "c-1", "d1", now=now)
        assert known is not None
        assert not known.holds(basis="any", now=now)
        assert known.decision_id

    asyncio.run(restarted())
