"""Static files, served in the event loop's process ahead of Django: ours, the admin's and the API page's."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from django.contrib.staticfiles import finders
from django.core.files.storage import FileSystemStorage
from whitenoise.base import WhiteNoise
from whitenoise.responders import StaticFile

from config.edge.csp import PAGE_HEADERS
from config.edge.lane import Receive, Scope, Send

_CHUNK = 64 * 1024
_HEADERS = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in PAGE_HEADERS.items()]


class StaticFiles:
    """ASGI application over the files that Django's finders know, looked up once at start."""

    def __init__(self, prefix: str) -> None:
        self._known = WhiteNoise(None, allow_all_origins=False)
        for finder in finders.get_finders():
            for path, storage in finder.list([]):
                assert isinstance(storage, FileSystemStorage)
                self._known.add_file_to_dictionary(f"{prefix}{path}", storage.path(path))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._known.files.get(scope["path"])
        if file is None:
            await _send_start(send, HTTPStatus.NOT_FOUND, [("Content-Type", "text/plain; charset=utf-8")])
            await send({"type": "http.response.body", "body": b"No such file.\n"})
            return
        response = await asyncio.to_thread(_respond, file, scope)
        await _send_start(send, response.status, response.headers)
        if response.file is None:
            await send({"type": "http.response.body", "body": b""})
            return
        with response.file:
            while chunk := await asyncio.to_thread(response.file.read, _CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _respond(file: StaticFile, scope: Scope) -> Any:
    headers = {
        "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    return file.get_response(scope["method"], headers)


async def _send_start(send: Send, status: HTTPStatus, headers: list[tuple[str, str]]) -> None:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": int(status), "headers": encoded + _HEADERS})
