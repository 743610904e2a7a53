"""The management API in tests: people with staff roles, and their requests."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from django.test import Client

from accounts.models import ScopeKind, StaffGrant, User
from governance.engine.principal import DirectoryEntry, PrincipalKind, Tier
from tests.governance.api.deciding import Process

AGENT = "Mozilla/5.0 toolgate-tests"


@dataclass(slots=True)
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def etag(self) -> str:
        return self.headers["etag"]


@dataclass(slots=True)
class Person:
    """Somebody with a token. Every method is one request."""

    name: str
    token: str | None
    client: Client = field(default_factory=lambda: Client(SERVER_NAME="127.0.0.1", SERVER_PORT="8000"))

    def ask(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, query: str = "", **headers: Any
    ) -> Answered:
        given = {"user-agent": AGENT} | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            given["authorization"] = f"Bearer {self.token}"
        data = raw if raw is not None else b"" if body is None else orjson.dumps(body)
        content_type = given.pop("content-type", "application/json" if data else "")
        response = self.client.generic(
            method, path + (f"?{query}" if query else ""), data=data, content_type=content_type, headers=given
        )
        named = {name.lower(): value for name, value in response.headers.items()}
        return Answered(response.status_code, named, response.content)

    def get(self, path: str, query: str = "", **headers: Any) -> Answered:
        return self.ask("GET", path, query=query, **headers)

    def post(self, path: str, body: Any = None, **more: Any) -> Answered:
        return self.ask("POST", path, {} if body is None else body, **more)

    def put(self, path: str, body: Any, etag: str = "*", **headers: Any) -> Answered:
        return self.ask("PUT", path, body, if_match=etag, **headers)

    def delete(self, path: str, etag: str = "*") -> Answered:
        return self.ask("DELETE", path, if_match=etag)


@dataclass(slots=True)
class Office:
    """A running process, and the people that a test brings in."""

    process: Process

    def person(self, role: str | None = None, *, name: str = "", scope_kind: str = "global", scope: str = "") -> Person:
        """Somebody in accounts and in the directory, with a staff role if one is named."""
        name = name or f"{role or 'outsider'}-{scope or 'all'}".replace("_", "-")
        if not User.objects.filter(username=name).exists():
            user = User.objects.create_user(name, password="correct horse")
            if role is not None:
                StaffGrant.objects.create(
                    user=user, role=role, scope_kind=ScopeKind(scope_kind), scope=scope, reason="test"
                )
        entry = DirectoryEntry(
            kind=PrincipalKind.USER,
            active=True,
            tier=Tier.USER,
            epoch=1,
            staff_until=math.inf if role is not None else 0.0,
        )
        live = self.process.runtime.directory
        live.state = replace(live.state, principals={**live.state.principals, name: entry})
        self.process.runtime.world = replace(self.process.runtime.world, directory=live.state.principals)
        return Person(name, self.process.token(name))

    def agent_of(self, person: Person) -> Person:
        """The same person, through an agent."""
        return Person(person.name, self.process.token(person.name, agent="reporter"))

    @property
    def nobody(self) -> Person:
        """A request without a token."""
        return Person("", None)
