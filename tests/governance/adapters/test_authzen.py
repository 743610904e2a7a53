from __future__ import annotations

from typing import Any

import pytest

from governance.adapters.authzen import BadEvaluation, Evaluation, Semantic, read_batch, read_evaluation
from governance.engine.call import EntityKind, Json

QUESTION: dict[str, Any] = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "tools/call"},
    "resource": {"type": "tool", "id": "files/read"},
    "context": {"arguments": {"path": "/srv"}, "agent_id": "reporter", "session_id": "s1"},
}


def test_a_question_is_read_and_unknown_fields_are_ignored() -> None:
    question = read_evaluation({**QUESTION, "extra": 1})
    assert question.kind is EntityKind.TOOL
    assert question.resource.id == "files/read"
    assert question.arguments == {"path": "/srv"}
    assert (question.agent_id, question.session_id) == ("reporter", "s1")


@pytest.mark.parametrize("key", ["subject", "action", "resource"])
def test_a_missing_part_is_refused_by_name(key: str) -> None:
    with pytest.raises(BadEvaluation, match=key):
        read_evaluation({k: v for k, v in QUESTION.items() if k != key})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"subject": {"type": "user"}}, "subject.id"),
        ({"action": {}}, "action.name"),
        ({"resource": "files/read"}, "resource"),
        ({"context": []}, "context"),
        ({"context": {"arguments": [1]}}, "context.arguments"),
    ],
)
def test_a_wrongly_typed_part_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(BadEvaluation, match=named):
        read_evaluation({**QUESTION, **change})


def test_an_unknown_type_or_action_has_no_kind() -> None:
    assert read_evaluation({**QUESTION, "subject": {"type": "robot", "id": "x"}}).kind is None
    assert read_evaluation({**QUESTION, "resource": {"type": "galaxy", "id": "x"}}).kind is None
    assert read_evaluation({**QUESTION, "action": {"name": "tools/list"}}).kind is None


def test_a_batch_takes_its_defaults_and_lets_each_item_override() -> None:
    items, semantic = read_batch(
        {**QUESTION, "evaluations": [{}, {"resource": {"type": "tool", "id": "pay/send"}}]}
    ) or ((), None)
    assert semantic is Semantic.EXECUTE_ALL
    assert [item.resource.id for item in items if isinstance(item, Evaluation)] == ["files/read", "pay/send"]


def test_a_bad_item_stands_in_its_place() -> None:
    items, _ = read_batch({"evaluations": [QUESTION, {"action": {"name": "tools/call"}}]}) or ((), None)
    assert isinstance(items[0], Evaluation)
    assert isinstance(items[1], BadEvaluation)


@pytest.mark.parametrize("evaluations", [None, []])
def test_no_evaluations_is_a_single_question(evaluations: Json) -> None:
    assert read_batch({**QUESTION, "evaluations": evaluations}) is None


def test_more_than_a_hundred_evaluations_are_refused() -> None:
    with pytest.raises(BadEvaluation, match="100"):
        read_batch({"evaluations": [QUESTION] * 101})


def test_a_semantic_stops_at_its_own_answer_only() -> None:
    assert Semantic.DENY_ON_FIRST_DENY.stops_after(False)
    assert not Semantic.DENY_ON_FIRST_DENY.stops_after(True)
    assert Semantic.PERMIT_ON_FIRST_PERMIT.stops_after(True)
    assert not Semantic.EXECUTE_ALL.stops_after(False)
