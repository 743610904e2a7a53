"""One recorded decision, decided again by another policy: what it would be, or why that cannot be said."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from audit.models import DayKey
from governance.engine.call import Call, Door, EntityKind, Labels
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.deciding.driver import run
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import Decision
from governance.engine.detection.redaction import REDACTED as REDACTED_TEXT
from governance.engine.need import Answer, Approval, Buckets, HookRun, HookRuns, Need, NeedBuckets, NeedHooks
from governance.engine.principal import Caller, Directory, Link, Principal, PrincipalKind, Tier
from governance.engine.world import World
from governance.vault.capture import OpenedDayKey, SealedDayKey
from governance.vault.errors import VaultError
from governance.vault.keypair import CaptureKeys

_PLACEHOLDERS = (b"[secret:", REDACTED_TEXT.encode())
NOT_CAPTURED = "arguments not captured"
SEALED = "arguments sealed: no key to open them here"
REDACTED = "arguments redacted"
NO_CALL = "text, no call"
NO_HOOK_RUN = "a hook's answer is not recorded"
NO_AUDIENCE = "the token's audience is not recorded"
UNREADABLE = "the record cannot be read"


class Unknown(Exception):
    """A decision that cannot be made again from its record; says why in one of the words above."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was recorded, and what it would be now; `decision` None where no policy could change it."""

    record: Mapping[str, Any]
    was: str
    decision: Decision | None

    @property
    def flips(self) -> bool:
        """Whether the answer would be another."""
        return self.decision is not None and self.decision.effect.value != self.was


@dataclass(slots=True, kw_only=True)
class Replayer:
    """Decides records again by one snapshot. `digest_keys` open digests of arguments by the id of their master key."""

    snapshot: Snapshot
    directory: Directory
    capture_keys: CaptureKeys
    digest_keys: Callable[[str], bytes | None]
    same_detectors: bool
    issuer: str
    _day_keys: dict[str, OpenedDayKey | None] = field(default_factory=dict)
    _callers: dict[bytes, Caller] = field(default_factory=dict)

    def replay(self, body: bytes) -> Replayed:
        """One record's exact bytes. Raises `Unknown`."""
        try:
            record = orjson.loads(body)
            data = record["data"]
            was, layer = str(data["effect"]), data.get("layer")
            if layer == "kill_switch":  # stopped by what stands outside every policy, whatever the policy says
                return Replayed(record=record, was=was, decision=None)
            if data.get("code") == "audience.mismatch":
                raise Unknown(NO_AUDIENCE)
            if _is_text(data):
                raise Unknown(NO_CALL)
            arguments, exact = self._arguments(data["arguments"])
            decision = self._decide(record, data, arguments)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise Unknown(UNREADABLE) from error
        if not exact and decision.layer != "scope":
            # What was taken out is what the secrets layer found: the same detectors find it again.
            if layer == "secrets" and self.same_detectors:
                return Replayed(record=record, was=was, decision=None)
            raise Unknown(REDACTED)
        return Replayed(record=record, was=was, decision=decision)

    def _arguments(self, part: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        if "sealed" not in part:
            if part.get("bytes") == 2:
                return {}, True
            raise Unknown(NOT_CAPTURED)
        key = self._day_key(part["key"])
        if key is None:
            raise Unknown(SEALED)
        try:
            payload = key.open(part["sealed"], place="arguments")
        except VaultError:
            raise Unknown(SEALED) from None
        arguments: dict[str, Any] = orjson.loads(payload)
        return arguments, self._is_exact(payload, part["digest"])

    def _is_exact(self, payload: bytes, digest: str) -> bool:
        """Whether nothing was taken out: no placeholder, or one that the caller wrote, so that the digest holds."""
        if not any(mark in payload for mark in _PLACEHOLDERS):
            return True
        kid, _, tag = digest.partition(":")
        secret = self.digest_keys(kid)
        return secret is not None and hmac.compare_digest(hmac.digest(secret, payload, hashlib.sha256).hex(), tag)

    def _day_key(self, key_id: str) -> OpenedDayKey | None:
        if key_id not in self._day_keys:
            self._day_keys[key_id] = None
            row = DayKey.objects.filter(pk=key_id).first()
            if row is not None:
                sealed = SealedDayKey(
                    id=str(row.pk), kid=row.kid, principal=row.principal, day=row.day, sealed=row.sealed
                )
                with contextlib.suppress(VaultError):
                    self._day_keys[key_id] = OpenedDayKey(self.capture_keys, sealed)
        return self._day_keys[key_id]

    def _decide(self, record: Mapping[str, Any], data: Mapping[str, Any], arguments: Mapping[str, Any]) -> Decision:
        now = float(data["now"])
        call = Call(
            kind=EntityKind(data["entity_kind"]),
            entity=data["entity"],
            arguments=arguments,
            size=data["size"],
            data_sources=tuple(data.get("data_sources", ())),
            labels=Labels(
                session_id=record.get("client_session"),
                trace_id=record.get("trace"),
                context_id=record.get("context"),
                task_id=record.get("task"),
                client_id=record.get("client"),
                tool_use_id=data.get("tool_use"),
                agent_id=data.get("agent_label"),
            ),
            door=Door(data["door"]),
        )
        world = World(confirmed_at=now, directory=self.directory)
        steps = decide(self.snapshot, world, self._caller(record["who"], call), call, now=now)
        return run(steps, lambda need: _answer(need, data))

    def _caller(self, who: Mapping[str, Any], call: Call) -> Caller:
        audience = None
        if call.door is Door.MCP and call.server is not None:
            server = self.snapshot.document.get("servers", {}).get(call.server, {})
            audience = server.get("audience") or f"{self.issuer}/mcp/{call.server}"
        key = orjson.dumps([who.get("links"), who.get("session"), audience])
        found = self._callers.get(key)
        if found is None:
            own, *rest = who["links"]
            found = self._callers[key] = Caller(
                principal=_principal(own),
                agent=own.get("agent"),
                chain=tuple(
                    Link(principal=_principal(link) if "principal" in link else None, agent=link.get("agent"))
                    for link in rest
                ),
                session_id=who.get("session"),
                audience=audience,
            )
        return found


def _principal(claims: Mapping[str, Any]) -> Principal:
    return Principal(
        id=claims["principal"],
        kind=PrincipalKind(claims["kind"]),
        tier=Tier(claims["tier"]),
        roles=frozenset(claims.get("roles", ())),
        groups=frozenset(claims.get("groups", ())),
        departments=frozenset(claims.get("departments", ())),
        known=claims["known"],
        active=claims["active"],
        owner=claims.get("owner"),
        rate_tier=claims["rate_tier"],
    )


def _is_text(data: Mapping[str, Any]) -> bool:
    """A prompt runs the layers 0 and 2 only."""
    lines = data["layers"]
    return any(line.startswith("scope skipped ") for line in lines) and not any(
        line.startswith("secrets skipped ") for line in lines
    )


def _answer(need: Need, data: Mapping[str, Any]) -> Answer:
    """What was told then. Tokens were left where the pipeline never came to ask; no approval was there."""
    if isinstance(need, NeedBuckets):
        told = _read(data.get("buckets"), {})
        return Buckets(principal=told.get("principal", True), session=told.get("session", True))
    if isinstance(need, NeedHooks):
        verdicts = {run["hook"]: run["verdict"] for run in _read(data.get("hooks"), [])}
        if any(hook.id not in verdicts for hook in need.hooks):
            raise Unknown(NO_HOOK_RUN)
        return HookRuns(runs=tuple(HookRun(hook=hook.id, verdict=verdicts[hook.id]) for hook in need.hooks))
    told = _read(data.get("approval"), {})
    return Approval(state=told.get("state", "required"))


def _read(text: str | None, otherwise: Any) -> Any:
    return otherwise if text is None else orjson.loads(text)
