"""A key that no engine looks at says so: in the schema, and so in every form and document that is made from it.

A policy that notes which of its keys are looked up is compiled, its tests are run, and what it switches off, what
clients call its servers and who must be a second person is asked of it. What nobody looks up then has no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

from accounts.models import User
from governance.deciding.runtime import _ReleaseServers
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys
from governance.engine.decision import LAYERS
from governance.engine.document.policy import PolicyDocument
from governance.engine.document.rules import LayerWord
from governance.policy.files.bundle import parse_policy
from governance.policy.files.json_schema import json_schema
from governance.policy.schema.sections import POLICY, waiting
from governance.policy.schema.shapes import Either, Many, Shape, Struct, Table
from governance.policy.testing import run_tests
from governance.selectors.off import switched_off
from governance.selectors.policy_versions import PolicyVersion
from governance.services.releasing.second_person import second_person_reasons
from tests.governance.policy.documents import EXAMPLE

FOR_PEOPLE = {"name", "description", "justification", "tags", "keywords", "author", "licence", "version"}
"""Keys that tell people something and decide nothing."""
ALSO_FOR_PEOPLE = {"plugins.category", "principals.email", "skills.owner"}
DEFINED = {"toolgate", "departments", "groups"}
"""What the reader of the file itself goes by: the format, and which ids there are."""
TAKEN_WHOLE = {"data_sources.patterns", "rate_limits.tier_multipliers", "tests.expect", "tests.call.context"}


class Noted(dict[str, Any]):
    """A mapping of a policy that notes which of its keys are looked up, as `servers.tools.scopes`."""

    def __init__(self, said: dict[str, Any], shape: Struct | Table, path: tuple[str, ...], seen: set[str]) -> None:
        self.shape, self.path, self.seen = shape, path, seen
        super().__init__({key: self._within(key, value) for key, value in said.items()})

    def _within(self, key: str, value: Any) -> Any:
        if isinstance(self.shape, Struct):
            return noted(value, self.shape.fields[key].shape, (*self.path, key), self.seen)
        return noted(value, self.shape.of, self.path, self.seen)

    def _note(self, key: object) -> None:
        if isinstance(self.shape, Struct):
            self.seen.add(".".join((*self.path, str(key))))

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)


def noted(value: Any, shape: Shape, path: tuple[str, ...], seen: set[str]) -> Any:
    """The value with every mapping in it noting its look-ups."""
    if isinstance(value, list) and isinstance(shape, Many):
        return [noted(item, shape.of, path, seen) for item in value]
    if isinstance(shape, Either):
        shape = shape.record
    if isinstance(value, dict) and isinstance(shape, Struct | Table):
        return Noted(value, shape, path, seen)
    return value


def keys_of(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every key that a policy can have."""
    while isinstance(shape, Table | Many | Either):
        shape = shape.record if isinstance(shape, Either) else shape.of
    if isinstance(shape, Struct):
        for key, field in shape.fields.items():
            yield ".".join((*path, key))
            yield from keys_of(field.shape, (*path, key))


def whole() -> PolicyDocument:
    """The example of the format's description, with something set in every record that a default would leave out."""
    document = parse_policy(EXAMPLE)
    document["servers"]["files"]["managed_on_clients"] = True
    until = "2027-01-01T00:00:00Z"
    document["layers"] = {cast(LayerWord, layer): {"mode": "shadow", "until": until} for layer in LAYERS}
    document["settings"] = {"two_person": True}
    document["rate_limits"] = {"session": {"calls": 100}}
    document["tests"].append({**document["tests"][0], "name": "described", "principal": {"kind": "user"}})
    return document


def looked_up() -> set[str]:
    """What of a policy anybody looks at who decides, limits, releases or tests by it."""
    seen: set[str] = set()
    document = cast(PolicyDocument, noted(whole(), POLICY, (), seen))
    run_tests(document, now=datetime(2026, 6, 1, tzinfo=UTC).timestamp())
    list(switched_off(document))
    keys = EngineKeys(fingerprint=b"k" * 32)
    servers = _ReleaseServers(compile_snapshot(document, release=1, digest="x", keys=keys))
    list(servers.client_managed())
    list(servers.client_plugins())
    version = PolicyVersion(number=1, document=document, digest="x")
    second_person_reasons(version, document, changes=[], author=User(username="alice"))
    return seen


def without_engine(keys: Iterable[str], seen: set[str]) -> list[str]:
    """The keys that nobody looks up, that tell people nothing and that do not say that they wait."""
    above = {".".join(key.split(".")[:depth]) for key in seen for depth in range(1, 9)}
    accounted = above | DEFINED | ALSO_FOR_PEOPLE
    covered = TAKEN_WHOLE | {path for path, _ in waiting()} - {"hooks"}
    return [
        key
        for key in keys
        if key not in accounted
        and key.rpartition(".")[2] not in FOR_PEOPLE
        and not any(key == path or key.startswith(f"{path}.") for path in covered)
    ]


def test_every_key_has_an_engine_or_says_that_it_waits_for_one() -> None:
    keys = list(keys_of(POLICY))
    assert len(keys) > 200
    assert without_engine(keys, looked_up()) == []


def test_a_key_that_nobody_looks_up_is_found() -> None:
    seen = looked_up()
    assert without_engine(["servers.turbo", "rules.when", "servers.tools.description"], seen) == ["servers.turbo"]
    assert without_engine(["settings.two_person"], seen - {"settings.two_person"}) == ["settings.two_person"]


def test_what_waits_is_told_in_the_json_schema_too() -> None:
    said = str(json_schema())
    sentences = {sentence for _, sentence in waiting()}
    assert len(sentences) >= 6
    assert [sentence for sentence in sentences if sentence not in said] == []
    assert [sentence for sentence in sentences if not ("yet" in sentence and sentence.endswith("."))] == []
