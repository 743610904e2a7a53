"""Setting and lifting kill switches: the only writers of their rows, and of the files that stand in for them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max, Q

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.errors import NotPermitted
from audit.records.kinds import Kind, Level
from audit.writing.outbox import record_change
from governance.deciding.following.switchboard import (
    BoardTampered,
    SwitchRow,
    kill_files,
    micros,
    read_kill_file,
    write_kill_file,
)
from governance.engine.world import Switch as EngineSwitch
from governance.engine.world import SwitchKind
from governance.models.releases.switch import Switch, SwitchScope
from governance.selectors.switch_targets import SwitchTargets
from governance.selectors.switches import live_switches
from governance.vault.signing import EpochMac

CHANNEL = "toolgate_switch"
LONGEST_DRILL = timedelta(minutes=60)
SETTLING = timedelta(seconds=30)
_LOCK = 7_041_002  # the advisory lock under which epochs are given out


class SwitchRefused(Exception):
    """A switch that cannot be set or lifted so; says why."""


class TargetUnknown(SwitchRefused):
    """A switch for an id that nothing has; `nearest` are ids that look like it."""

    def __init__(self, scope: SwitchScope, target: str, nearest: tuple[str, ...]) -> None:
        self.nearest = nearest
        alike = f"; nearest: {', '.join(nearest)}" if nearest else ""
        super().__init__(f"no {scope} {target} is known, so nothing would be stopped{alike}")


def parse_target(text: str) -> tuple[SwitchScope, str]:
    """`all`, `principal:ID`, `agent:ID`, `department:ID`, `server:ID` or `tool:S/T`. Raises `SwitchRefused`."""
    scope, _, target = text.partition(":")
    if scope not in SwitchScope.values or (scope == SwitchScope.ALL) == bool(target):
        raise SwitchRefused(
            f"{text!r} names nothing: use all, principal:ID, agent:ID, department:ID, server:ID or tool:SERVER/TOOL"
        )
    if scope == SwitchScope.TOOL and "/" not in target:
        raise SwitchRefused(f"{text!r}: a tool is named tool:SERVER/TOOL")
    return SwitchScope(scope), target


def set_switch(
    *,
    actor: Actor,
    scope: SwitchScope,
    target: str = "",
    reason: str,
    until: datetime | None = None,
    drill: bool = False,
    force: bool = False,
    macs: EpochMac,
    now: datetime | None = None,
) -> Switch:
    """Turn a switch on, in force everywhere within 500 ms. Raises `SwitchRefused`, `TargetUnknown`, NotPermitted.

    `force` takes an id that nothing has yet. A drill ends within 60 minutes and never takes the place of a live switch.
    """
    now = now or datetime.now(tz=UTC)
    _require_reach(actor, "governance.add_switch", scope, target)
    if not force:
        _require_known(scope, target)
    until = _checked_end(reason=reason, until=until, drill=drill, now=now)
    with transaction.atomic():
        epoch = _next_epoch()
        live = live_switches(now).filter(scope=scope, target=target)
        if drill and live.filter(drill=False).exists():
            raise SwitchRefused("a live switch is on for this; a drill never takes its place")
        switch = Switch(
            scope=scope, target=target, reason=reason, until=until, drill=drill,
            set_by=actor.name, set_at=now, epoch=epoch, key_id="", mac=b"",
        )  # fmt: skip
        try:
            switch.full_clean(exclude=["key_id", "mac"])
        except ValidationError as error:
            raise SwitchRefused("; ".join(error.messages)) from None
        switch.save(force_insert=True)
        _sign(switch, macs)
        _record(actor, switch, action="switch.set", reason=reason)
    return switch


def lift_switch(
    *,
    actor: Actor,
    switch_id: int,
    reason: str,
    macs: EpochMac,
    second: User | None = None,
    now: datetime | None = None,
) -> Switch:
    """Turn a switch off. For everything a second person is needed, who may lift switches too and is somebody else.

    Raises `SwitchRefused`, NotPermitted.
    """
    now = now or datetime.now(tz=UTC)
    if not reason.strip():
        raise SwitchRefused("a reason is needed")
    with transaction.atomic():
        epoch = _next_epoch()
        switch = Switch.objects.select_for_update().filter(pk=switch_id).first()
        if switch is None or switch.lifted_at is not None:
            actor.require("governance.lift_switch")
            raise SwitchRefused(f"no switch {switch_id} is on")
        _require_reach(actor, "governance.lift_switch", switch.scope, switch.target)
        try:
            stored_row(switch).check(macs)
        except BoardTampered as tampered:
            raise SwitchRefused(str(tampered)) from None
        if switch.scope == SwitchScope.ALL and not switch.drill:
            _require_second(actor, second)
        switch.lifted_by, switch.lifted_at, switch.lift_reason, switch.epoch = actor.name, now, reason, epoch
        switch.lifted_second = second.username if second is not None else ""
        _sign(switch, macs)
        _record(actor, switch, action="switch.lifted", reason=reason)
    return switch


def set_on_this_host(
    *, scope: SwitchScope, target: str, reason: str, until: datetime | None, drill: bool, set_by: str, folder: Path,
    macs: EpochMac, now: datetime,
) -> Path:  # fmt: skip
    """Turn a switch on for this host alone, while the database is away; `reconcile_files` brings it in afterwards.

    Raises `SwitchRefused` for what `set_switch` would not take either.
    """
    until = _checked_end(reason=reason, until=until, drill=drill, now=now)
    name = str(uuid.uuid4())
    switch = EngineSwitch(
        id=f"file-{name[:8]}",
        kind=SwitchKind(scope),
        target=target,
        epoch=micros(now),
        until=until.timestamp() if until else None,
        drill=drill,
    )
    note = {"reason": reason, "set_by": set_by, "set_at": now.isoformat()}
    return write_kill_file(folder, switch, name=name, note=note, macs=macs)


def reconcile_files(*, folder: Path, macs: EpochMac, now: datetime | None = None) -> int:
    """Make rows of this host's switch files, then take the files away; how many. A foreign file is left alone.

    A file of the last half minute is left too: whoever wrote it may be about to enter the row and remove it.
    """
    now = now or datetime.now(tz=UTC)
    done = 0
    for path in kill_files(folder):
        try:
            switch, note = read_kill_file(path, macs=macs)
            set_at = datetime.fromisoformat(note["set_at"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if now - set_at < SETTLING:
            continue
        until = datetime.fromtimestamp(switch.until, UTC) if switch.until is not None else None
        if until is None or until > now:
            done += _entered(switch, note, until=until, macs=macs, now=now)
        path.unlink(missing_ok=True)
    return done


def _entered(
    switch: EngineSwitch, note: Mapping[str, str], *, until: datetime | None, macs: EpochMac, now: datetime
) -> int:
    """Enter one file's switch; 0 where a live switch already holds for the same, so that nothing is lost without it."""
    scope = SwitchScope(switch.kind.value)
    longer = Q(until=None) if until is None else Q(until=None) | Q(until__gte=until)
    if live_switches(now).filter(longer, scope=scope, target=switch.target, drill=False).exists():
        return 0
    if switch.drill and live_switches(now).filter(scope=scope, target=switch.target, drill=False).exists():
        return 0
    set_switch(
        actor=Actor.command("kill", staff=note.get("set_by", "")),
        scope=scope,
        target=switch.target,
        reason=note.get("reason", "set on the host"),
        until=until,
        drill=switch.drill,
        force=True,  # it holds on its host already, for whatever it names
        macs=macs,
        now=now,
    )
    return 1


def stored_row(switch: Switch) -> SwitchRow:
    """A model's row as its MAC covers it."""
    return SwitchRow(
        id=switch.pk,
        scope=switch.scope,
        target=switch.target,
        reason=switch.reason,
        until=micros(switch.until) if switch.until else None,
        drill=switch.drill,
        set_by=switch.set_by,
        set_at=micros(switch.set_at),
        lifted_by=switch.lifted_by,
        lifted_second=switch.lifted_second,
        lifted_at=micros(switch.lifted_at) if switch.lifted_at else None,
        lift_reason=switch.lift_reason,
        epoch=switch.epoch,
        key_id=switch.key_id,
        mac=bytes(switch.mac).decode("ascii", "replace"),
    )


def _checked_end(*, reason: str, until: datetime | None, drill: bool, now: datetime) -> datetime | None:
    """When the switch ends, None where somebody has to lift it."""
    if not reason.strip():
        raise SwitchRefused("a reason is needed")
    if drill:
        until = until or now + LONGEST_DRILL
        if until > now + LONGEST_DRILL:
            raise SwitchRefused("a drill ends within 60 minutes")
    if until is not None and until <= now:
        raise SwitchRefused("its end lies in the past")
    return until


def _require_known(scope: SwitchScope, target: str) -> None:
    targets = SwitchTargets()
    if not targets.is_known(scope, target):
        raise TargetUnknown(scope, target, targets.nearest(scope, target))


def _require_second(actor: Actor, second: User | None) -> None:
    if second is None or second.username == actor.name:
        raise SwitchRefused("lifting the switch for everything needs a second person")
    _require_reach(Actor.person(second), "governance.lift_switch", SwitchScope.ALL, "")


def _require_reach(actor: Actor, perm: str, scope: str, target: str) -> None:
    """Raise NotPermitted unless a grant gives `perm` for this: one for a department or server reaches only its own."""
    if actor.user is None:
        return
    departments = {target} if scope == SwitchScope.DEPARTMENT else set()
    servers = {target.partition("/")[0]} if scope in (SwitchScope.SERVER, SwitchScope.TOOL) else set()
    for grant in actor.user.live_grants():
        if grant.gives(perm) and (grant.is_global or departments & grant.departments or servers & grant.servers):
            return
    raise NotPermitted(actor=actor.name, perm=perm, object=f"{scope}:{target}" if target else str(scope))


def _next_epoch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    highest: int | None = Switch.objects.aggregate(highest=Max("epoch"))["highest"]
    return (highest or 0) + 1


def _sign(switch: Switch, macs: EpochMac) -> None:
    signed = stored_row(switch).signed(macs)
    switch.key_id, switch.mac = signed.key_id, signed.mac.encode("ascii")
    switch.save(force_update=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(switch.epoch)])


def _record(actor: Actor, switch: Switch, *, action: str, reason: str) -> None:
    record_change(
        actor=actor.who,
        kind=Kind.ADMIN_CHANGE,
        action=action,
        model="governance.switch",
        object=str(switch.pk),
        name=("DRILL " if switch.drill else "") + str(switch),
        after={
            "scope": switch.scope,
            "target": switch.target,
            "until": switch.until.isoformat() if switch.until else None,
            "drill": switch.drill,
            "on": switch.lifted_at is None,
        },
        reason=reason,
        second=switch.lifted_second or None,
        level=Level.WARNING,
    )
