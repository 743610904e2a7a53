"""Starting and stopping what a web process decides with."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import connections
from psycopg.conninfo import make_conninfo
from redis.asyncio import Redis

from accounts.credentials.proxy import MemoryNonces, NonceStore, TrustedProxy
from accounts.directory.live import LiveDirectory
from accounts.directory.watch import DirectoryWatch
from accounts.guard.bans import MINUTE
from accounts.identity.authenticator import Authenticator
from accounts.services.agent_keys import note_uses
from accounts.tokens.verify import Verifier
from audit.records.capture import Capturer
from audit.records.kinds import Kind, Level
from audit.records.record import prepare
from audit.records.who import Who
from audit.writing import process
from audit.writing.journal import AuditUnavailable
from governance.deciding import keys
from governance.deciding.following.follower import Follower
from governance.deciding.following.kept_directory import KeptDirectory
from governance.deciding.following.state_files import KeptState
from governance.deciding.limits.budget_store import BudgetStore, MemoryStore, RedisStore, redis_store
from governance.deciding.remembered.call_ids import CallIds, LocalCallIds, SharedCallIds
from governance.deciding.remembered.nonces import SharedNonces
from governance.deciding.remembered.recall import recall_call_ids
from governance.deciding.runtime import Runtime
from governance.engine.compiled.compilation import compile_snapshot
from governance.engine.world import World
from governance.vault.capture import DayKeys
from governance.vault.master import Purpose

_DSN_FIELDS = frozenset({"dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey"})

log = structlog.get_logger(__name__)
_running: list[Runtime] = []


def current() -> Runtime:
    """The runtime of this process. Raises RuntimeError where none is running."""
    if not _running:
        raise RuntimeError("this process does not decide: no runtime is running")
    return _running[-1]


@contextmanager
def deciding_by(runtime: Runtime) -> Iterator[Runtime]:
    """While the block runs, this is the runtime of the process."""
    _running.append(runtime)
    try:
        yield runtime
    finally:
        _running.remove(runtime)


def empty_runtime() -> Runtime:
    """A runtime that knows no release and has confirmed nothing: it denies everything."""
    master = keys.master_keys()
    day_keys = DayKeys(keys.capture_keys())
    directory = LiveDirectory(macs=keys.digests(Purpose.MAC), alarm=_revocation_alarm)
    return Runtime(
        authenticator=Authenticator(
            verifier=Verifier(ring=keys.token_keys(), issuer=settings.TOOLGATE_ISSUER),
            directory=directory,
            digests=keys.digests(Purpose.AGENT_KEY_DIGEST),
            session_cookie=settings.SESSION_COOKIE_NAME,
        ),
        directory=directory,
        journal=process.journal(),
        arguments=Capturer(sealer=day_keys, digest_key=master.derive(Purpose.ARGUMENTS_DIGEST), kid=master.kid),
        results=Capturer(sealer=day_keys, digest_key=master.derive(Purpose.RESULT_DIGEST), kid=master.kid),
        day_keys=day_keys,
        requests=keys.digests(Purpose.REQUEST_DIGEST),
        budgets=_budgets(),
        call_ids=_call_ids(),
        issuer=settings.TOOLGATE_ISSUER,
        version=settings.VERSION,
        snapshot=compile_snapshot({"toolgate": 1}, release=0, digest="", keys=keys.engine_keys()),
        world=World(),
        proxy=_proxy(),
        alarm=alarm,
        web_processes=settings.TOOLGATE_WEB_PROCESSES,
    )


@asynccontextmanager
async def running_runtime() -> AsyncIterator[Runtime]:
    """The runtime of this web process, kept in step with the database until left; then the journal is closed."""
    runtime = empty_runtime()
    kept = KeptState(folder=Path(settings.TOOLGATE_VAR) / "state", macs=keys.state_macs())
    directory = KeptDirectory(kept, keys.digests(Purpose.MAC))
    watch = DirectoryWatch(
        runtime.directory,
        used_keys=runtime.authenticator.used_keys,
        note_uses=note_uses,
        keep=directory.keep,
    )
    follower = Follower(
        runtime=runtime,
        dsn=dsn(),
        policy_keys=keys.policy_keys().public_only(),
        engine_keys=keys.engine_keys(),
        macs=keys.state_macs(),
        kept=kept,
        kept_directory=directory,
        kill_folder=Path(settings.TOOLGATE_VAR) / "kill",
        directory=runtime.directory,
        alarm=alarm,
        on_notify=lambda channel: watch.nudge() if channel == "toolgate_directory" else None,
    )
    if (state := await asyncio.to_thread(directory.restored, time.time())) is not None:
        runtime.directory.state = state
    async with watch.running(), follower.running():
        housekeeping = [
            asyncio.create_task(_keep_house(runtime), name="housekeeping"),
            asyncio.create_task(_tell_refusals(runtime), name="refusals"),
        ]
        if isinstance(runtime.call_ids, LocalCallIds):
            await recall_call_ids(runtime.call_ids, node=process.node())
        try:
            with deciding_by(runtime):
                gc.collect()
                # What was made until now stays: a full collection that walks it would stop every call for long.
                gc.freeze()
                yield runtime
        finally:
            for task in housekeeping:
                task.cancel()
            for task in housekeeping:
                with suppress(asyncio.CancelledError):
                    await task
            runtime.tell_refusals(time.time(), all_of_it=True)
            process.close_journal()


async def _keep_house(runtime: Runtime) -> None:
    """Once a second, say to the other processes that this one is there: they share what all of them may spend."""
    while isinstance(runtime.budgets, RedisStore):
        await asyncio.sleep(1.0)
        await runtime.budgets.heartbeat()


async def _tell_refusals(runtime: Runtime) -> None:
    """Once a minute, record how many credentials were refused of those not recorded one by one."""
    while True:
        await asyncio.sleep(MINUTE)
        runtime.tell_refusals(time.time())


def dsn() -> str:
    """The database as libpq writes it, for a connection of our own."""
    parameters = connections["default"].get_connection_params()
    return make_conninfo(**{name: value for name, value in parameters.items() if name in _DSN_FIELDS and value})


def alarm(code: str, detail: Mapping[str, Any]) -> None:
    """Raise an alarm: an error in the log and a security event in the trail."""
    log.error(code, **detail)
    record = prepare(Kind.SECURITY_EVENT, who=Who.component("web"), level=Level.ERROR, code=code, detail=dict(detail))
    try:
        process.journal().append(record)
    except AuditUnavailable:
        log.error("alarm.not_recorded", code=code)


def _revocation_alarm(reason: str) -> None:
    alarm("revocation.tampered", {"reason": reason})


def _proxy() -> TrustedProxy | None:
    if not settings.TOOLGATE_TRUSTED_PROXIES or not settings.TOOLGATE_PROXY_KEY:
        return None
    return TrustedProxy(
        networks=settings.TOOLGATE_TRUSTED_PROXIES, key=settings.TOOLGATE_PROXY_KEY.encode(), nonces=_nonces()
    )


def _nonces() -> NonceStore:
    if not _shared_redis():
        return MemoryNonces()
    timeout = 0.1  # seconds on the event loop
    return SharedNonces(
        redis.Redis.from_url(settings.TOOLGATE_REDIS_URL, socket_timeout=timeout, socket_connect_timeout=timeout)
    )


def _shared_redis() -> bool:
    return bool(settings.TOOLGATE_REDIS_URL) and settings.TOOLGATE_WEB_PROCESSES > 1


def _budgets() -> BudgetStore:
    if _shared_redis():
        return redis_store(settings.TOOLGATE_REDIS_URL, at_least=settings.TOOLGATE_WEB_PROCESSES)
    return MemoryStore()


def _call_ids() -> CallIds:
    if _shared_redis():
        return SharedCallIds(
            Redis.from_url(settings.TOOLGATE_REDIS_URL, socket_timeout=0.25, socket_connect_timeout=0.25)
        )
    return LocalCallIds()
