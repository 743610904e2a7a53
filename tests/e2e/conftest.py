"""A real browser against the real pages. It lives in a thread of its own: its event loop must not be Django's."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from accounts.models import User
from governance.console.pages import traffic
from governance.selectors import policy_versions
from tests.governance.admin.actors import signed_in

T = TypeVar("T")
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NAMES = ("chromium", "chromium-browser", "google-chrome")

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


class Visitor:
    """One browser, used from its own thread. `said` is what the pages wrote to the console as errors."""

    def __init__(self, pool: ThreadPoolExecutor, browser: Browser, base: str) -> None:
        self._pool, self._browser, self.base = pool, browser, base
        self.said: list[str] = []

    def visit(
        self, user: User | None, script: Callable[[Page], T], *, dark: bool = False, width: int = 1280, js: bool = True
    ) -> T:
        """Run `script` on a fresh page on which this person is signed in; None: nobody is."""
        return self.start(user, script, dark=dark, width=width, js=js).result(timeout=120)

    def start(
        self, user: User | None, script: Callable[[Page], T], *, dark: bool = False, width: int = 1280, js: bool = True
    ) -> Future[T]:
        """The same, without waiting for it."""
        cookie = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value if user is not None else None
        return self._pool.submit(self._visit, cookie, script, dark, width, js)

    def _visit(self, cookie: str | None, script: Callable[[Page], T], dark: bool, width: int, js: bool) -> T:
        context = self._browser.new_context(
            base_url=self.base,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=js,
            user_agent=AGENT,
            reduced_motion="reduce",
        )
        try:
            if cookie is not None:
                context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.base}])
            context.add_init_script(WATCH)
            page = context.new_page()
            page.on("console", lambda said: self.said.append(said.text) if said.type == "error" else None)
            page.on("dialog", lambda dialog: self.said.append(f"dialog: {dialog.message}"))
            page.on("pageerror", lambda error: self.said.append(str(error)))
            return script(page)
        finally:
            context.close()


def _start() -> tuple[Playwright, Browser]:
    path = next(found for found in map(shutil.which, NAMES) if found)
    running = sync_playwright().start()
    return running, running.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[ThreadPoolExecutor, Browser]]:
    """The browser, started once."""
    with ThreadPoolExecutor(1, thread_name_prefix="browser") as pool:
        running, browser = pool.submit(_start).result(timeout=60)
        yield pool, browser
        pool.submit(browser.close).result(timeout=30)
        pool.submit(running.stop).result(timeout=30)


@pytest.fixture
def visitor(live_server: Any, chromium: tuple[ThreadPoolExecutor, Browser]) -> Visitor:
    """A visitor of the pages as they are served in this test."""
    traffic.forget()
    policy_versions.forget()
    return Visitor(*chromium, live_server.url)
