"""`manage.py serve`: the whole of Toolgate on one machine, in one foreground process that supervises the others."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, call_command, get_commands
from django.db import connections, transaction

from config.machine import embedded
from config.machine.child import Child
from config.machine.instance import Instance, serving
from config.machine.postgres import PostgresError
from config.machine.supervisor import Supervisor

WEB_POOL = 8
FIRST_ADMIN = "admin"
# Web first, so that nothing new is decided; then what it wrote is shipped, taken in and only then the clock stops.
STOPPING = ("web", "shipper", "worker", "beat")


class Command(BaseCommand):
    help = "Serve: database, migrations, then web, shipper, worker and beat, restarted when they die."

    def handle(self, *args: Any, **options: Any) -> None:
        # Output may be a pipe into a log: what is said once must be there when it is said.
        run = settings.TOOLGATE_VAR / "run"
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as stack:
            _keep_others_out(stack.enter_context(_opened_private(run / "serve.lock")))
            _refuse_taken_port(settings.TOOLGATE_HOST, settings.TOOLGATE_PORT)
            try:
                embedded.hold()
            except PostgresError as error:
                raise CommandError(str(error)) from error
            stack.callback(embedded.let_go)
            call_command("migrate", interactive=False, verbosity=0)
            _make_first_admin(self)
            if _is_empty() and not settings.PRODUCTION:
                call_command("demo", stdout=self.stdout)
            connections.close_all()
            children = _children()
            names = [child.name for child in children]
            stack.enter_context(serving(_this_instance()))
            self._say(f"Toolgate serves at {settings.TOOLGATE_ISSUER}/admin/ (stop with Ctrl-C)")
            supervisor = Supervisor(
                children, stopping=[name for name in STOPPING if name in names], state=run / "serve.json"
            )
            with embedded.kept_up():
                ended_by = supervisor.run()
        self._say(f"Stopped ({signal.Signals(ended_by).name}).")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _this_instance() -> Instance:
    return Instance(
        issuer=settings.TOOLGATE_ISSUER,
        host=settings.TOOLGATE_HOST,
        port=settings.TOOLGATE_PORT,
        var=os.path.realpath(settings.TOOLGATE_VAR),
        checkout=str(settings.BASE_DIR),
        pid=os.getpid(),
    )


def _children() -> list[Child]:
    python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
    celery = [python, "-m", "celery", "--quiet", "--app", "config"]
    level = settings.LOGGING["root"]["level"].lower()
    pool = {} if settings.TOOLGATE_DATABASE_POOL else {"TOOLGATE_DATABASE_POOL": str(WEB_POOL)}
    web = [python, "-m", "config.machine.start"]
    worker = [*celery, "worker", "--loglevel", level, "--queues", ",".join(_queues()), "--hostname", "toolgate@%h"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = [*celery, "beat", "--loglevel", level, "--pidfile", ""]
    Path(settings.CELERY_BEAT_SCHEDULE_FILENAME).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    children = [Child("worker", worker, environment={}, grace=20), Child("beat", beat, environment={}, grace=10)]
    if "ship" in get_commands():
        children.append(Child("shipper", [python, manage, "ship"], environment={}, grace=20))
    return [*children, Child("web", web, environment=pool, grace=15)]


def _queues() -> tuple[str, ...]:
    from config.beat import QUEUES

    return QUEUES


def _is_empty() -> bool:
    """Whether nothing has been written or published yet: the demo stands in until something is."""
    from governance.models import Release
    from governance.selectors.draft import holds_a_policy

    return not Release.objects.exists() and not holds_a_policy()


def _make_first_admin(command: Command) -> None:
    """Make the first owner when there is none and print the password, this once."""
    users: Any = get_user_model()._default_manager
    with transaction.atomic():
        if users.filter(staff_grants__role="owner").exists():
            return
        password = secrets.token_urlsafe(18)
        users.create_superuser(FIRST_ADMIN, password=password)
        # Said before it is committed: an account whose password nobody saw would be worse than none.
        command._say(f"First admin: name {FIRST_ADMIN}, password {password} (shown this once, kept nowhere)")


def _opened_private(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600), "w", encoding="utf-8")


def _keep_others_out(lock: TextIO) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(f"Another serve runs on {settings.TOOLGATE_VAR}.") from None


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host.strip("[]"), port))
        except OSError as error:
            raise CommandError(f"Cannot listen at {host}:{port}: {error.strerror}. Choose HOST or PORT.") from error
