"""The product's own web process, served as always, that also says what stands in it: `GET /standing` on its port.

`python -m tests.config.edge.standing` is `config.machine.start` but for that one path.
"""

from __future__ import annotations

import gc
import inspect
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import uvicorn

OURS = ("accounts", "audit", "config", "governance")


class Standing:
    """The ASGI application of the product, and one path more."""

    def __init__(self) -> None:
        from config.asgi import application

        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") != "/standing":
            await self._application(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(what_stands()).encode()})


def what_stands() -> dict[str, Any]:
    """Each part that start-up puts in place of a fallback, as found in this process."""
    from accounts.guard.installed import installed_guard
    from audit.writing import process
    from config.asgi import INLINE
    from config.machine import embedded
    from governance.deciding import startup

    guard: Any = installed_guard()
    lane: Any = INLINE["/api/v1/decisions"]
    runtime: Any = startup.current()
    directory = runtime.directory.state
    return {
        "guard tells": name_of(guard._tell),
        "guard trusts": [str(network) for network in guard._trusted],
        "guard's lists are the directory's": guard._lists() is directory.guard,
        "guard asks the authenticator": name_of(guard._vouches),
        "the lane asks the same guard": lane.edge.guard() is guard,
        "runtimes": len(startup._running),
        "release": runtime.snapshot.release,
        "confirmed": runtime.world.confirmed_at is not None and directory.confirmed_at is not None,
        "principals": len(directory.principals),
        "session cookie": runtime.authenticator._session_cookie.decode(),
        "proxy": runtime.proxy is not None,
        "alarm": name_of(runtime.alarm),
        "directory's alarm": name_of(runtime.directory._alarm),
        "journal": runtime.journal is process._state["journal"] and runtime.journal.status().healthy,
        "journal's keys": [name_of(process._state[name]) for name in ("kid", "key_for")],
        "database held": bool(embedded._held),
        "left at its default": sorted(set(left_at_default())),
    }


def left_at_default() -> Iterator[str]:
    """Of every object of ours in this process, the callables that nobody handed in: the parameter's default stands."""
    gc.unfreeze()  # start-up freezes what it made, and a frozen object is in no list
    gc.collect()
    for item in gc.get_objects():
        kind: Any = type(item)
        for name, default in _callable_defaults(kind):
            if any(value is default for value in (getattr(item, name, None), getattr(item, f"_{name}", None))):
                yield f"{kind.__module__}.{kind.__qualname__}.{name}"


@cache
def _callable_defaults(kind: type) -> tuple[tuple[str, Any], ...]:
    """The parameters of a class of ours that are functions, and have one by default."""
    if str(kind.__module__).split(".")[0] not in OURS or issubclass(kind, type) or kind.__init__ is object.__init__:
        return ()
    from rest_framework.fields import empty  # a class that stands for no default at all

    parameters = inspect.signature(kind.__init__).parameters.values()
    given = [(one.name, one.default) for one in parameters if one.default is not one.empty]
    return tuple((name, default) for name, default in given if callable(default) and default is not empty)


def name_of(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


application: Standing


def __getattr__(name: str) -> Any:
    if name == "application":
        return Standing()
    raise AttributeError(name)


def main() -> None:
    """Serve as `config.machine.start` does."""
    from config.machine import start

    serve = uvicorn.run

    def run(_application: str, **options: Any) -> None:
        serve("tests.config.edge.standing:application", **options)

    uvicorn.run = run  # type: ignore[assignment]
    start.main()


if __name__ == "__main__":
    main()
