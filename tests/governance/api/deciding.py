"""A deciding process in a test: the demo policy, a directory, a real journal, and a client of the inline lane."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from accounts.directory.live import DirectoryState, LiveDirectory
from accounts.guard.guard import ScannerGuard
from accounts.identity.authenticator import Authenticator
from accounts.tokens.digest import KeyedDigest
from accounts.tokens.issue import Grant, Issuer, Subject
from accounts.tokens.keys import parse_signing_keys
from accounts.tokens.verify import Verifier
from audit.records.capture import Capturer
from audit.writing.journal import Journal
from governance.api.door.lane import DecidingLane, Edge
from governance.api.routes import lane_routes
from governance.deciding.limits.budget_store import MemoryStore
from governance.deciding.remembered.call_ids import LocalCallIds
from governance.deciding.runtime import Runtime
from governance.engine.asking.posed_caller import described
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.compiled.snapshot import EngineKeys, Snapshot
from governance.engine.principal import DirectoryEntry
from governance.engine.world import Switch, World
from governance.policy.checks.validate import normalise
from governance.policy.demo.files import POLICY_FILE
from governance.policy.document.codec import digest
from governance.policy.files.bundle import read_policy
from governance.vault.capture import DayKeys
from governance.vault.keypair import parse_capture_keys

ISSUER = "http://127.0.0.1:8000"
HOST = "127.0.0.1:8000"
KEYS = EngineKeys(fingerprint=b"f" * 32, issuer=ISSUER)
RING = parse_signing_keys(f"t1:HS256:{base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip('=')}")
DIGESTS = KeyedDigest({"t1": os.urandom(32)})
CAPTURE = parse_capture_keys(
    X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)


def demo_document() -> dict[str, Any]:
    """The demo policy in canonical form."""
    return {**normalise(read_policy([POLICY_FILE]))}


def compiled(document: Any, *, release: int = 1) -> Snapshot:
    """A snapshot of a document."""
    return compile_snapshot(document, release=release, digest=digest(document), keys=KEYS)


def directory_of(
    document: Mapping[str, Any], *, staff: frozenset[str] = frozenset({"carol"})
) -> dict[str, DirectoryEntry]:
    """The document's principals as directory entries of epoch 1."""
    return {
        name: replace(described(entry), epoch=1, staff_until=float("inf") if name in staff else 0.0)
        for name, entry in document["principals"].items()
    }


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: status, header names in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(slots=True)
class Process:
    """One deciding process with a client. `post` and `get` go through the lane as uvicorn would."""

    runtime: Runtime
    lane: DecidingLane
    document: dict[str, Any]
    told: list[Any] = field(default_factory=list)

    def token(self, principal: str, *, agent: str | None = None, audience: str = "api", **grant: Any) -> str:
        entry = self.runtime.directory.state.principals.get(principal)
        subject = Subject(
            id=principal,
            epoch=entry.epoch if entry else 1,
            user_type=entry.tier.word if entry else "user",
            rate_limit_tier=entry.tier.word if entry else "user",
            roles=entry.roles if entry else frozenset(),
            groups=entry.groups if entry else frozenset(),
            departments=entry.departments if entry else frozenset(),
        )
        issuer = Issuer(ring=RING, issuer=ISSUER)
        grant.setdefault("session", "s-1")
        return issuer.issue(subject, Grant(audience=audience, agent=agent, **grant), now=time.time()).token

    def turn_on(self, *switches: Switch) -> None:
        self.runtime.world = World.of(
            switches=switches,
            confirmed_at=self.runtime.world.confirmed_at,
            directory=self.runtime.world.directory,
            epoch=self.runtime.world.epoch + 1,
        )

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        query: str = "",
        chunks: int = 1,
    ) -> Answered:
        data = raw if raw is not None else b"" if body is None else orjson.dumps(body)
        given = list(headers.items()) if isinstance(headers, Mapping) else list(headers or [])
        names = {name.lower() for name, _ in given}
        if "host" not in names:
            given.append(("host", HOST))
        if method == "POST" and "content-type" not in names:
            given.append(("content-type", "application/json"))
        if token is not None:
            given.append(("authorization", f"Bearer {token}"))
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given],
            "client": ("127.0.0.1", 40000),
        }
        size = max(1, -(-len(data) // chunks))
        parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.lane(scope, receive, send)
        start, *rest = sent
        return Answered(
            start["status"],
            {name.decode(): value.decode("latin-1") for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in rest),
        )

    def post(self, path: str, **options: Any) -> Answered:
        return asyncio.run(self.ask("POST", path, **options))

    def get(self, path: str, **options: Any) -> Answered:
        return asyncio.run(self.ask("GET", path, **options))

    def decide(self, principal: str, request: Mapping[str, Any], *, agent: str | None = None) -> Answered:
        return self.post("/api/v1/decisions", token=self.token(principal, agent=agent), body=request)

    def records(self) -> list[dict[str, Any]]:
        """Every record in the journal, as written."""
        found = []
        for path in sorted(self.runtime.journal.folder.glob("*.log")):
            for line in path.read_bytes().split(b"\n"):
                start = line.find(b'{"')
                if start >= 0:
                    found.append(orjson.loads(line[start:]))
        return [record for record in found if "kind" in record]


def started(var: Path, *, document: dict[str, Any] | None = None, **journal: Any) -> Process:
    """A deciding process on its own folder."""
    document = document if document is not None else demo_document()
    directory = LiveDirectory(macs=DIGESTS)
    now = time.time()
    directory.state = DirectoryState(principals=directory_of(document), revision=1, generation=1, confirmed_at=now)
    day_keys = DayKeys(CAPTURE)
    snapshot = compiled({key: value for key, value in document.items() if key != "principals"})
    runtime = Runtime(
        authenticator=Authenticator(
            verifier=Verifier(ring=RING, issuer=ISSUER), directory=directory, digests=DIGESTS, session_cookie="toolgate"
        ),
        directory=directory,
        journal=Journal(var / "journal", node="01a2006c-ab8e-71ca-bb62-2b4f0c0f5624", key=b"j" * 32, **journal),
        arguments=Capturer(sealer=day_keys, digest_key=b"a" * 32, kid="t1"),
        results=Capturer(sealer=day_keys, digest_key=b"r" * 32, kid="t1"),
        day_keys=day_keys,
        requests=DIGESTS,
        budgets=MemoryStore(),
        call_ids=LocalCallIds(),
        issuer=ISSUER,
        version="test",
        snapshot=snapshot,
        world=World.of(confirmed_at=now, directory=directory.state.principals),
    )
    told: list[Any] = []
    guard = ScannerGuard(tell=told.append)
    edge = Edge(
        hosts=frozenset({"127.0.0.1"}),
        origins=frozenset({ISSUER}),
        headers=((b"cache-control", b"no-store"),),
        guard=lambda: guard,
        meter=Silent(),
    )
    return Process(runtime, DecidingLane(routes=lane_routes(lambda: runtime), edge=edge), document, told)


class Silent:
    """A meter that counts nothing."""

    def answered(self, route: str, status: int, seconds: float) -> None:
        """One answer."""
