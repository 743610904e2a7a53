"""A web process's runtime in a thread of the test: it listens, polls and takes up what is published, as in service."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from governance.deciding.runtime import Runtime
from governance.deciding.startup import running_runtime
from governance.engine.call import Call, Door, EntityKind, Json, Labels
from governance.engine.deciding.driver import StandIn, run
from governance.engine.deciding.pipeline import decide
from governance.engine.decision import Decision
from governance.engine.principal import Caller, Principal, PrincipalKind, Tier


class Running:
    """`with Running() as process:` decides with what the database says, until left."""

    runtime: Runtime

    def __init__(self) -> None:
        self._ready, self._failure = threading.Event(), ""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20), "the runtime did not start"
        assert not self._failure, self._failure
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(20)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            self._failure = repr(error)
            self._ready.set()

    async def _serve(self) -> None:
        self.loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
        async with running_runtime() as runtime:
            self.runtime = runtime
            self._ready.set()
            await self._leave.wait()

    def ask(self, tool: str, *, role: str = "analyst", **arguments: Json) -> Decision:
        """What this process answers somebody with that role, who calls `files/<tool>` now."""
        caller = Caller(
            principal=Principal(id="ann", kind=PrincipalKind.USER, tier=Tier.USER, roles=frozenset({role})),
        )
        call = Call(
            kind=EntityKind.TOOL, entity=f"files/{tool}", arguments=arguments, size=64, data_sources=(),
            labels=Labels(), door=Door.TEST,
        )  # fmt: skip
        return run(decide(self.runtime.snapshot, self.runtime.world, caller, call, now=time.time()), StandIn())


def seconds_until(holds: Callable[[], bool], *, within: float) -> float:
    """How long it takes until this holds. Fails the test when it takes longer than `within` seconds."""
    started = time.perf_counter()
    while not holds():
        assert time.perf_counter() - started < within, f"it does not hold after {within} s"
        time.sleep(0.002)
    return time.perf_counter() - started
