"""`POST /api/v1/decisions`: the demo's calls, bad input, repeats, and what is recorded."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest

from accounts.credentials.proxy import (
    NONCE,
    PERMISSIONS,
    SIGNATURE,
    TIMESTAMP,
    USER,
    VERIFIED,
    MemoryNonces,
    TrustedProxy,
    sign,
)
from governance.engine.world import Switch, SwitchKind, World
from governance.policy.demo.files import DemoCall, demo_calls
from tests.governance.api.deciding import Process, compiled, demo_document, started

READ = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}}


def allowed(process: Process, **more: Any) -> Any:
    return process.decide("alice", {**READ, **more}, agent="reporter")


@pytest.mark.parametrize("call", demo_calls(), ids=lambda call: call.name)
def test_each_call_of_the_demo_gets_what_it_says(process: Process, call: DemoCall) -> None:
    if call.switch is not None:
        scope, _, target = call.switch.partition(":")
        process.turn_on(Switch(id="1", kind=SwitchKind(scope), target=target, epoch=1))
    for _ in range(call.times):
        answered = process.decide(call.principal, call.request, agent=call.agent)
    assert answered.status == 200
    assert {key: answered.json[key] for key in ("decision", "layer", "code")} == call.expect


def test_the_answer_has_the_documented_fields_and_nothing_else(process: Process) -> None:
    answer = allowed(process).json
    assert list(answer) == [
        "id", "decision", "layer", "code", "reason", "detail", "layers", "obligations", "valid_until",
        "retry_after_ms", "approval", "trace_id", "receipt",
    ]  # fmt: skip
    assert [item["layer"] for item in answer["layers"]] == [
        "kill_switch", "scope", "secrets", "blocklist", "rate_limit", "hooks", "approval",
    ]  # fmt: skip
    assert answer["approval"] is None
    assert answer["valid_until"].endswith("Z")


def test_an_ask_has_no_approval_until_the_flow_exists(process: Process) -> None:
    answer = process.decide(
        "alice", {"server": "pay", "tool": "send", "arguments": {"amount": 5000, "to": "acme"}}, agent="reporter"
    ).json
    assert (answer["decision"], answer["code"], answer["approval"]) == ("ask", "approval.required", None)


def test_staff_are_told_the_rule_the_release_and_the_time(process: Process) -> None:
    answer = process.decide("carol", {"server": "files", "tool": "search", "arguments": {"query": "x"}}).json
    assert answer["policy"]["release"] == 1
    assert answer["micros"] >= 0
    assert "rule" in answer


def test_staff_acting_through_an_agent_are_told_no_more_than_the_agent(process: Process) -> None:
    answer = process.decide("carol", READ, agent="reporter").json
    assert "rule" not in answer
    assert "policy" not in answer


def test_the_receipt_names_the_record_in_the_journal(process: Process) -> None:
    answer = allowed(process).json
    record = process.records()[-1]
    assert record["id"] == answer["id"]
    assert (record["boot"], record["n"]) == (answer["receipt"]["boot"], answer["receipt"]["n"])
    assert record["data"]["effect"] == "allow"
    assert record["who"]["principal"] == "alice"
    assert record["who"]["agent"] == "reporter"


def test_a_denied_call_is_recorded_with_its_true_code(process: Process) -> None:
    process.decide("bob", {"server": "nowhere", "tool": "nothing", "arguments": {}})
    record = process.records()[-1]
    assert (record["data"]["effect"], record["data"]["code"]) == ("deny", "entity.unknown")


def test_a_hidden_tool_is_answered_like_one_that_does_not_exist(process: Process) -> None:
    hidden = process.decide("bob", {"server": "pay", "tool": "send", "arguments": {}})
    missing = process.decide("bob", {"server": "pay", "tool": "no-such-tool", "arguments": {}})
    volatile = {"id", "receipt"}
    strip = [{key: value for key, value in item.json.items() if key not in volatile} for item in (hidden, missing)]
    assert strip[0] == strip[1]
    assert strip[0]["code"] == "entity.unknown"
    assert hidden.status == missing.status == 200


def test_arguments_are_sealed_before_they_reach_the_journal(process: Process, tmp_path: Path) -> None:
    allowed(process, arguments={"path": "/srv/ledger/visible-name.csv"})
    journal = b"".join(path.read_bytes() for path in (tmp_path / "journal").iterdir())
    assert b"visible-name" not in journal


# --- Bad input


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        (b'{"server": "files", "tool": ', 400, ""),
        (b'{"server": "files", "server": "ops", "tool": "read"}', 400, "/server"),
        (b'{"server": "files", "tool": "read", "arguments": {"a": {"b": 1, "b": 2}}}', 400, "/arguments/a/b"),
        (b'{"server": "files", "tool": "read", "arguments": {"a": NaN}}', 400, "/arguments/a"),
        (b'{"server": "files", "tool": "read", "arguments": {"a": 18446744073709551616}}', 400, "/arguments/a"),
        (b'{"server": "files", "tool": "read", "arguments": {"a": "\\ud800"}}', 400, "/arguments/a"),
        (b'{"server": "files", "tool": "read", "arguments": []}', 400, "/arguments"),
        (b'{"server": 7, "tool": "read"}', 400, "/server"),
        (b'{"tool": "read"}', 400, "/server"),
        (b'{"server": "", "tool": "read"}', 400, "/server"),
        (b'{"server": "files", "tool": "read", "extra": 1}', 400, "/extra"),
        (b'{"server": "files", "tool": "read", "context": {"user": "root"}}', 400, "/context/user"),
        (b'{"server": "files", "tool": "read", "context": {"trace_id": "a b"}}', 400, "/context/trace_id"),
        (b'{"server": "files", "tool": "read", "call_id": "' + b"x" * 129 + b'"}', 400, "/call_id"),
        (b'{"server": "files", "tool": "read", "data_sources": ["a", 1]}', 400, "/data_sources/1"),
        ('{"server": "fi\u202eles", "tool": "read"}'.encode(), 400, "/server"),
        ('{"server": "files", "tool": "re\u0000ad"}'.encode().replace(b"\x00", b"\\u0000"), 400, "/tool"),
        ('{"server": "files", "tool": "r\u0435ad"}'.encode(), 400, "/tool"),
        ('{"server": "files", "tool": "re\u200bad"}'.encode(), 400, "/tool"),
        (b"[]", 400, ""),
        (b'"files"', 400, ""),
        (b"\xff", 400, ""),
        (b'{"server": "files", "tool": "read", "arguments": ' + b'{"a":' * 40 + b"1" + b"}" * 41, 400, None),
        (b'{"a":' * 100_000, 413, None),
        (b'{"server": "files", "tool": "read", "arguments": {"a": "' + b"x" * (257 * 1024) + b'"}}', 413, None),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_bad_input_is_refused_with_its_path(process: Process, body: bytes, status: int, path: str | None) -> None:
    answered = process.post("/api/v1/decisions", token=process.token("alice"), raw=body)
    assert answered.status == status
    assert answered.headers["content-type"] == "application/problem+json"
    assert set(answered.json) >= {"type", "title", "status", "code", "detail", "request_id"}
    if path is not None:
        assert answered.json["path"] == path


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
def test_another_content_type_is_refused(process: Process, content_type: str) -> None:
    answered = process.post(
        "/api/v1/decisions", token=process.token("alice"), body=READ, headers={"content-type": content_type}
    )
    assert answered.status == 415


def test_a_compressed_body_is_refused(process: Process) -> None:
    answered = process.post(
        "/api/v1/decisions", token=process.token("alice"), body=READ, headers={"content-encoding": "gzip"}
    )
    assert answered.status == 415


def test_a_body_that_grows_past_the_cap_is_refused_while_it_is_read(process: Process) -> None:
    answered = process.post("/api/v1/decisions", token=process.token("alice"), raw=b"x" * 300_000, chunks=30)
    assert answered.status == 413


def test_no_credential_is_a_401_that_says_where_to_get_one(process: Process) -> None:
    answered = process.post("/api/v1/decisions", body=READ)
    assert answered.status == 401
    assert "resource_metadata=" in answered.headers["www-authenticate"]


def test_two_credentials_are_refused(process: Process) -> None:
    token = process.token("alice")
    answered = process.post(
        "/api/v1/decisions",
        body=READ,
        headers=[("authorization", f"Bearer {token}"), ("cookie", "toolgate=session")],
    )
    assert answered.status == 401
    twice = process.post(
        "/api/v1/decisions",
        body=READ,
        headers=[("authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")],
    )
    assert twice.status == 400


def test_a_token_for_another_door_is_refused(process: Process) -> None:
    answered = process.post("/api/v1/decisions", token=process.token("alice", audience="hook"), body=READ)
    assert answered.status == 401


def test_a_token_in_the_query_string_is_refused(process: Process) -> None:
    token = process.token("alice")
    answered = process.post("/api/v1/decisions", token=token, body=READ, query=f"access_token={token}")
    assert answered.status == 401


def test_a_foreign_host_and_a_foreign_origin_are_refused(process: Process) -> None:
    token = process.token("alice")
    assert process.post("/api/v1/decisions", token=token, body=READ, headers={"host": "evil.example"}).status == 400
    assert (
        process.post("/api/v1/decisions", token=token, body=READ, headers={"origin": "http://evil.example"}).status
        == 403
    )


def test_another_method_is_refused_with_the_one_that_would_do(process: Process) -> None:
    answered = process.get("/api/v1/decisions", token=process.token("alice"))
    assert answered.status == 405
    assert answered.headers["allow"] == "POST"


def test_an_unknown_principal_is_decided_and_denied(process: Process) -> None:
    answered = process.decide("nobody-known", READ)
    assert (answered.status, answered.json["code"]) == (200, "principal.unknown")


@pytest.mark.parametrize("where", ["call_id", "trace_id", "tool"])
def test_a_credential_in_a_name_or_label_is_refused_and_stored_nowhere(
    process: Process, tmp_path: Path, where: str
) -> None:
    secret = "AKIA" + "2E0A8F3B244C9986"
    request: dict[str, Any] = {"server": "files", "tool": "read", "arguments": {}}
    if where == "trace_id":
        request["context"] = {"trace_id": secret}
    else:
        request[where] = secret
    answered = process.decide("alice", request)
    assert answered.status == 400
    assert secret not in answered.body.decode()
    allowed(process)
    journal = b"".join(path.read_bytes() for path in (tmp_path / "journal").iterdir())
    assert secret.encode() not in journal


def test_a_large_call_is_scanned_off_the_loop_and_answered(process: Process) -> None:
    text = "quarterly figures " * 6_000
    answered = process.decide("bob", {"server": "files", "tool": "search", "arguments": {"query": text}})
    assert answered.status == 200
    assert answered.json["code"] != "engine.error"


# --- Repeats


def test_a_repeat_gets_the_stored_answer(process: Process) -> None:
    first = allowed(process, call_id="c-1")
    again = allowed(process, call_id="c-1")
    assert again.body == first.body
    assert len([record for record in process.records() if record["kind"] == "decision"]) == 1


def test_another_request_under_the_same_call_id_is_a_conflict(process: Process) -> None:
    allowed(process, call_id="c-1")
    other = allowed(process, call_id="c-1", arguments={"path": "/srv/ledger/other.csv"})
    assert (other.status, other.json["code"], other.json["path"]) == (409, "call_id.conflict", "/call_id")


def test_an_item_as_long_as_its_batch_is_not_taken_for_the_whole_batch(process: Process) -> None:
    def item(tool: str, longer: int, pad: int) -> str:
        # 1e15 is written back as 1000000000000000.0: an item can be longer than what it was read from.
        numbers = ",".join(["1e15"] * longer)
        arguments = f'{{"n":[{numbers}],"p":"{"x" * pad}"}}'
        return f'{{"server":"files","tool":"{tool}","arguments":{arguments},"call_id":"same"}}'

    def length(text: str) -> int:
        return len(orjson.dumps(orjson.loads(text)))

    found = ""
    for counts in ((one, two) for one in range(10, 40) for two in range(10, 40)):
        first, second = item("search", counts[0], 0), item("delete", counts[1], 0)
        whole = len(f'{{"calls":[{first},{second}]}}')
        pads = length(second) - whole, length(first) - whole
        if min(pads) < 0:
            continue
        first, second = item("search", counts[0], pads[0]), item("delete", counts[1], pads[1])
        body = f'{{"calls":[{first},{second}]}}'
        if length(first) == length(second) == len(body):
            found = body
            break
    assert found
    token = process.token("alice", agent="reporter")
    answered = process.post("/api/v1/decisions/batch", token=token, raw=found.encode())
    assert (answered.status, answered.json["code"]) == (409, "call_id.conflict")


def test_a_narrower_token_of_the_same_session_is_not_given_the_wider_ones_answer(process: Process) -> None:
    wide, narrow = process.token("alice", agent="reporter"), process.token("alice", agent="reporter", scope=("mcp",))
    body = {**READ, "call_id": "c-1"}
    assert process.post("/api/v1/decisions", token=wide, body=body).json["decision"] == "allow"
    assert process.post("/api/v1/decisions", token=narrow, body=body).json["decision"] == "deny"


def test_a_call_id_belongs_to_its_principal(process: Process) -> None:
    allowed(process, call_id="c-1")
    other = process.decide("bob", {**READ, "call_id": "c-1"})
    assert other.status == 200


def test_a_repeat_after_the_policy_changed_is_decided_anew_and_linked(process: Process) -> None:
    first = allowed(process, call_id="c-1").json
    document = {key: value for key, value in process.document.items() if key != "principals"}
    process.runtime.snapshot = compiled({**document, "rules": []}, release=2)
    again = allowed(process, call_id="c-1").json
    assert (again["decision"], again["id"] != first["id"]) == ("deny", True)
    assert process.records()[-1]["data"]["repeats"] == first["id"]


def test_a_repeat_after_a_kill_switch_is_denied(process: Process) -> None:
    allowed(process, call_id="c-1")
    process.turn_on(Switch(id="1", kind=SwitchKind.ALL, epoch=1))
    assert allowed(process, call_id="c-1").json["code"] == "kill_switch.on"


def test_an_ask_is_not_stored(process: Process) -> None:
    request = {"server": "pay", "tool": "send", "arguments": {"amount": 5000, "to": "acme"}, "call_id": "c-2"}
    first = process.decide("alice", request, agent="reporter").json
    again = process.decide("alice", request, agent="reporter").json
    assert first["decision"] == again["decision"] == "ask"
    assert first["id"] != again["id"]


def test_the_same_call_twice_at_once_is_decided_once(process: Process) -> None:
    token = process.token("alice", agent="reporter")

    async def both() -> list[bytes]:
        asked = (
            process.ask("POST", "/api/v1/decisions", token=token, body={**READ, "call_id": "c-9"}) for _ in range(5)
        )
        return [answered.body for answered in await asyncio.gather(*asked)]

    assert len(set(asyncio.run(both()))) == 1


# --- Batch


def test_a_batch_is_answered_in_order(process: Process) -> None:
    calls = [READ, {"server": "pay", "tool": "refund", "arguments": {"payment": "7", "amount": 500}}, READ]
    answered = process.post(
        "/api/v1/decisions/batch", token=process.token("alice", agent="reporter"), body={"calls": calls}
    )
    assert [item["decision"] for item in answered.json["decisions"]] == ["allow", "deny", "allow"]
    assert len([record for record in process.records() if record["kind"] == "decision"]) == 3


def test_a_short_circuit_skips_the_rest_and_records_none_of_it(process: Process) -> None:
    calls = [READ, {"server": "pay", "tool": "refund", "arguments": {"payment": "7", "amount": 500}}, READ, READ]
    answered = process.post(
        "/api/v1/decisions/batch",
        token=process.token("alice", agent="reporter"),
        body={"calls": calls, "semantic": "deny_on_first_deny"},
    )
    assert answered.json["decisions"][2:] == [{"skipped": True}, {"skipped": True}]
    assert len([record for record in process.records() if record["kind"] == "decision"]) == 2


def test_an_agent_may_not_stop_at_the_first_permit(process: Process) -> None:
    body = {"calls": [READ], "semantic": "permit_on_first_permit"}
    token = process.token("alice", agent="reporter")
    answered = process.post("/api/v1/decisions/batch", token=token, body=body)
    assert (answered.status, answered.json["path"]) == (400, "/semantic")
    assert process.post("/api/v1/decisions/batch", token=process.token("carol"), body=body).status == 200


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"calls": []}, "/calls"),
        ({"calls": [READ] * 101}, "/calls"),
        ({"calls": [READ, {"server": "files"}]}, "/calls/1/tool"),
        ({"calls": [READ, 5]}, "/calls/1"),
        ({"calls": [READ], "semantic": "sometimes"}, "/semantic"),
        ({"calls": [{**READ, "context": {"x": "y"}}]}, "/calls/0/context/x"),
    ],
)
def test_a_bad_batch_is_refused_whole(process: Process, body: Any, path: str) -> None:
    answered = process.post("/api/v1/decisions/batch", token=process.token("alice"), body=body)
    assert (answered.status, answered.json["path"]) == (400, path)
    assert not [record for record in process.records() if record["kind"] == "decision"]


# --- Freshness and the journal


def test_a_state_that_nobody_confirmed_denies(process: Process) -> None:
    world = process.runtime.world
    process.runtime.world = replace(world, confirmed_at=time.time() - 301)
    assert allowed(process).json["code"] == "policy.stale"
    process.runtime.world = World()
    assert allowed(process).json["code"] == "policy.stale"


def test_without_a_journal_nothing_is_allowed_and_it_recovers_by_itself(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert allowed(process).json["decision"] == "allow"
    shutil.move(tmp_path / "journal", tmp_path / "away")
    time.sleep(1.1)
    refused = [allowed(process) for _ in range(3)]
    assert {(item.status, item.json["code"]) for item in refused} <= {(503, "audit.unavailable"), (200, None)}
    deadline = time.monotonic() + 5
    while (answered := allowed(process)).status != 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert answered.status == 503
    shutil.move(tmp_path / "away", tmp_path / "journal")
    deadline = time.monotonic() + 5
    while (answered := allowed(process)).status != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert answered.json["decision"] == "allow"


# --- Limits at the edge


def test_a_spent_attempt_budget_is_a_429_with_its_headers(process: Process) -> None:
    document = {key: value for key, value in process.document.items() if key != "principals"}
    limits = {**document.get("rate_limits", {}), "base_per_second": {"mcp": 1}, "burst_multiplier": 1}
    process.runtime.snapshot = compiled({**document, "rate_limits": limits})
    answers = [allowed(process) for _ in range(6)]
    last = answers[-1]
    assert answers[0].status == 200
    assert (last.status, last.json["code"]) == (429, "rate.edge")
    assert int(last.headers["retry-after"]) >= 1
    assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= {name.lower() for name in last.headers}


def test_the_answers_bytes_are_json_of_the_documented_types(process: Process) -> None:
    answer = orjson.loads(allowed(process).body)
    assert isinstance(answer["receipt"]["n"], int)
    assert isinstance(answer["id"], str)


# --- The edge


def test_a_path_below_ours_that_nobody_serves_is_a_404(process: Process) -> None:
    answered = process.post("/api/v1/decisions/nothing/here", token=process.token("alice"), body={})
    assert (answered.status, answered.json["code"]) == (404, "path.unknown")


def test_proxy_headers_that_nobody_trusts_change_nothing_and_are_recorded(process: Process) -> None:
    alarms: list[str] = []
    process.runtime.alarm = lambda code, detail: alarms.append(code)
    forged = {"x-proxy-verified": "true", "x-user-id": "carol", "x-user-permissions": "admin"}
    assert process.post("/api/v1/decisions", body=READ, headers=forged).status == 401
    answered = process.post(
        "/api/v1/decisions", token=process.token("alice", agent="reporter"), body=READ, headers=forged
    )
    assert answered.json["decision"] == "allow"
    assert process.records()[-1]["who"]["principal"] == "alice"
    assert alarms == ["proxy.refused", "proxy.refused"]


def test_forged_proxy_headers_do_not_fill_the_journal(process: Process) -> None:
    alarms: list[str] = []
    process.runtime.alarm = lambda code, detail: alarms.append(code)
    for _ in range(30):
        process.post("/api/v1/decisions", headers={"x-user-id": "carol"}, body=READ)
    assert len(alarms) == 10


def test_a_record_keeps_names_beside_ids(process: Process) -> None:
    allowed(process)
    assert process.records()[-1]["who"]["names"]["agent"] == "Reporter"


def test_a_signed_proxy_header_from_a_trusted_network_names_the_caller_once(process: Process) -> None:
    body = orjson.dumps(READ)
    process.runtime.proxy = TrustedProxy(networks=(ip_network("127.0.0.0/8"),), key=b"k" * 32, nonces=MemoryNonces())
    process.runtime.alarm = lambda code, detail: None
    values = {
        TIMESTAMP: str(int(time.time())), NONCE: "n" * 20, VERIFIED: "true", USER: "carol", PERMISSIONS: "user",
    }  # fmt: skip
    signature = sign(b"k" * 32, values, method="POST", target=b"/api/v1/decisions", body=body)
    headers = {name.decode(): value for name, value in {**values, SIGNATURE: signature}.items()}
    first = process.post("/api/v1/decisions", raw=body, headers=headers)
    assert first.status == 200
    assert process.records()[-1]["who"]["principal"] == "carol"
    assert process.post("/api/v1/decisions", raw=body, headers=headers).status == 401


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/surface"])
def test_whom_a_proxy_vouches_for_is_identified_once_by_every_answer(process: Process, path: str) -> None:
    process.runtime.proxy = TrustedProxy(networks=(ip_network("127.0.0.0/8"),), key=b"k" * 32, nonces=MemoryNonces())
    values = {
        TIMESTAMP: str(int(time.time())), NONCE: "m" * 20, VERIFIED: "true", USER: "carol", PERMISSIONS: "user",
    }  # fmt: skip
    signature = sign(b"k" * 32, values, method="GET", target=path.encode(), body=b"")
    headers = {name.decode(): value for name, value in {**values, SIGNATURE: signature}.items()}
    assert process.get(path, headers=headers).status == 200


# --- Traces


@pytest.mark.parametrize(
    ("header", "context", "expected"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None, "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", {"trace_id": "mine"}, "mine"),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None, None),
        ("nonsense", None, None),
    ],
)
def test_a_traceparent_names_the_trace_where_the_context_names_none(
    process: Process, header: str, context: Any, expected: str | None
) -> None:
    body = READ if context is None else {**READ, "context": context}
    token = process.token("alice", agent="reporter")
    answered = process.post("/api/v1/decisions", token=token, body=body, headers={"traceparent": header})
    assert answered.json["trace_id"] == expected
    assert process.records()[-1].get("trace") == expected


# --- The surface


def test_the_surface_is_the_callers_own_and_follows_a_publish(process: Process) -> None:
    def entities(principal: str) -> set[str]:
        listed = process.get("/api/v1/surface", token=process.token(principal)).json["entities"]
        return {f"{item['kind']}:{item['id']}" for item in listed}

    first, other = entities("alice"), entities("bob")
    assert "tool:pay/send" in first
    assert "tool:pay/send" not in other
    assert entities("alice") == first
    document = {key: value for key, value in process.document.items() if key != "principals"}
    process.runtime.snapshot = compiled({**document, "rules": []}, release=2)
    assert "tool:pay/send" not in entities("alice")


def test_the_surface_comes_in_pages(process: Process) -> None:
    token = process.token("alice")
    whole = process.get("/api/v1/surface", token=token).json
    assert whole["next"] is None
    seen: list[str] = []
    after = ""
    while True:
        page = process.get("/api/v1/surface", token=token, query=f"limit=2&after={after}").json
        seen += [item["id"] for item in page["entities"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == [item["id"] for item in whole["entities"]]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "limit=00001", "limit=" + "9" * 5_000, "page=2", "after=a&after=b"],
    ids=lambda query: query[:20],
)
def test_a_bad_page_is_refused(process: Process, query: str) -> None:
    assert process.get("/api/v1/surface", token=process.token("alice"), query=query).status == 400


# --- Names that look like another


@pytest.mark.parametrize(
    ("server", "tool"), [("fi1es", "read"), ("\u0440ay", "send"), ("FILES", "read"), ("files", "re\u00e0d")]
)
def test_a_look_alike_of_a_registered_name_is_refused_and_reported_once_a_minute(
    process: Process, server: str, tool: str
) -> None:
    told: list[tuple[str, str]] = []
    process.runtime.alarm = lambda code, detail: told.append((code, detail["imitates"]))
    answers = [process.decide("alice", {"server": server, "tool": tool, "arguments": {}}) for _ in range(3)]
    assert all(item.status == 400 or item.json["code"] == "entity.unknown" for item in answers)
    if answers[0].status == 200:
        assert len(told) == 1
        assert told[0][0] == "name.lookalike"


def test_a_hidden_tool_is_no_look_alike_of_itself(process: Process) -> None:
    told: list[str] = []
    process.runtime.alarm = lambda code, detail: told.append(code)
    process.decide("bob", {"server": "pay", "tool": "send", "arguments": {}})
    assert told == []


DOUBLING = {
    "$ref": "#/$defs/n",
    "$defs": {"n": {"allOf": [{"properties": {"n": {"$ref": "#/$defs/n"}}}] * 2}},
}


@pytest.mark.parametrize(
    ("schema", "arguments", "reason"),
    [
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"a": at} for at in range(1_500)]}, None),
        ({"properties": {"a": {"items": {"allOf": [True] * 900}}}}, {"a": [1] * 5_000}, "too many steps"),
        ({"properties": {"a": {"pattern": "[ab]*a[ab]{500}c"}}}, {"a": "ab" * 7_000}, "too many steps"),
        ({"properties": {"a": {"pattern": "[ab]*a[ab]{500}c"}}}, {"a": "ab" * 70_000}, "too many steps"),
        ({"allOf": [{"$ref": "#"}]}, {}, "never ends"),
        (DOUBLING, {"n": {"n": {"n": {"n": {"n": {"n": {"n": {"n": {"n": {"n": {}}}}}}}}}}}, None),
    ],
)
def test_a_schema_of_an_old_release_stops_no_process(
    tmp_path: Path, schema: Any, arguments: Any, reason: str | None
) -> None:
    document = demo_document()
    document["servers"]["files"]["tools"]["search"]["schema"] = schema
    process = started(tmp_path, document=document)
    hostile = {"server": "files", "tool": "search", "arguments": arguments}

    async def both() -> tuple[Any, Any]:
        return await asyncio.gather(
            process.ask("POST", "/api/v1/decisions", token=process.token("carol"), body=hostile),
            process.ask("POST", "/api/v1/decisions", token=process.token("alice", agent="reporter"), body=READ),
        )

    began = time.process_time()
    stopped, other = asyncio.run(both())
    assert time.process_time() - began < 1.0
    assert other.json["decision"] == "allow"
    if reason is None:
        assert stopped.json["code"] != "argument.invalid"
        return
    assert (stopped.status, stopped.json["decision"], stopped.json["code"]) == (200, "deny", "argument.invalid")
    assert reason in stopped.json["reason"]
    assert stopped.json["detail"]["required"].endswith(" steps")
    assert any("argument.invalid" in str(record) for record in process.records())
