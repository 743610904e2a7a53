"""One recorded decision, decided again by another policy: what it would be, or why that cannot be said."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from audit.records.canonical import RecordInvalid, read_map
from audit.records.capture import RecordedCapture
from audit.records.decision_reading import read_decision
from audit.records.decision_record import DecisionRecord, Inputs
from audit.records.who import RecordedWho
from audit.trace.payloads import find_day_key, sealed_key
from governance.engine.call import Call, Door
from governance.engine.compiled.snapshot import Snapshot
from governance.engine.deciding.driver import run
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import Decision, Outcome
from governance.engine.detection.redaction import REDACTED as REDACTED_TEXT
from governance.engine.need import Answer, Approval, Buckets, HookRun, HookRuns, Need, NeedBuckets, NeedHooks
from governance.engine.principal import Caller, Directory
from governance.engine.world import World
from governance.vault.capture import OpenedDayKey
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

    record: DecisionRecord
    decision: Decision | None

    @property
    def flips(self) -> bool:
        """Whether the answer would be another."""
        return self.decision is not None and self.decision.effect is not self.record.decision.effect


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
    _callers: dict[Caller, Caller] = field(default_factory=dict)

    def replay(self, body: bytes) -> Replayed:
        """One record's exact bytes. Raises `Unknown`."""
        try:
            record = read_decision(body)
        except RecordInvalid as error:
            raise Unknown(UNREADABLE) from error
        was = record.decision
        if was.layer == "kill_switch":  # stopped by what stands outside every policy, whatever the policy says
            return Replayed(record=record, decision=None)
        if was.code == "audience.mismatch":
            raise Unknown(NO_AUDIENCE)
        if _is_text(was):
            raise Unknown(NO_CALL)
        arguments, exact = self._arguments(record.arguments)
        decision = self._decide(record, arguments)
        if not exact and decision.layer != "scope":
            # What was taken out is what the secrets layer found: the same detectors find it again.
            if was.layer == "secrets" and self.same_detectors:
                return Replayed(record=record, decision=None)
            raise Unknown(REDACTED)
        return Replayed(record=record, decision=decision)

    def _arguments(self, kept: RecordedCapture) -> tuple[dict[str, Any], bool]:
        if kept.sealed is None or kept.key is None:
            if kept.bytes == 2:
                return {}, True
            raise Unknown(NOT_CAPTURED)
        key = self._day_key(kept.key)
        if key is None:
            raise Unknown(SEALED)
        try:
            payload = key.open(kept.sealed, place="arguments")
            arguments: dict[str, Any] = read_map(payload.decode())
        except VaultError:
            raise Unknown(SEALED) from None
        except ValueError as error:
            raise Unknown(UNREADABLE) from error
        return arguments, self._is_exact(payload, kept.digest or "")

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
            row = find_day_key(key_id)
            if row is not None:
                with contextlib.suppress(VaultError):
                    self._day_keys[key_id] = OpenedDayKey(self.capture_keys, sealed_key(row))
        return self._day_keys[key_id]

    def _decide(self, record: DecisionRecord, arguments: Mapping[str, Any]) -> Decision:
        now, call = record.inputs.now, replace(record.call, arguments=arguments)
        world = World(confirmed_at=now, directory=self.directory)
        steps = decide(self.snapshot, world, self._caller(record.head.who, call), call, now=now)
        return run(steps, lambda need: _answer(need, record.inputs))

    def _caller(self, who: RecordedWho, call: Call) -> Caller:
        """The caller, the same object for all of its records: what the engine works out for one is kept by it."""
        if (caller := who.caller) is None:
            raise Unknown(UNREADABLE)
        if call.door is Door.MCP and call.server is not None:
            server = self.snapshot.document.get("servers", {}).get(call.server, {})
            caller = replace(caller, audience=server.get("audience") or f"{self.issuer}/mcp/{call.server}")
        return self._callers.setdefault(caller, caller)


def _is_text(decision: Decision) -> bool:
    """A prompt runs the layers 0 and 2 only."""
    skipped = {result.layer for result in decision.layers if result.outcome is Outcome.SKIPPED}
    return "scope" in skipped and "secrets" not in skipped


def _answer(need: Need, inputs: Inputs) -> Answer:
    """What was told then. Tokens were left where the pipeline never came to ask; no approval was there."""
    try:
        if isinstance(need, NeedBuckets):
            told: Any = inputs.buckets or {}
            return Buckets(principal=told.get("principal", True), session=told.get("session", True))
        if isinstance(need, NeedHooks):
            ran: Any = inputs.hooks or ()
            verdicts = {one["hook"]: one["verdict"] for one in ran}
            if any(hook.id not in verdicts for hook in need.hooks):
                raise Unknown(NO_HOOK_RUN)
            return HookRuns(runs=tuple(HookRun(hook=hook.id, verdict=verdicts[hook.id]) for hook in need.hooks))
        return Approval(state=(inputs.approval or {}).get("state", "required"))
    except (KeyError, TypeError, AttributeError) as error:
        raise Unknown(UNREADABLE) from error
