"""The edge of a process that is really served: every part that has a fallback is the real one, and the guard guards."""

from __future__ import annotations

import ast
import http.client
import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.config.machine.processes import wait_for
from tests.config.machine.serving import PROJECT, free_port
from tests.faults.product import Product

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROXY = "127.0.9.1"
PROBE = "/wp-admin"

REPLACED = {
    "accounts/guard/installed.py:_installed",
    "audit/writing/process.py:_state",
    "config/machine/embedded.py:_held",
    "governance/deciding/startup.py:_running",
}
"""What start-up fills in a web process."""

OF_OTHERS = {
    "audit/tasks.py:_held": "a worker's connections",
    "audit/writing/alarms.py:_last": "when each alarm was last recorded",
}

STANDS_AS_IT_IS = {
    "accounts.directory.watch.DirectoryWatch.clock": "the clock",
    "audit.writing.allowance.Allowance.monotonic": "the clock",
    "audit.writing.journal.Journal.alarm": "a journal that fails cannot record it: the log is told",
    "audit.writing.journal.Journal.clock": "the clock",
    "governance.api.door.lane.Route.refusal": "problem details, for clients that have no form of their own",
}
"""Callables whose default is the real one, and why."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One web process of the product on its own database, with a trusted proxy at 127.0.9.x."""
    trusted = {"TOOLGATE_TRUSTED_PROXIES": "127.0.9.0/24", "TOOLGATE_PROXY_KEY": "k" * 40}
    made = Product(tmp_path_factory.mktemp("edge"), (free_port(),), settings=trusted)
    try:
        made.start()
        made.spawn("web0", "-m", "tests.config.edge.standing")
        made.wait_until_up()
        yield made
    finally:
        made.end()


def ask(product: Product, path: str, *, source: str = "127.0.0.1", method: str = "GET", **headers: str) -> int:
    """The status of one request from a client at `source`."""
    connection = http.client.HTTPConnection("127.0.0.1", product.ports[0], timeout=10, source_address=(source, 0))
    sent = {"User-Agent": BROWSER, **{name.replace("_", "-"): value for name, value in headers.items()}}
    try:
        connection.request(method, path, None, sent)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def refusals_of(product: Product, network: str, *, kind: str = "security_event") -> list[dict[str, Any]]:
    """What the journal holds of one network's refusals, in order."""
    found = []
    for path in sorted(product.journal.glob("*.log")):
        for line in path.read_bytes().split(b"\n"):
            start = line.find(b'{"')
            record = orjson.loads(line[start:]) if start >= 0 else {}
            if record.get("kind") == kind and record["data"].get("network") == network:
                found.append(record["data"])
    return found


def test_every_part_of_start_up_that_has_a_fallback_is_the_real_one_when_served(product: Product) -> None:
    _, stands = product.get("/standing")
    left = stands.pop("left at its default")
    assert stands == {
        "guard tells": "config.edge.guarding._record",
        "guard trusts": ["127.0.9.0/24"],
        "guard's lists are the directory's": True,
        "guard asks the authenticator": "config.edge.guarding._vouches",
        "the lane asks the same guard": True,
        "runtimes": 1,
        "release": 1,
        "confirmed": True,
        "principals": stands["principals"],
        "session cookie": "toolgate",
        "proxy": True,
        "alarm": "governance.deciding.startup.alarm",
        "directory's alarm": "governance.deciding.startup._revocation_alarm",
        "journal": True,
        "journal's keys": ["governance.deciding.keys.journal_kid", "governance.deciding.keys.journal_key"],
        "database held": True,
    }
    assert stands["principals"] > 0
    assert set(left) == set(STANDS_AS_IT_IS)


def test_every_place_that_start_up_fills_is_known_here() -> None:
    found = set()
    for room in ("accounts", "audit", "config", "governance"):
        for path in sorted((PROJECT / room).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    name, value = node.target.id, node.value
                    empty = isinstance(value, ast.List | ast.Dict) and not ast.unparse(value).strip("[]{}")
                    if empty and name.startswith("_") and name.islower():
                        found.add(f"{path.relative_to(PROJECT)}:{name}")
    assert found == REPLACED | set(OF_OTHERS)


def test_a_scanner_shuts_out_its_network_but_no_valid_credential_and_no_health_route(product: Product) -> None:
    scanner, neighbour = "127.0.1.5", "127.0.1.9"
    assert [ask(product, PROBE, source=scanner) for _ in range(35)] == [403] * 35
    assert ask(product, "/admin/login/", source=neighbour) == 403
    assert ask(product, "/api/v1/me", source=neighbour) == 403
    assert ask(product, "/api/v1/me", source=neighbour, Authorization="Bearer a.b.c") == 403
    token = product.tokens["alice"]
    assert ask(product, "/api/v1/me", source=neighbour, Authorization=f"Bearer {token}") == 200
    assert ask(product, PROBE, source=neighbour, Authorization=f"Bearer {token}") == 403
    for path in ("/livez", "/readyz", "/metrics"):
        assert ask(product, path, source=scanner) == 200
    assert ask(product, "/admin/login/", source="127.0.2.5") == 200


def test_a_list_edited_in_the_admin_is_in_force_in_the_served_process(product: Product) -> None:
    source = "127.0.3.5"
    assert ask(product, "/uploads", source=source) == 403
    edit(product, "/uploads", enabled=False)
    wait_for(lambda: ask(product, "/uploads", source=source) == 404, seconds=5, what="the entry switched off")
    edit(product, "/uploads", enabled=True)
    wait_for(lambda: ask(product, "/uploads", source=source) == 403, seconds=5, what="the entry switched on")


def edit(product: Product, value: str, *, enabled: bool) -> None:
    """What saving an entry in the admin does."""
    product.run_to_end(
        "-c",
        "import django; django.setup()\n"
        "from accounts.models import GuardEntry\n"
        "from accounts.services.actor import Actor\n"
        "from accounts.services.change import save_changed\n"
        f"row = GuardEntry.objects.get(value={value!r})\n"
        f"row.enabled = {enabled}\n"
        "save_changed(actor=Actor.command('test', staff='root'), instance=row, expected_revision=row.revision)\n",
    )


def test_behind_a_trusted_proxy_the_client_is_banned_and_never_the_proxy(product: Product) -> None:
    def passed_on(path: str, client: str, *, hop: str = PROXY) -> int:
        return ask(product, path, source=hop, X_Forwarded_For=client)

    assert [passed_on(PROBE, f"198.51.100.1, 203.0.113.{number}") for number in range(35)] == [403] * 35
    assert passed_on("/admin/login/", "203.0.113.77") == 403
    assert passed_on("/admin/login/", "198.51.100.1") == 200
    assert ask(product, "/admin/login/", source=PROXY) == 200
    assert passed_on("/admin/login/", "203.0.113.77", hop="127.0.4.5") == 200
    assert [ask(product, PROBE, source=PROXY) for _ in range(35)] == [403] * 35
    assert ask(product, "/admin/login/", source=PROXY) == 200
    assert refusals_of(product, "203.0.113.0/24")


def test_refusals_are_recorded_one_by_one_and_then_counted_and_none_is_lost_at_the_end(product: Product) -> None:
    source, network = "127.0.5.5", "127.0.5.0/24"
    for _ in range(25):
        assert ask(product, PROBE, source=source) == 403
    assert [said["count"] for said in refusals_of(product, network)] == [1] * 10
    assert refusals_of(product, network)[0] == {
        "code": "guard.refused",
        "reason": "guard.path",
        "count": 1,
        "network": network,
        "detail": json.dumps({"banned": False}, separators=(",", ":")),
    }
    forger = "127.0.6.5"
    statuses = {ask(product, "/api/v1/me", source=forger, Authorization=f"Bearer a.b.{number}") for number in range(60)}
    assert statuses == {401, 429}
    token = product.tokens["bob"]
    assert ask(product, "/api/v1/me", source=forger, Authorization=f"Bearer {token}") == 200
    assert len(refusals_of(product, "127.0.6.0/24", kind="authentication")) == 10
    product.parts[0].stop()
    assert [said["count"] for said in refusals_of(product, network)] == [1] * 10 + [15]
    *_, last = refusals_of(product, "127.0.6.0/24", kind="authentication")
    assert orjson.loads(last["detail"]) == {"count": 50}
    product.parts.clear()
    product.spawn("web0", "-m", "tests.config.edge.standing")
    product.wait_until_up()
