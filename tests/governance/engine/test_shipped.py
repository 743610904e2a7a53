"""A release with the shipped detectors and blocklist, as a process compiles it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from governance.engine.blocking import CODES
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import Snapshot
from tests.governance.engine.builders import KEYS, call, decided, policy, rule


def shipped(previous: Snapshot | None = None, **keys: Any) -> Snapshot:
    document: Any = policy(rule(), **keys)
    return compile_snapshot(document, release=1, digest="0" * 64, keys=KEYS, previous=previous)


def test_the_shipped_layers_let_a_plain_call_pass_and_stop_a_credential_and_a_blocked_host() -> None:
    entries = [{"id": "no-evil", "kind": "host", "pattern": "evil.example"}]
    snapshot = shipped(blocklist={"entries": entries})
    assert decided(snapshot, what=call(path="/srv/reports/summary.csv", limit=20)).effect == "allow"
    token = "ghp_" + "Zk3v9QxT7bLm2RwYc8HsNdJf5GpUa1E4oXiV"
    key = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 8 + "\n-----END RSA PRIVATE KEY-----"
    assert "secret.found" in {decided(snapshot, what=call(note=text)).code for text in (token, key)}
    blocked = decided(snapshot, what=call(url="http://EVIL.example./latest"))
    assert (blocked.code, blocked.rule) == ("block.host", "no-evil")


def test_a_command_that_cannot_be_read_is_denied_with_a_code_of_its_own_unless_the_tool_is_exempted() -> None:
    exempted = {
        "layer": "blocklist",
        "name": "unreadable",
        "entity": "tool:files/read",
        "justification": "It takes commands of a shell of its own.",
        "until": "2027-01-01T00:00:00Z",
    }
    snapshot = shipped()
    denied = decided(snapshot, what=call(command="echo $((1; rm"))
    assert (denied.layer, denied.code, denied.rule) == ("blocklist", "block.unreadable", "unreadable")
    assert denied.detail is None
    assert decided(snapshot, what=call(message="echo $((1; rm")).effect == "allow"
    free = shipped(exemptions=[exempted])
    assert decided(free, what=call(command="echo $((1; rm")).effect == "allow"
    assert decided(free, what=call(command="rm -rf / 'a")).code == "block.action"
    elsewhere = shipped(exemptions=[{**exempted, "entity": "tool:files/write"}])
    assert decided(elsewhere, what=call(command="echo $((1; rm")).code == "block.unreadable"


def test_every_code_of_the_blocklist_is_in_the_list_of_codes() -> None:
    listed = (Path(__file__).parents[3] / "docs/integrate/codes.md").read_text()
    assert [code for code in CODES.values() if f"`{code}`" not in listed] == []


def test_what_did_not_change_is_taken_from_the_release_before() -> None:
    first = shipped()
    second = shipped(first, blocklist={"entries": [{"id": "x", "kind": "host", "pattern": "evil.example"}]})
    assert second.scanner is first.scanner
    assert second.blocklist is not first.blocklist


def test_data_sources_are_found_in_arguments() -> None:
    sources = {"ledger": {"departments": ["finance"], "patterns": {"path": ["/srv/ledger/**"]}}}
    snapshot = shipped(data_sources=sources)
    assert decided(snapshot, what=call(path="/srv/other/q3.csv")).effect == "allow"
    assert decided(snapshot, what=call(path="/srv/ledger/q3.csv")).code == "department.outside"
