"""What `policy diff` says changes, for whom, and which way."""

from __future__ import annotations

from typing import Any

import pytest

from governance.policy.diff.moves import Move
from governance.policy.diff.rights import MAX_CELLS
from governance.policy.diff.semantic import Change, compare, only_tightens
from governance.policy.document.canonical import normalise
from tests.governance.policy.documents import rule, small


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """The diff between two small policies with these keys."""
    return compare(normalise(small(**old)), normalise(small(**new)))


def objects(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Move]:
    """Which way each changed object moves."""
    return {change.path: change.effect for change in changes(old, new) if change.kind != "right"}


def rights(old: dict[str, Any], new: dict[str, Any]) -> set[tuple[str, str, Move]]:
    return {(one.path, one.summary, one.effect) for one in changes(old, new) if one.kind == "right"}


def test_equal_policies_have_no_difference() -> None:
    assert changes({"rules": [rule("a")]}, {"rules": [rule("a")]}) == []


def test_a_new_allow_says_who_may_now_do_what() -> None:
    old: dict[str, Any] = {"rules": []}
    new = {"rules": [rule("a")]}
    assert objects(old, new) == {"rules.a": Move.WIDENS}
    assert ("tool:files/read", "alice gains files/read, through role analyst", Move.WIDENS) in rights(old, new)
    assert ("tool:files/read", "alice loses files/read, through role analyst", Move.TIGHTENS) in rights(new, old)


def test_an_allow_that_adds_nothing_to_another_changes_nobodys_rights() -> None:
    old = {"rules": [rule("a")]}
    assert rights(old, {"rules": [rule("a"), rule("b")]}) == set()


def test_a_condition_makes_it_under_conditions() -> None:
    old, new = {"rules": [rule("a")]}, {"rules": [rule("a", when="args.n > 1")]}
    assert objects(old, new) == {"rules.a": Move.TIGHTENS}
    assert rights(old, new) == {
        (
            "tool:files/read",
            "alice may call files/read if the arguments are right (before: may call it), through role analyst",
            Move.TIGHTENS,
        )
    }


def test_an_ask_over_an_allow_is_a_tightening() -> None:
    old, new = {"rules": [rule("a")]}, {"rules": [rule("a"), rule("b", "ask")]}
    assert objects(old, new) == {"rules.b": Move.TIGHTENS}
    said = "alice must ask for files/read (before: may call it), through role analyst"
    assert rights(old, new) == {("tool:files/read", said, Move.TIGHTENS)}


def test_a_new_deny_tightens_and_may_go_out_in_an_emergency() -> None:
    found = changes({"rules": [rule("a")]}, {"rules": [rule("a"), rule("b", "deny")]})
    assert only_tightens(found)
    assert not only_tightens(changes({"rules": [rule("a"), rule("b", "deny")]}, {"rules": [rule("a")]}))


@pytest.mark.parametrize(
    ("change", "move"),
    [
        ({"subjects": {"roles": ["analyst"], "departments": ["finance"]}}, Move.TIGHTENS),
        ({"subjects": {"everyone": True}}, Move.WIDENS),
        ({"subjects": {"departments": ["finance"]}}, Move.BOTH),
        ({"entities": ["tool:files/*"]}, Move.WIDENS),
        ({"entities": ["tool:files/read", "tool:files/write"]}, Move.WIDENS),
        ({"entities": ["tool:files/write"]}, Move.BOTH),
        ({"except": {"users": ["alice"]}}, Move.TIGHTENS),
        ({"parameters": {"deny": ["/x"]}}, Move.TIGHTENS),
        ({"valid_until": "2030-01-01T00:00:00Z"}, Move.TIGHTENS),
        ({"mode": "shadow"}, Move.TIGHTENS),
        ({"justification": "another"}, Move.NEUTRAL),
        ({"skip_client_prompt": True}, Move.WIDENS),
    ],
)
def test_a_changed_allow_moves_by_its_reach(change: dict[str, Any], move: Move) -> None:
    assert objects({"rules": [rule("a")]}, {"rules": [rule("a", **change)]}) == {"rules.a": move}


def test_the_reach_of_a_deny_moves_the_other_way() -> None:
    old, new = {"rules": [rule("a", "deny")]}, {"rules": [rule("a", "deny", subjects={"everyone": True})]}
    assert objects(old, new) == {"rules.a": Move.TIGHTENS}
    assert objects(new, old) == {"rules.a": Move.WIDENS}


@pytest.mark.parametrize(
    ("old", "new", "path", "move"),
    [
        ({}, {"blocklist": {"packs": []}}, "blocklist.packs", Move.WIDENS),
        ({}, {"detectors": {"off": ["jwt"]}}, "detectors.off", Move.WIDENS),
        ({}, {"settings": {"two_person": True}}, "settings.two_person", Move.TIGHTENS),
        ({}, {"settings": {"stale_after": 600}}, "settings.stale_after", Move.WIDENS),
        ({}, {"rate_limits": {"disabled": True}}, "rate_limits.disabled", Move.WIDENS),
        ({}, {"rate_limits": {"base_per_second": {"mcp": 10}}}, "rate_limits.base_per_second.mcp", Move.TIGHTENS),
        ({}, {"rate_limits": {"burst_multiplier": 4}}, "rate_limits.burst_multiplier", Move.WIDENS),
        ({}, {"rate_limits": {"burst_multipliers": {"mcp": 4}}}, "rate_limits.burst_multipliers.mcp", Move.WIDENS),
        ({}, {"rate_limits": {"burst_multipliers": {"mcp": 2}}}, "rate_limits.burst_multipliers.mcp", Move.TIGHTENS),
        (
            {"rate_limits": {"burst_multiplier": 9, "burst_multipliers": {"mcp": 5}}},
            {"rate_limits": {"burst_multiplier": 9}},
            "rate_limits.burst_multipliers.mcp",
            Move.WIDENS,
        ),
        (
            {"rate_limits": {"burst_multiplier": 9, "burst_multipliers": {"mcp": 9}}},
            {"rate_limits": {"burst_multiplier": 5, "burst_multipliers": {"mcp": 9}}},
            "rate_limits.burst_multiplier",
            Move.TIGHTENS,
        ),
        ({}, {"rate_limits": {"session": {"calls": 10}}}, "rate_limits.session.calls", Move.TIGHTENS),
        ({}, {"rate_limits": {"session": {"window_seconds": 10}}}, "rate_limits.session.window_seconds", Move.WIDENS),
        ({}, {"roles": {"analyst": {"max_sensitivity": "restricted"}}}, "roles.analyst.max_sensitivity", Move.WIDENS),
        (
            {},
            {"layers": {"secrets": {"mode": "shadow", "until": "2030-01-01T00:00:00Z"}}},
            "layers.secrets.mode",
            Move.WIDENS,
        ),
        (
            {},
            {"exemptions": [{"layer": "secrets", "name": "jwt", "entity": "tool:files/read",
                             "until": "2030-01-01T00:00:00Z", "justification": "x"}]},
            "exemptions[\"secrets jwt tool:files/read\"]",
            Move.WIDENS,
        ),
        (
            {},
            {"servers": {"files": {"agent_required": False, "tools": {"read": {}, "write": {}}}}},
            "servers.files.agent_required",
            Move.WIDENS,
        ),
        (
            {},
            {"servers": {"files": {"tools": {"read": {"sensitivity": "restricted"}, "write": {}}}}},
            "servers.files.tools.read.sensitivity",
            Move.TIGHTENS,
        ),
        (
            {},
            {"agents": {"reporter": {"owner": "alice"}}},
            "agents.reporter.entities",
            Move.WIDENS,
        ),
        (
            {},
            {"blocklist": {"entries": [{"id": "b", "kind": "host", "pattern": "x.org"}]}},
            "blocklist.entries.b",
            Move.TIGHTENS,
        ),
    ],
)  # fmt: skip
def test_a_changed_control_moves_as_it_protects(
    old: dict[str, Any], new: dict[str, Any], path: str, move: Move
) -> None:
    assert objects(old, new)[path] is move
    back = objects(new, old)[path]
    assert back is {Move.WIDENS: Move.TIGHTENS, Move.TIGHTENS: Move.WIDENS}[move]


def test_what_was_not_thought_of_counts_as_both() -> None:
    transport = {"kind": "http", "url": "https://example.org/mcp"}
    servers = {"files": {"transport": transport, "tools": {"read": {}, "write": {}}}}
    found = objects({}, {"servers": servers})
    assert set(found.values()) == {Move.BOTH}


def test_an_agents_narrower_bound_shows_in_rights() -> None:
    old = {"rules": [rule("a")]}
    new = {"rules": [rule("a")], "agents": {"reporter": {"owner": "alice", "entities": ["tool:files/write"]}}}
    assert (
        "tool:files/read",
        "through agent reporter: alice loses files/read, through role analyst",
        Move.TIGHTENS,
    ) in rights(old, new)


def test_a_diff_too_large_to_work_out_says_that_anything_may_have_changed() -> None:
    tools: dict[str, Any] = {f"t{number}": {} for number in range(210)}
    people: dict[str, Any] = {f"p{number}": {} for number in range(200)}
    rules = [rule("a", subjects={"users": list(people)}, entities=["tool:files/*"])]
    keys: dict[str, Any] = {"servers": {"files": {"tools": tools}}, "principals": people, "agents": {}}
    found = changes({**keys, "rules": []}, {**keys, "rules": rules})
    (right,) = [one for one in found if one.kind == "right"]
    assert right.effect is Move.BOTH
    assert MAX_CELLS < 200 * 210


def test_a_new_entity_that_an_allow_covers_is_no_emergency_although_nobody_holds_what_it_asks_for_today() -> None:
    allow = rule("a", entities=["tool:files/*", "skill:*"])
    nobody: dict[str, Any] = {"principals": {}, "agents": {}, "rules": [allow]}
    tools: dict[str, Any] = {"files": {"tools": {"read": {}, "write": {}, "new": {}}}}
    other: dict[str, Any] = {"files": {"tools": {"read": {}, "write": {}}}, "more": {"tools": {"new": {}}}}
    assert objects(nobody, {**nobody, "servers": tools}) == {"servers.files.tools.new": Move.WIDENS}
    assert objects(nobody, {**nobody, "skills": {"new": {}}}) == {"skills.new": Move.WIDENS}
    assert objects(nobody, {**nobody, "servers": other}) == {"servers.more": Move.NEUTRAL}
    everything = {**nobody, "rules": [rule("a", entities=["tool:**"])]}
    assert objects(everything, {**everything, "servers": other}) == {"servers.more": Move.WIDENS}


def test_a_new_agent_is_no_emergency() -> None:
    assert objects({"agents": {}}, {"agents": {"new": {"owner": "alice"}}}) == {"agents.new": Move.WIDENS}


@pytest.mark.parametrize("bounds", [{}, {"scopes": ["admin"]}, {"principal_kinds": ["service"], "scopes": ["service"]}])
def test_a_new_tool_that_lets_callers_in_by_itself_is_no_emergency(bounds: dict[str, Any]) -> None:
    tool = {"default_allow": True, **bounds}
    transport = {"kind": "http", "url": "http://127.0.0.1:9000/mcp"}
    additions: list[dict[str, Any]] = [
        {"skills": {"new": tool}},
        {"servers": {"new": {"transport": transport, "tools": {"open": tool}}}},
    ]
    for added in additions:
        assert not only_tightens(compare(normalise({"toolgate": 1}), normalise({"toolgate": 1, **added})))


def test_less_capture_and_less_time_for_a_hook_are_no_emergency() -> None:
    hook = {"id": "look", "event": "PreToolUse", "matcher": "*", "type": "command", "command": "look"}
    server = {"transport": {"kind": "http", "url": "http://127.0.0.1:9000/mcp"}, "capture": "full"}
    old: dict[str, Any] = {"toolgate": 1, "servers": {"files": server}, "hooks": [{**hook, "timeout": 5}]}
    changes: list[dict[str, Any]] = [
        {"servers": {"files": {**server, "capture": "none"}}},
        {"hooks": [{**hook, "timeout": 1}]},
    ]
    for changed in changes:
        new: dict[str, Any] = {**old, **changed}
        assert not only_tightens(compare(normalise(old), normalise(new)))
        assert only_tightens(compare(normalise(new), normalise(old)))


def test_a_burst_kept_for_a_class_while_the_others_are_lowered_is_no_change_of_that_class() -> None:
    before = {"rate_limits": {"burst_multiplier": 9}}
    after = {"rate_limits": {"burst_multiplier": 5, "burst_multipliers": {"mcp": 9}}}
    assert objects(before, after) == {"rate_limits.burst_multiplier": Move.TIGHTENS}
    [line] = [one for one in changes({}, {"rate_limits": {"burst_multipliers": {"mcp": 4}}}) if one.kind != "right"]
    assert line.summary == "3 → 4"
