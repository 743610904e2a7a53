# ruff: noqa: E501, ISC004 — one case a line reads better than one case in three
"""Bad policies are refused whole, with every fault at its file, line and path."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.policy.checks.validate import checked, validate
from governance.policy.document.errors import PolicyError
from governance.policy.files.bundle import PolicyErrors, parse_policy, read_policy
from tests.governance.policy.documents import small

BASE = """\
toolgate: 1
departments: {finance: {}}
roles: {analyst: {}}
principals: {alice: {roles: [analyst]}}
agents: {reporter: {owner: alice}}
servers:
  files:
    tools: {read: {}, vault: {sensitivity: restricted}}
  local: {transport: {kind: stdio, command: runner}, tools: {go: {}}}
"""


def faults(text: str, name: str = "p.yaml") -> list[PolicyError]:
    """Everything that is wrong with a policy file."""
    with pytest.raises(PolicyErrors) as caught:
        parse_policy(text, name=name)
    return list(caught.value.errors)


CASES = [
    # what is added to BASE, path, part of the message
    ("groups: {a: {}, a: {}}", "groups.a", "duplicate key"),
    ("colour: red", "colour", "no key of a policy"),
    ("rulez: []", "rulez", "did you mean rules?"),
    ("groups: []", "groups", "must be a mapping by id, and is a list"),
    ("groups: {Big: {}}", "groups.Big", "must match"),
    ("groups: {a: null}", "groups.a", "and is nothing"),
    ("groups: {a: {name: 3}}", "groups.a.name", "must be text (name), and is 3"),
    ("groups: {a: {name: yes}}", None, None),
    ("settings: {two_person: yes}", "settings.two_person", "must be true or false, and is text 'yes'"),
    ("settings: {stale_after: 012}", None, None),
    ("settings: {stale_after: 1:30}", "settings.stale_after", "whole number"),
    ("settings: {stale_after: 0}", "settings.stale_after", "not between 1 and 3600"),
    ("settings: {stale_after: 1.5}", "settings.stale_after", "no whole number"),
    ("rate_limits: {burst_multiplier: .nan}", "rate_limits.burst_multiplier", "no number that a policy can hold"),
    ("rate_limits: {burst_multiplier: 1e999}", "rate_limits.burst_multiplier", "beyond the range"),
    ("rate_limits: {burst_multipliers: 3}", "rate_limits.burst_multipliers", "must be a mapping by rate class, and is 3"),
    ("rate_limits: {burst_multipliers: {mcp: 0.5}}", "rate_limits.burst_multipliers.mcp", "not between 1 and 1000"),
    ("rate_limits: {burst_multipliers: {mcp: -1}}", "rate_limits.burst_multipliers.mcp", "not between 1 and 1000"),
    ("rate_limits: {burst_multipliers: {mcp: 1001}}", "rate_limits.burst_multipliers.mcp", "not between 1 and 1000"),
    ("rate_limits: {burst_multipliers: {mcp: many}}", "rate_limits.burst_multipliers.mcp", "must be a number"),
    ("rate_limits: {burst_multipliers: {MCP: 3}}", "rate_limits.burst_multipliers.MCP", "must match"),
    ("rate_limits: {burst_multipliers: {reports: 3}}", "rate_limits.burst_multipliers.reports", "'reports' is no rate class; name it in rate_limits.base_per_second"),
    ("rate_limits: {burst_multipliers: {mcp: 1.5, content: 1000}}", None, None),
    ("settings: {stale_after: 99999999999999999999}", "settings.stale_after", "beyond 64 bits"),
    ("groups: &a {oncall: {}}", "groups", "&a is an anchor"),
    ("groups: {x: &a {}, y: *a}", "groups.y", "*a is an alias"),
    ("groups: {<<: {}}", "groups", "merge key"),
    ("groups: !!set {a}", "groups", "is a tag"),
    ("groups: {a: !!str x}", "groups.a", "is a tag"),
    ("groups: {a: {name: !ruby/object:X y}}", "groups.a.name", "is a tag"),
    ("groups: {? [a, b] : {}}", "groups", "a key must be text"),
    ('groups: {a: {name: "a\\u202eb"}}', "groups.a.name", "hidden or control characters (U+202E)"),
    ('groups: {a: {name: "a\\u0000b"}}', "groups.a.name", "U+0000"),
    ('groups: {a: {name: "zero\\u200bwidth"}}', "groups.a.name", "U+200B"),
    ("exemptions: [{layer: secrets, name: jwt, entity: 'tool:files/**', until: 2030-01-01T00:00:00Z, justification: x}]",
     "exemptions[0].entity", "holds **"),
    ("exemptions: [{layer: secrets, name: jwt, entity: 'tool:*/*', until: 2030-01-01T00:00:00Z, justification: x}]",
     "exemptions[0].entity", "name one entity"),
    ("exemptions: [{layer: secrets, name: jwt, entity: 'tool:files/read', until: 2030-01-01, justification: x}]",
     "exemptions[0].until", "no RFC 3339 timestamp"),
    ("exemptions: [{layer: secrets, name: jwt, entity: 'tool:files/read', until: 2030-02-30T00:00:00Z, justification: x}]",
     "exemptions[0].until", "no time that exists"),
    ("exemptions: [{layer: secrets, name: jwt, entity: 'tool:files/read', justification: x}]",
     "exemptions[0]", "until is missing"),
    ("exemptions: [{layer: secrets, name: jwt, entity: 'tool:files/read', until: 2030-01-01T00:00:00Z, justification: ' '}]",
     "exemptions[0].justification", "is blank"),
    ("layers: {scope: {mode: shadow, until: 2030-01-01T00:00:00Z}}", "layers.scope.mode", "has no shadow"),
    ("layers: {secrets: {mode: shadow}}", "layers.secrets", "until is missing"),
    ("detectors: {own: [{id: a, pattern: '(a'}]}", "detectors.own[0].pattern", "no RE2 expression"),
    ("detectors: {own: [{id: a, pattern: 'a(?=b)'}]}", "detectors.own[0].pattern", "no RE2 expression"),
    ("detectors: {own: [{id: a, pattern: 'a*'}]}", "detectors.own[0].pattern", "empty string"),
    ("detectors: {own: [{id: a, pattern: 'abc', examples: {match: [abd]}}]}", "detectors.own[0].examples.match[0]",
     "does not match this example"),
    ("detectors: {own: [{id: a, pattern: 'abc', examples: {pass: [xabcx]}}]}", "detectors.own[0].examples.pass[0]",
     "matches this example"),
    ("detectors: {own: [{id: a, pattern: 'abc', examples: x}]}", "detectors.own[0].examples", "must be a mapping"),
    ("detectors: {own: [{id: a, pattern: 'abc', examples: {match: 3}}]}", "detectors.own[0].examples.match", "must be a list"),
    ("detectors: {packs: [extra]}", "detectors.packs[0]", "none of builtin"),
    ("blocklist: {entries: [{id: b, kind: network, pattern: '10.0.0.0/99'}]}", "blocklist.entries[0].pattern", ""),
    ("blocklist: {entries: [{id: b, kind: planet, pattern: x}]}", "blocklist.entries[0].kind", "none of entity"),
    ("hooks: [{id: h, event: PreToolUse, type: command}]", "hooks[0]", "command is missing"),
    ("hooks: [{id: h, event: PreToolUse, type: command, command: x, prompt: y}]", "hooks[0].prompt", "means nothing"),
    ("hooks: [{id: h, event: PreToolUse, type: command, command: x, timeout: 31}]", "hooks[0].timeout", "between 1 and 30"),
    ("hooks: [{id: h, event: PreToolUse, type: command, command: x, matcher: 're:('}]", "hooks[0].matcher", "RE2"),
    ("hooks: [{id: h, event: PreToolUse, type: command, command: x, matcher: 'a||b'}]", "hooks[0].matcher", "empty"),
    ("hooks: [{id: h, event: PreToolUse, type: command, command: x, category: system, on_failure: allow}]",
     "hooks[0].on_failure", "system hook that fails blocks"),
    ("hooks: [{id: h, event: PreToolUse, type: command, command: x, visible_to: {roles: []}}]",
     "hooks[0].visible_to.roles", "empty list"),
    ("plugins: {slack: {skills: {source: explicit}}}", "plugins.slack.skills", "includes nothing"),
    ("plugins: {slack: {hooks: {PreToolUse: [gone]}}}", "plugins.slack.hooks.PreToolUse[0]", "not among the policy's hooks"),
    ("plugins: {x: {}}", "plugins.x", "must match"),
    ("bindings: [{secret: k, server: files, into: {}}]", "bindings[0].into", "exactly one of"),
    ("bindings: [{secret: k, server: files, into: {header: A, query: b}}]", "bindings[0].into", "exactly one of"),
    ("bindings: [{secret: k, server: files, into: {query: b}}]", "bindings[0].into", "allow_query: true"),
    ("bindings: [{secret: k, server: files, into: {argument: /key}}]", "bindings[0]", "hosts is missing"),
    ("bindings: [{secret: k, server: local, into: {header: A}}]", "bindings[0].into", "reached by stdio has no header"),
    ("bindings: [{secret: k, server: files, tool: gone, into: {header: A}}]", "bindings[0].tool", "no tool of files"),
    ("bindings: [{secret: k, server: files, into: {header: A, template: 'Bearer'}}]", "bindings[0].into.template", "{value}"),
    ("rate_limits: {base_per_second: {slow: 1}}", "rate_limits.base_per_second.slow", "no entity uses it"),
    ("data_sources: {ledger: {rate_class: slow}}", "data_sources.ledger.rate_class", "no rate class"),
    ("data_sources: {ledger: {sensitivity: confidential, default_allow: true}}", "data_sources.ledger.default_allow",
     "refused at confidential"),
    ("data_sources: {ledger: {departments: []}}", "data_sources.ledger.departments", "empty list"),
    ("data_sources: {ledger: {scopes: []}}", "data_sources.ledger.scopes", "empty list"),
    ("data_sources: {ledger: {principal_kinds: []}}", "data_sources.ledger.principal_kinds", "empty list"),
    ("skills: {s: {servers: [gone]}}", "skills.s.servers[0]", "'gone' is not among the policy's servers"),
    ("tests: [{name: t, principal: a, call: {server: s}, expect: {decision: allow}}]", "tests[0].call", "tool is missing"),
    ("tests: [{name: t, principal: a, call: {}, expect: {decision: allow}}]", "tests[0].call", "either an entity"),
    ("tests: [{name: t, principal: a, call: {entity: 'x'}, expect: {decision: allow}}]", "tests[0].call.entity", "no entity"),
    ("tests: [{name: t, principal: a, call: {server: s, tool: t}, expect: {decision: maybe}}]", "tests[0].expect.decision",
     "none of allow, deny, ask"),
    ("rules: [{id: r, effect: allow, subjects: {}, entities: ['**']}]", "rules[0].subjects", "names nobody"),
    ("rules: [{id: r, effect: allow, subjects: {agents: [reporter]}, entities: ['tool:files/read']}]", "rules[0].subjects",
     "names people too"),
    ("rules: [{id: r, effect: allow, subjects: {roles: []}, entities: ['**']}]", "rules[0].subjects.roles", "empty list"),
    ("rules: [{id: r, effect: allow, subjects: {roles: [ghost]}, entities: ['tool:files/read']}]",
     "rules[0].subjects.roles[0]", "'ghost' is not among the policy's roles"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: []}]", "rules[0].entities", "empty list"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/gone']}]", "rules[0].entities[0]",
     "not among the policy's entities"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/***']}]", "rules[0].entities[0]",
     "invalid glob"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files//x']}]", "rules[0].entities[0]",
     "empty segment"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:[ab]']}]", "rules[0].entities[0]",
     "no entity pattern"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['plane:x']}]", "rules[0].entities[0]",
     "no kind of entity"),
    ("rules: [{id: r, effect: deny, subjects: {everyone: true}, entities: ['tool:files/read']}]", "rules[0]",
     "justification is missing; every deny has one"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/*']}]", "rules[0]",
     "tool:files/vault is confidential or above"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/read'], when: '1 +'}]",
     "rules[0].when", "column"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/read'], when: 'principal.shoe == 1'}]",
     "rules[0].when", "column 10: `principal` has no member `shoe`"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/read'], when: 'args.l.map(x, x) == []'}]",
     "rules[0].when", "`map` is refused"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/read'], approval: {expires: 60}}]",
     "rules[0].approval", "only an ask has an approval"),
    ("rules: [{id: r, effect: deny, subjects: {everyone: true}, entities: ['tool:files/read'], skip_client_prompt: true,"
     " justification: x}]", "rules[0].skip_client_prompt", "only an allow"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/read'],"
     " valid_from: 2026-02-01T00:00:00Z, valid_until: 2026-01-01T00:00:00Z}]", "rules[0].valid_until", "not after valid_from"),
    ("rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/read'], parameters: {deny: [x]}}]",
     "rules[0].parameters.deny[0]", "no JSON pointer"),
]  # fmt: skip


@pytest.mark.parametrize(("added", "path", "message"), CASES, ids=[case[0][:70] for case in CASES])
def test_each_fault_is_told_at_its_place(added: str, path: str | None, message: str | None) -> None:
    text = BASE + added + "\n"
    if path is None or message is None:
        parse_policy(text)
        return
    found = faults(text)
    assert any(error.path.startswith(path) and message in error.message for error in found), "\n".join(map(str, found))
    assert all(error.file == "p.yaml" and error.line == BASE.count("\n") + 1 for error in found)


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = (
        BASE
        + "rules:\n  - {id: a, effect: maybe}\n  - {id: b, effect: deny, subjects: {roles: [x]}, entities: [y]}\nextra: 1\n"
    )
    found = {(error.line, error.path, error.message) for error in faults(text)}
    start = BASE.count("\n")
    assert {(line, path) for line, path, _ in found} == {
        (start + 2, "rules[0].effect"),
        (start + 2, "rules[0]"),
        (start + 3, "rules[1].subjects.roles[0]"),
        (start + 3, "rules[1].entities[0]"),
        (start + 3, "rules[1]"),
        (start + 4, "extra"),
    }


def test_two_rules_of_one_id_name_both_places() -> None:
    one = "  - {id: same, effect: allow, subjects: {everyone: true}, entities: ['tool:files/read']}\n"
    (fault,) = faults(BASE + "rules:\n" + one + one)
    assert fault.path == "rules[1].id"
    assert fault.line == BASE.count("\n") + 3
    assert f"the first stands at p.yaml:{BASE.count(chr(10)) + 2}" in fault.message


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("alice", "'alice' is no e-mail address"),
        ("alice@", "no e-mail address"),
        ("a b@example.org", "no e-mail address"),
        ("Alice <alice@example.org>", "no e-mail address"),
        ("'a@example.org,b@example.org'", "no e-mail address"),
        ("3", "must be text (e-mail address), and is 3"),
        (f"{'a' * 60}@{'b.' * 100}example.org", "at most 254"),
        ('"a\\u202e@example.org"', "hidden or control characters"),
    ],
)
def test_an_address_that_is_none_is_refused_at_its_path(address: str, fault: str) -> None:
    found = faults(f"toolgate: 1\nprincipals:\n  a: {{email: {address}}}\n")
    assert {(error.line, error.path) for error in found} == {(3, "principals.a.email")}
    assert any(fault in error.message for error in found), found


def test_a_release_holds_no_address() -> None:
    document = parse_policy("toolgate: 1\nprincipals: {a: {email: a@example.org}, b: {email: ''}}")
    assert document["principals"] == {"a": {"email": "a@example.org"}, "b": {}}
    assert "principals" not in checked(document)


def test_principals_that_own_each_other_are_refused() -> None:
    text = "toolgate: 1\nprincipals:\n  a: {kind: service, owner: b}\n  b: {kind: service, owner: a}\n"
    (fault,) = faults(text)
    assert fault.message == "owns itself in a circle: a → b → a"
    assert fault.path == "principals.a.owner"


def test_a_schema_that_refers_to_itself_or_to_the_outside_is_refused() -> None:
    schema = (
        "{$defs: {a: {$ref: '#/$defs/b'}, b: {$ref: '#/$defs/a'}}, properties: {x: {$ref: 'https://example.org/s'}}}"
    )
    text = f"toolgate: 1\nservers: {{files: {{tools: {{read: {{schema: {schema}}}}}}}}}\n"
    messages = [error.message for error in faults(text)]
    assert any("in a circle" in message for message in messages)
    assert any("points outside" in message for message in messages)


def test_a_condition_that_does_not_fit_the_pinned_schema_is_refused() -> None:
    text = (
        "toolgate: 1\nservers: {files: {tools: {read: {schema: {type: object, additionalProperties: false,"
        " properties: {path: {type: string}}}}}}}\n"
        "rules: [{id: r, effect: allow, subjects: {everyone: true}, entities: ['tool:files/read'], when: 'args.paht != \"\"'}]\n"
    )
    (fault,) = faults(text)
    assert fault.path == "rules[0].when"
    assert "no argument `paht`" in fault.message


def test_a_bomb_of_aliases_is_refused_without_unfolding() -> None:
    lines = ["toolgate: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 40)]
    assert len(faults("\n".join(lines))) > 390


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("- a\n", "is no mapping"),
        ("toolgate: 1\n---\ntoolgate: 1\n", "second document"),
        ("toolgate: [1\n", "is no YAML"),
        ("toolgate:\t- 1", "is no YAML"),
        ("a: " + "[" * 100 + "]" * 100, "nested deeper than 64"),
        ("a: " + "{a: " * 5000 + "}" * 5000, ""),
        ("toolgate: 2\n", "2 is not between 1 and 1"),
        ("departments: {}\n", "toolgate is missing"),
        ("toolgate: 1\ngroups: {a: {name: \x01}}", "is no YAML"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, message: str) -> None:
    assert any(message in error.message for error in faults(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ('{"toolgate": 1, "toolgate": 1}', "duplicate key"),
        ('{"toolgate": NaN}', "NaN is no JSON value"),
        ('{"toolgate": Infinity}', "is no JSON value"),
        ('{"toolgate": 01}', "is no JSON"),
        ('{"toolgate": 1,}', "is no JSON"),
        ('{"toolgate": 1} x', "there is more after the end"),
        ('{"toolgate": 1, "groups": {"a": {"name": "\\ud800"}}}', "lone surrogate"),
        ('{"toolgate": 1, "settings": {"stale_after": 99999999999999999999999999}}', "beyond 64 bits"),
        ('{"toolgate": 1e999}', "beyond the range"),
        ('{"toolgate": 1, "groups": {"a": {"name": "a\tb"}}}', "is no JSON"),
        ("[" * 100, "nested deeper"),
        ("{'toolgate': 1}", "is no JSON"),
        ('{"toolgate": true}', "must be a whole number, and is true"),
    ],
)
def test_json_is_read_strictly(text: str, message: str) -> None:
    assert any(message in error.message for error in faults(text, name="p.json"))


def test_json_faults_have_their_line() -> None:
    text = '{\n "toolgate": 1,\n "groups": {\n  "a": {},\n  "a": {}\n }\n}'
    (fault,) = faults(text, name="p.json")
    assert (fault.line, fault.path) == (5, "groups.a")


def test_a_document_from_no_file_is_judged_by_path_alone() -> None:
    (fault,) = validate(small(groups={"A": {}}))
    assert (fault.file, fault.line, fault.path) == ("", 0, "groups.A")
    assert validate(small()) == []


def test_a_file_that_is_not_there_or_not_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"toolgate: 1\nname: \xff\n")
    for path, message in (("gone.yaml", "does not exist"), ("bad.yaml", "is not UTF-8"), (".", "")):
        with pytest.raises(PolicyErrors) as caught:
            read_policy(tmp_path / path)
        assert any(message in error.message for error in caught.value.errors)
