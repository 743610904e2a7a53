"""What changes for whom: the review says what who-can says on both sides, of the people that there are."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest

from governance.engine.asking.posed_caller import PosedCaller, described
from governance.engine.asking.questions import right
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys
from governance.engine.decision import Effect
from governance.engine.principal import ANONYMOUS, Directory
from governance.engine.world import World
from governance.policy.diff import rights as rights_module
from governance.policy.diff.moves import Move
from governance.policy.diff.right_lines import ChangedRight, changed_rights
from governance.policy.diff.rights import changed_cells, worth
from governance.policy.document.canonical import normalise
from governance.policy.document.codec import digest
from governance.policy.document.entity_patterns import entities_of
from tests.governance.engine import worlds
from tests.governance.policy.documents import rule

NOW = worlds.NOW
KEYS = EngineKeys(fingerprint=b"k" * 32)


def people(random: Random, many: int) -> Directory:
    """Principals of every kind, several of them alike."""
    return {
        name: described(
            {
                "kind": random.choice(["user", "user", "service"]),
                "tier": random.choice(worlds.TIERS),
                "status": random.choice(["active", "active", "active", "suspended"]),
                "roles": random.sample(worlds.ROLES, random.randint(0, 2)),
                "groups": random.sample(worlds.GROUPS, random.randint(0, 1)),
                "departments": random.sample(worlds.DEPARTMENTS, random.randint(0, 2)),
            }
        )
        for name in [*worlds.USERS, *(f"p{number}" for number in range(many))]
    }


def changed(random: Random, old: dict[str, Any]) -> dict[str, Any]:
    """Another policy that differs in a few places."""
    new, other = copy.deepcopy(old), worlds.policy(random)
    for _ in range(random.randint(1, 2)):
        table = random.choice(["rules", "rules", "servers", "agents", "data_sources", "skills", "roles"])
        if table == "rules":
            at = random.randrange(len(new["rules"]) + 1)
            new["rules"][at : at + random.randint(0, 1)] = [worlds.rule(random, 99)] if random.random() < 0.8 else []
        else:
            name = random.choice(list(new[table]))
            new[table][name] = other[table][name]
            if table in ("servers", "agents", "skills") and random.random() < 0.2:
                del new[table][name]
    return new


class Side:
    """One policy whole, asked cell by cell as who-can asks it."""

    def __init__(self, document: Any, directory: Directory) -> None:
        self.snapshot = compile_snapshot(document, release=1, digest=digest(document), keys=KEYS)
        self.world = World(directory=directory)

    def says(self, name: str, agent: str | None, entity: tuple[Any, str]) -> tuple[Effect, bool]:
        known = self.snapshot.entity(entity[0].value, entity[1])
        if known is None:
            return worth(None)
        caller = PosedCaller(principal=name, agent=agent).caller(self.world.directory)
        return worth(right(self.snapshot, self.world, caller, known, now=NOW))


@pytest.mark.parametrize("seed", range(60))
def test_the_review_says_of_every_cell_what_who_can_says_before_and_after(seed: int) -> None:
    random = Random(seed)
    old = {**worlds.policy(random), "rules": [worlds.rule(random, at) for at in range(random.randint(1, 8))]}
    new, directory = changed(random, old), people(random, 12)
    before, after = Side(old, directory), Side(new, directory)
    found = changed_cells(old, new, directory=directory, now=NOW)  # type: ignore[arg-type]
    assert found.too_many == ""
    said = {
        (name, agent, cell.entity): (cell.was, cell.now)
        for cell in found.cells
        for name in cell.people
        for agent in cell.agents or (None,)
    }
    everything = sorted({*entities_of(old), *entities_of(new)})  # type: ignore[arg-type]
    for name in (*directory, ANONYMOUS.id):
        for agent in (None, *sorted({*old["agents"], *new["agents"]})):
            for entity in everything:
                true = before.says(name, agent, entity), after.says(name, agent, entity)
                told = said.get((name, agent, entity))
                own = said.get((name, None, entity))
                if true[0] == true[1]:
                    assert told is None, (name, agent, entity)
                else:
                    assert true in (told, own), (name, agent, entity, true)


def lines(old: dict[str, Any], new: dict[str, Any], directory: Directory) -> list[tuple[str, str, Move]]:
    """The lines for two policies of one server."""
    base = {
        "toolgate": 1,
        "departments": {"engineering": {}, "finance": {}},
        "roles": {"analyst": {}},
        "servers": {"deploy": {"tools": {"logs": {}, "rollback": {}}}},
    }
    found: list[ChangedRight] = changed_rights(
        normalise({**base, **old}), normalise({**base, **new}), directory=directory, now=NOW
    )
    return [(one.entity, one.summary, one.move) for one in found]


def staff(**said: list[str]) -> Directory:
    """People by name with their departments."""
    return {name: described({"departments": departments}) for name, departments in said.items()}


ENGINEERS = staff(bob=["engineering"], carol=[], dave=["engineering"], erin=["engineering"], frank=["finance"])
LOGS: dict[str, Any] = {"entities": ["tool:deploy/logs"]}


def test_one_department_that_gets_one_tool_is_one_line() -> None:
    new = {"rules": [rule("look", subjects={"departments": ["engineering"]}, **LOGS)]}
    assert lines({}, new, ENGINEERS) == [
        ("tool:deploy/logs", "bob gains deploy/logs; 2 others through department engineering", Move.WIDENS)
    ]


def test_who_is_named_by_id_is_named_and_the_others_are_summed_up_by_what_they_share() -> None:
    new = {
        "rules": [
            rule("hers", subjects={"users": ["carol"]}, **LOGS),
            rule("look", subjects={"departments": ["engineering"]}, **LOGS),
        ]
    }
    assert lines({}, new, ENGINEERS) == [
        ("tool:deploy/logs", "carol gains deploy/logs; 3 others through department engineering", Move.WIDENS)
    ]


def test_who_is_alone_is_said_to_have_it_through_what() -> None:
    new = {"rules": [rule("look", subjects={"departments": ["finance"]}, **LOGS)]}
    assert lines({}, new, ENGINEERS) == [
        ("tool:deploy/logs", "frank gains deploy/logs, through department finance", Move.WIDENS)
    ]


def test_a_new_deny_has_its_line_and_names_the_rule() -> None:
    allow = rule("look", subjects={"everyone": True}, entities=["tool:deploy/*"], valid_until="2030-01-01T00:00:00Z")
    deny = rule("no-logs", "deny", subjects={"departments": ["engineering"]}, **LOGS)
    assert (
        "tool:deploy/logs",
        "bob loses deploy/logs, denied by no-logs; 2 others through department engineering",
        Move.TIGHTENS,
    ) in lines({"rules": [allow]}, {"rules": [allow, deny]}, ENGINEERS)


def test_conditions_and_asking_are_said() -> None:
    look = rule("look", subjects={"users": ["carol"]}, **LOGS)
    ask = rule("ask", "ask", subjects={"users": ["carol"]}, **LOGS)
    some = {**look, "when": "args.n > 1"}
    cases: list[tuple[list[Any], list[Any], str, Move]] = [
        ([], [some], "carol gains deploy/logs, if the arguments are right", Move.WIDENS),
        ([], [look, ask], "carol gains deploy/logs, after asking", Move.WIDENS),
        ([look], [look, ask], "carol must ask for deploy/logs (before: may call it)", Move.TIGHTENS),
        (
            [look],
            [some],
            "carol may call deploy/logs if the arguments are right (before: may call it)",
            Move.TIGHTENS,
        ),
        (
            [some],
            [look, ask],
            "carol must ask for deploy/logs (before: may call it if the arguments are right)",
            Move.BOTH,
        ),
    ]
    for old, new, said, move in cases:
        assert lines({"rules": old}, {"rules": new}, ENGINEERS) == [("tool:deploy/logs", said, move)]


def test_what_is_for_everyone_is_said_to_be() -> None:
    look = rule("look", subjects={"everyone": True}, **LOGS)
    assert lines({}, {"rules": [look]}, staff(bob=[], carol=[])) == [
        ("tool:deploy/logs", "bob gains deploy/logs; 1 other as everyone", Move.WIDENS)
    ]


def test_who_is_not_active_gains_nothing() -> None:
    gone = {"gone": described({"departments": ["engineering"], "status": "suspended"})}
    assert lines({}, {"rules": [rule("look", subjects={"departments": ["engineering"]}, **LOGS)]}, gone) == []


def test_what_an_agents_bound_takes_is_said_through_that_agent_alone() -> None:
    look = rule("look", subjects={"departments": ["engineering"]}, **LOGS)
    other = {"other": {"owner": "bob"}}
    old = {"rules": [look], "agents": {"coder": {"owner": "bob"}, **other}}
    new = {"rules": [look], "agents": {"coder": {"owner": "bob", "entities": ["tool:deploy/rollback"]}, **other}}
    assert lines(old, new, ENGINEERS) == [
        (
            "tool:deploy/logs",
            "through agent coder: bob loses deploy/logs; 2 others through department engineering",
            Move.TIGHTENS,
        )
    ]


def test_thousands_are_asked_about_by_what_they_share(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answers = rights_module._Side.answers

    def counted(self: Any, name: str, *given: Any) -> Any:
        asked.append(name)
        return answers(self, name, *given)

    monkeypatch.setattr(rights_module._Side, "answers", counted)
    many = staff(**{f"p{number:05}": [["engineering"], ["finance"], []][number % 3] for number in range(6_000)})
    new = {"rules": [rule("look", subjects={"departments": ["engineering"]}, **LOGS)]}
    assert lines({}, new, many) == [
        ("tool:deploy/logs", "p00000 gains deploy/logs; 1999 others through department engineering", Move.WIDENS)
    ]
    assert len(asked) <= 2 * 3, "two policies, two kinds of people and anonymous"


def test_where_agents_are_too_many_people_are_still_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights_module, "MAX_CELLS", 5)
    agents = {f"a{number}": {"owner": "bob", "entities": [f"tool:deploy/{'x' * number}*"]} for number in range(1, 9)}
    new = {"rules": [rule("look", subjects={"departments": ["engineering"]}, **LOGS)]}
    found = lines({"agents": agents}, {"agents": agents, **new}, ENGINEERS)
    assert ("**", "through 8 agents it is too much to work out one by one", Move.BOTH) in found
    assert any("bob gains deploy/logs" in summary for _, summary, _ in found)
