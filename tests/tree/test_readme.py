"""README's first governed call, typed as it stands there: what it promises is what comes."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.machine.postgres import Cluster
from tests.config.machine.serving import PROJECT, Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROMISED = [
    ("allow", None, None),
    ("ask", "approval", "approval.required"),
    ("deny", "scope", "rule.deny"),
    ("deny", "secrets", "secret.found"),
    ("deny", "blocklist", "block.host"),
    ("allow", None, None),
    ("deny", "rate_limit", "rate.principal"),
    ("deny", "kill_switch", "kill_switch.on"),
]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served(tmp_path / "var")
    yield running
    running.close()
    Cluster.kept_in(running.var).remove()


def first_call() -> str:
    """The shell that README's section shows, for this interpreter."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    section = text[text.index("<!-- first-call:start -->") : text.index("<!-- first-call:end -->")]
    blocks = re.findall(r"^   ```sh\n(.*?)^   ```$", section, re.MULTILINE | re.DOTALL)
    shell = "\n".join(re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in blocks)
    return shell.replace(".venv/bin/python", sys.executable)


def objects_in(text: str) -> list[dict[str, Any]]:
    """Every JSON object that was printed, in order."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while (start := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            at = start + 1
            continue
        found.append(value)
    return found


def test_the_readmes_calls_get_what_it_says_and_stand_in_the_admin_within_two_seconds(served: Served) -> None:
    served.wait_until_up()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TOOLGATE_", "DATABASE_URL"))},
        "TOOLGATE_VAR": str(served.var),
        "TOOLGATE_DOTENV": "none.env",
    }
    typed = subprocess.run(
        ["bash", "-c", first_call()],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    done = time.monotonic()
    answers = objects_in(typed.stdout)
    decisions = [answer for answer in answers if "decision" in answer]
    assert [(item["decision"], item["layer"], item["code"]) for item in decisions] == PROMISED, typed.stderr
    hook = answers[-1]["hookSpecificOutput"]
    assert (hook["hookEventName"], hook["permissionDecision"]) == ("PreToolUse", "deny")
    listed = page_of_the_trail(served, until=done + 2.0, wanted=[item["id"] for item in decisions])
    assert [item["id"] for item in decisions if item["id"] not in listed] == []


def page_of_the_trail(served: Served, *, until: float, wanted: list[str]) -> str:
    """The admin's list of records, as the first admin sees it, read until it holds what is wanted or the time is up."""
    found = re.search(r"First admin: name admin, password (\S+)", served.said())
    assert found, served.said()
    base = f"http://127.0.0.1:{served.port}"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    opener.addheaders = [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36")]
    login = opener.open(f"{base}/admin/login/", timeout=10).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', login)
    assert token
    form = {"username": "admin", "password": found[1], "csrfmiddlewaretoken": token[1], "next": "/admin/"}
    opener.open(f"{base}/admin/login/", urllib.parse.urlencode(form).encode(), timeout=10)
    while True:
        page: str = opener.open(f"{base}/admin/audit/trailrecord/", timeout=10).read().decode()
        if all(item in page for item in wanted) or time.monotonic() > until:
            return page
        time.sleep(0.1)
