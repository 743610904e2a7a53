"""Documents for tests: the specification's example, small builders, and random ones made from the schema itself."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from hypothesis import strategies as st

from governance.engine.document.policy import PolicyDocument
from governance.policy.checks.structure import BIDI
from governance.policy.schema.sections import POLICY
from governance.policy.schema.shapes import (
    Choice,
    Either,
    Flag,
    Free,
    Many,
    Moment,
    Number,
    Reference,
    Selector,
    Shape,
    Struct,
    Table,
    Text,
)

EXAMPLE = """\
toolgate: 1                                   # format version
departments: {finance: {name: Finance}, engineering: {name: Engineering}}
groups:      {oncall: {}}
roles:       {analyst: {tier: user, max_sensitivity: restricted, description: Reads and reports}}
principals:
  alice:   {kind: user, email: alice@example.org, tier: user, roles: [analyst], groups: [oncall],
            departments: [finance], status: active}
  nightly: {kind: service, owner: alice, tier: service, departments: [engineering]}
agents:
  reporter: {owner: alice, tier: user, entities: ["server:files"], max_sensitivity: internal, enabled: true}
servers:
  files:
    transport: {kind: http, url: "http://127.0.0.1:9000/mcp"}
    audience: files
    mode: required
    scopes: [user]
    rate_class: mcp
    capture: redacted
    tools:
      read:   {data_sources: [ledger]}
      delete: {sensitivity: restricted, scopes: [admin]}
  pay:  {transport: {kind: http, url: "http://127.0.0.1:9001/mcp"}, tools: {send: {}}}
  auth: {transport: {kind: http, url: "http://127.0.0.1:9002/mcp"}, tools: {verify: {}}}
data_sources: {ledger: {departments: [finance], patterns: {path: ["/srv/ledger/**"], table: ["ledger.*"]}}}
skills:  {summarize: {scopes: [user], description: Short reports, tags: [text], servers: [files]}}
plugins: {slack: {version: "1.0.0", description: Chat, skills: {source: explicit, include: [summarize]},
  servers: [files], hooks: {PreToolUse: [no-friday-deploys]}, variables: {token: {required: true, secret: true}}}}
bindings: [{secret: files-key, server: files, into: {header: Authorization, template: "Bearer {value}"}}]
rules:
  - id: finance-reads
    effect: allow
    subjects: {roles: [analyst], departments: [finance]}
    except:   {users: [nightly]}
    entities: ["tool:files/read"]
    when: "args.path.endsWith('.csv')"
    parameters: {deny: ["/recursive"]}
    mode: enforce
    valid_from: 2026-01-01T00:00:00Z
    justification: Monthly close
  - {id: big-payments, effect: ask, subjects: {everyone: true}, entities: ["tool:pay/send"], when: "args.amount > 1000",
     approval: {approvers: {groups: [oncall]}, four_eyes: false, expires: 900}, justification: Large sums}
blocklist:
  packs: [builtin]
  entries: [{id: no-metadata, kind: host, pattern: "169.254.169.254", mode: enforce,
             examples: {match: ["http://2852039166/"], pass: ["http://example.org/"]}}]
detectors:  {packs: [builtin], action: block, off: [], own: [{id: acme-key, pattern: "acme_[a-z0-9]{32}",
  examples: {match: [acme_0123456789abcdefghijklmnopqrstuv], pass: [acme_short]}}]}
exemptions: [{layer: secrets, name: jwt, entity: "tool:auth/verify", until: 2027-01-01T00:00:00Z,
              justification: It verifies tokens}]
layers:     {blocklist: {mode: enforce}}
settings:   {stale_after: 300, stale_after_restricted: 30, two_person: false}
rate_limits:
  disabled: false
  burst_multiplier: 3
  base_per_second: {oauth_public: 10, oauth_auth: 10, contexts: 100, tasks: 50, artifacts: 50, agent_registry: 50,
    agents: 20, mcp_registry: 50, mcp: 200, stream: 100, content: 50}
  tier_multipliers: {admin: 10, service: 5, a2a: 5, mcp: 5, user: 1, anon: 0.5}
  session: {calls: 300, window_seconds: 60}
hooks: [{id: no-friday-deploys, event: PreToolUse, matcher: "deploy/*", type: command, command: no-friday-deploys,
         timeout: 5, on_failure: block, category: custom, visible_to: {roles: [analyst]}}]
tests:
  - name: an analyst reads the ledger
    principal: alice
    agent: reporter
    audience: files
    call: {server: files, tool: read, arguments: {path: /srv/ledger/q3.csv}}
    at: 2026-06-01T12:00:00Z
    expect: {decision: allow}
"""
"""The policy of the file format's description, which uses every top-level key."""

CHECKED = {
    "regex": ["acme_[a-z]{4}", r"\bkey\d+", "ключ[0-9]+"],
    "matcher": ["*", "files/*|deploy/run", "re:files/(read|write)"],
    "glob": ["/srv/ledger/**", "ledger.*", "*.example.org", "C:\\ledger\\*"],
    "pointer": ["/path", "/a~1b/0", "/deep/er"],
    "url": ["https://example.org/mcp", "http://127.0.0.1:9000/"],
    "email": ["", "alice@example.org", "a.b+c@mail.example.org"],
    "template": ["{value}", "Bearer {value}"],
    "entity": ["skill:summarize", "tool:files/read"],
    "condition": ["args.amount > 1000", "args.path.startsWith('/srv')\n&& true"],
}


def small(**keys: Any) -> PolicyDocument:
    """A sound policy of one role, one server with two tools, and whatever `keys` add or replace."""
    made: PolicyDocument = {
        "toolgate": 1,
        "departments": {"finance": {}},
        "roles": {"analyst": {}},
        "principals": {"alice": {"roles": ["analyst"], "departments": ["finance"]}},
        "agents": {"reporter": {"owner": "alice", "entities": ["server:files"]}},
        "servers": {"files": {"tools": {"read": {}, "write": {}}}},
    }
    made.update(keys)  # type: ignore[typeddict-item]
    return made


def rule(id: str, effect: str = "allow", **keys: Any) -> dict[str, Any]:
    """A rule on reading files; a deny and an ask are justified."""
    made: dict[str, Any] = {
        "id": id,
        "effect": effect,
        "subjects": {"roles": ["analyst"]},
        "entities": ["tool:files/read"],
    }
    return made | ({} if effect == "allow" else {"justification": "because"}) | keys


def documents() -> st.SearchStrategy[PolicyDocument]:
    """Documents with the shape of the schema, every key possible; what they refer to need not exist."""
    keys = st.lists(st.sampled_from([key for key in POLICY.fields if key != "toolgate"]), max_size=3, unique=True)

    def holding(chosen: list[str]) -> st.SearchStrategy[Any]:
        return st.fixed_dictionaries(
            {"toolgate": st.just(1)} | {key: strategy(POLICY.fields[key].shape) for key in chosen}
        )

    return keys.flatmap(holding)


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    """Visible ASCII text that matches the whole of a pattern."""
    visible = st.characters(min_codepoint=33, max_codepoint=126)
    return st.from_regex(re.compile(pattern), fullmatch=True, alphabet=visible)


def strategy(shape: Shape) -> st.SearchStrategy[Any]:
    """Values of a shape."""
    match shape:
        case Struct():
            required = {key: strategy(field.shape) for key, field in shape.fields.items() if field.required}
            optional = {key: strategy(field.shape) for key, field in shape.fields.items() if not field.required}
            return st.fixed_dictionaries(required, optional=optional)
        case Table():
            return st.dictionaries(_matching(shape.ids), strategy(shape.of), max_size=2)
        case Many():
            least = 0 if shape.empty else 1
            unique = (lambda item: item[shape.key[0]]) if shape.key and shape.distinct else None
            return st.lists(strategy(shape.of), min_size=least, max_size=2, unique_by=unique)
        case Either():
            return st.one_of(strategy(shape.text), strategy(shape.record))
        case Text():
            return _text(shape)
        case Choice():
            return st.sampled_from(shape.values)
        case Flag():
            return st.booleans()
        case Number():
            whole = st.integers(int(shape.minimum), int(shape.maximum))
            fractions = st.floats(shape.minimum, shape.maximum, allow_nan=False)
            return whole if shape.whole else st.one_of(whole, fractions)
        case Moment():
            return st.datetimes().filter(lambda at: at.year >= 1000).map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        case Reference():
            return _matching(shape.pattern)
        case Selector():
            return st.sampled_from(["tool:files/read", "server:files", "tool:files/*", "files/?ead"])
        case Free():
            return _mapping() if shape.mapping else _json()


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and char not in BIDI


_CHARS = st.one_of(
    st.sampled_from(list("aZ09 :#-'\"\\{}[],&*!|>%@`~?=")),
    st.characters(codec="utf-8").filter(_visible),
)
_AWKWARD = st.sampled_from(
    [
        "yes",
        "no",
        "on",
        "null",
        "~",
        "012",
        "1:30",
        "0x1F",
        ".5",
        "1e3",
        "- a",
        "# b",
        "true",
        " lead",
        "trail ",
        "=",
        "<<",
    ]
)
_LINES = st.sampled_from(["a\nb", "a\n\nb\n", "\na", "a\n\n", " a\nb", "a \nb", "#\n-", "a\tb\nc", "\n", "a\n "])


def _text(shape: Text) -> st.SearchStrategy[str]:
    if shape.check is not None:
        return st.sampled_from(CHECKED[shape.check])
    if shape.pattern is not None:
        return _matching(shape.pattern)
    texts = st.one_of(st.text(_CHARS, min_size=shape.min_length, max_size=20), _AWKWARD)
    return st.one_of(texts, _LINES) if shape.lines else texts


def _json() -> st.SearchStrategy[Any]:
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8"), max_size=10),
        _AWKWARD,
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3),
        ),
        max_leaves=6,
    )


def _mapping() -> st.SearchStrategy[Any]:
    return st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), _json(), max_size=3)
