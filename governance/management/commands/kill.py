"""`manage.py kill`: stop everything, or one principal, agent, department, server or tool, at once.

It works while the database is away: then the switch is a file that every process on this host watches, and becomes a
row as soon as the database answers again.
"""

from __future__ import annotations

import getpass
import re
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.utils import Error as DatabaseError

from accounts.models import User
from accounts.services.actor import Actor
from accounts.services.errors import ServiceError
from config.machine.postgres import PostgresError
from governance.deciding import keys
from governance.deciding.following.switchboard import kill_files, read_kill_file
from governance.models import Switch
from governance.policy.document.moments import written
from governance.selectors.switch_targets import SwitchTargets
from governance.selectors.switches import live_switches
from governance.services.switches import (
    SwitchRefused,
    TargetUnknown,
    lift_switch,
    parse_target,
    reconcile_files,
    set_on_this_host,
    set_switch,
)
from governance.vault.errors import KeyMaterialError

_SEEN_BY_ALL = 1.0  # seconds after which every process that reaches the database has read the row: twice the promise
_SPAN = re.compile(r"(\d{1,4})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    """Exit codes: 0 done, 1 done on this host only because the database is away, 2 refused."""

    help = "Kill switches: all | principal:ID | agent:ID | department:ID | server:ID | tool:SERVER/TOOL."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", nargs="?", help="what to stop; all is everything")
        parser.add_argument("--reason", default="", help="why; always needed")
        parser.add_argument("--until", type=_moment, help="its end: 2026-01-31T12:00:00Z, or a span: 30m, 2h")
        parser.add_argument("--drill", action="store_true", help="an exercise: ends within 60 minutes, labelled DRILL")
        parser.add_argument("--force", action="store_true", help="stop an id that is not known (yet)")
        parser.add_argument("--list", action="store_true", help="print the switches that are on")
        parser.add_argument("--lift", metavar="ID", help="turn a switch off, by its number")
        parser.add_argument("--second", metavar="NAME", help="the second person, whose password is asked for")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = [bool(options["target"]), options["list"], bool(options["lift"])]
        if sum(asked) != 1:
            _refuse("say what to stop, or --list, or --lift ID")
        actor = Actor.command("kill", staff=getpass.getuser())
        try:
            if options["list"]:
                self._list()
            elif options["lift"]:
                self._lift(actor, options)
            else:
                self._set(actor, options)
        except (SwitchRefused, ServiceError, KeyMaterialError) as error:
            _refuse(str(error))
        except (DatabaseError, PostgresError) as error:
            _refuse(f"the database does not answer: {_first_line(error)}")

    def _set(self, actor: Actor, options: dict[str, Any]) -> None:
        """First the file, which needs nothing but this host's disk; then the row; then the file has done its work."""
        scope, target = parse_target(options["target"])
        now = datetime.now(tz=UTC)
        what: dict[str, Any] = {
            "scope": scope, "target": target, "reason": options["reason"], "until": options["until"],
            "drill": options["drill"], "macs": keys.state_macs(), "now": now,
        }  # fmt: skip
        path = None
        if not options["drill"]:
            path = set_on_this_host(set_by=actor.staff or "", folder=_folder(), **what)
        try:
            reach_database()
            stops = SwitchTargets().stopped(scope, target)
            switch = set_switch(actor=actor, force=options["force"], **what)
        except SwitchRefused as refused:
            if path is not None:
                path.unlink(missing_ok=True)
            if isinstance(refused, TargetUnknown):
                raise SwitchRefused(f"{refused}. --force stops it all the same") from None
            raise
        except (DatabaseError, PostgresError) as error:
            path = path or set_on_this_host(set_by=actor.staff or "", folder=_folder(), **what)
            self.stdout.write(f"{_label(options)} is stopped on this host ({path.stem}).")
            raise CommandError(
                f"The database does not answer ({_first_line(error)}): run the same on every other host. "
                "Whether anything has this id could not be checked. "
                "The switch is entered as soon as the database is back.",
                returncode=1,
            ) from None
        self.stdout.write(f"{_label(options)} is stopped: switch {switch.pk} stops {stops}.")
        if path is not None:
            time.sleep(_SEEN_BY_ALL)
            path.unlink(missing_ok=True)
        self._reconcile()

    def _list(self) -> None:
        away = ""
        try:
            reach_database()
            self._reconcile()
            for switch in live_switches():
                self.stdout.write(_line(switch))
        except (DatabaseError, PostgresError) as error:
            away = _first_line(error)
        for path in kill_files(_folder()):
            try:
                found, note = read_kill_file(path, macs=keys.state_macs())
            except (OSError, ValueError, KeyError, TypeError):
                self.stdout.write(f"{path.stem}  IGNORED: not written by this installation")
                continue
            if found.holds(time.time()):
                named = f"{found.kind.value}:{found.target}" if found.target else found.kind.value
                drill = "DRILL " if found.drill else ""
                self.stdout.write(f"{path.stem}  {drill}{named}  on this host only  {note.get('reason', '')}")
        if away:
            raise CommandError(f"The database does not answer ({away}): this is what holds on this host.", returncode=1)

    def _lift(self, actor: Actor, options: dict[str, Any]) -> None:
        wanted: str = options["lift"]
        if not options["reason"].strip():
            raise SwitchRefused("a reason is needed")
        reach_database()
        self._reconcile()
        if not wanted.isdecimal():
            raise SwitchRefused("a switch is lifted by its number; --list shows it once the database knows it")
        second = _second_person(options["second"], actor) if options["second"] else None
        switch = lift_switch(
            actor=actor, switch_id=int(wanted), reason=options["reason"], macs=keys.state_macs(), second=second
        )
        self.stdout.write(f"Switch {switch.pk} ({switch}) is lifted.")

    def _reconcile(self) -> None:
        entered = reconcile_files(folder=_folder(), macs=keys.state_macs())
        if entered:
            self.stdout.write(f"{entered} set on this host while the database was away: entered now.")


def reach_database() -> None:
    """Find out within seconds whether the database answers: nobody waits for a stop."""
    connection = connections["default"]
    options = connection.settings_dict["OPTIONS"] = {**connection.settings_dict.get("OPTIONS", {})}
    options.pop("pool", None)
    options.update(connect_timeout=3)
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '5s'; SET lock_timeout = '3s'")


def _second_person(name: str, actor: Actor) -> User:
    """Somebody else, who proves it with their password."""
    user = User.objects.filter(username=name).first()
    prompt = f"Password of {name}: "
    password = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if user is None or not user.is_active or not user.check_password(password) or name == actor.staff:
        raise SwitchRefused(f"{name} is no second person here: another active account, with its password")
    return user


def _folder() -> Path:
    return Path(settings.TOOLGATE_VAR) / "kill"


def _moment(text: str) -> datetime:
    span = _SPAN.fullmatch(text)
    if span:
        return datetime.now(tz=UTC) + timedelta(**{_UNITS[span[2]]: int(span[1])})
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


def _label(options: dict[str, Any]) -> str:
    return f"{'DRILL: ' if options['drill'] else ''}{options['target']}"


def _line(switch: Switch) -> str:
    drill = "DRILL " if switch.drill else ""
    until = f"until {written(switch.until)}" if switch.until else "until lifted"
    return f"{switch.pk}  {drill}{switch}  {until}  by {switch.set_by}  {switch.reason}"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _refuse(reason: str) -> NoReturn:
    raise CommandError(reason, returncode=2)
