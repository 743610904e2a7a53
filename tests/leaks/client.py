"""A client that keeps every answer it gets: status line, headers and body."""

from __future__ import annotations

import http.client
import json
import re
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(slots=True)
class Client:
    """Speaks to one port as an API client and as a browser that is signed in."""

    port: int
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def send(
        self, door: str, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One exchange, kept under `door`. Raises OSError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            content = answer.read()
            told = "\n".join(f"{name}: {value}" for name, value in answer.getheaders()).encode("latin-1")
            for value in answer.headers.get_all("set-cookie") or ():
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]
        finally:
            connection.close()
        self.answers.append((f"answer of {door}", told + b"\n\n" + content))
        self.statuses[door] = answer.status
        return answer.status, content

    def call(self, door: str, path: str, body: Any, token: str, **headers: str) -> tuple[int, Any]:
        """POST JSON (bytes as they are) with a bearer token."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        status, content = self.send(door, "POST", path, body=data, headers=sent)
        return status, json.loads(content) if content.startswith((b"{", b"[")) else content

    def read(self, door: str, path: str, token: str) -> tuple[int, bytes]:
        """GET with a bearer token."""
        return self.send(door, "GET", path, headers={"Authorization": f"Bearer {token}"})

    def page(self, door: str, path: str) -> tuple[int, str]:
        """GET as the browser."""
        status, content = self.send(door, "GET", path, headers=self._as_browser())
        return status, content.decode("utf-8", "replace")

    def submit(self, door: str, path: str, **fields: str) -> tuple[int, str]:
        """POST a form as the browser, with the page's CSRF token."""
        if "csrf" not in self.cookies:
            self.page("the sign-in page", "/admin/login/")
        form = urllib.parse.urlencode({"csrfmiddlewaretoken": self.cookies["csrf"], **fields}).encode()
        headers = {**self._as_browser(), "Content-Type": "application/x-www-form-urlencoded"}
        status, content = self.send(door, "POST", path, body=form, headers=headers)
        return status, content.decode("utf-8", "replace")

    def _as_browser(self) -> dict[str, str]:
        made = {"User-Agent": BROWSER, "Accept-Language": "en", "Accept": "text/html"}
        if self.cookies:
            made["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return made


def links(page: str, below: str) -> list[str]:
    """The addresses below a path that a page links to."""
    return sorted({link for link in re.findall(r'href="([^"?#]+)"', page) if link.startswith(below)})
