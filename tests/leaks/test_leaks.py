"""No fragment of any secret that goes through any door shows anywhere: not in what is kept, said, logged or shown."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.config.machine.processes import wait_for
from tests.config.machine.serving import free_port
from tests.faults.harness import ROOT
from tests.faults.product import Product
from tests.leaks import doors, sinks
from tests.leaks.client import Client
from tests.leaks.planted import Finder, Hit, Planter, Secret, forms

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    made = Product(tmp_path, (free_port(),), settings={"TOOLGATE_LOG_LEVEL": "debug"})
    made.settings["TOOLGATE_LOG_DIR"] = str(made.var / "log")
    try:
        made.start()
        yield made
    finally:
        made.end()


def people(product: Product, **told: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.leaks.people"],
        cwd=ROOT,
        env=product.environment(DJANGO_SETTINGS_MODULE="config.settings"),
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return made


def through_every_door(product: Product, plant: Planter, client: Client) -> None:
    password = plant.secret("a staff password")
    key = people(product, password=password)["key"]
    plant.given("an agent key", key, key.rpartition("_")[2])
    product.spawn("web0", "-m", "config.machine.start")
    product.wait_until_up()
    tokens = {name: plant.given(f"the token of {name}", token, token.split(".")[2]) for name, token in
              product.tokens.items()}  # fmt: skip
    hook = product.run_to_end("manage.py", "token", "issue", "--principal", "bob", "--agent", "coder", "--audience",
                              "hook", "--ttl", "900")  # fmt: skip
    plant.given("a hook's token", hook, hook.split(".")[2])
    staff = product.run_to_end("manage.py", "token", "issue", "--principal", "chief", "--ttl", "900")
    plant.given("a staff token", staff, staff.split(".")[2])
    alice = tokens["alice"]
    doors.in_arguments(client, plant, alice)
    client.call("an agent key", doors.DECISIONS, doors.READ, key)
    client.call("a token as an argument", doors.DECISIONS, {**doors.READ, "arguments": {"t": alice}}, alice)
    doors.in_names(client, plant, alice)
    doors.in_headers(client, plant, alice)
    doors.in_outcomes(client, plant, alice)
    doors.in_evaluations(client, plant, alice)
    doors.in_hooks(client, plant, hook)
    doors.in_management(client, plant, staff)
    journal = [path.read_bytes() for path in product.journal.glob("*.log")]
    client.answers += [("journal", segment) for segment in journal]
    assert any(b'"kind":"decision"' in segment for segment in journal)
    product.spawn("shipper", "manage.py", "ship")
    worker = ["-m", "celery", "--quiet", "--app", "config", "worker", "--loglevel", "debug"]
    product.spawn("worker", *worker, "--queues", "default,ingest,policy")
    wait_for(lambda: _count(product) > 60, seconds=40, what="the records in the trail")
    doors.in_pages(client, plant, password)
    product.kill_postgres()
    doors.while_the_database_is_away(client, plant, staff)
    product.revive_postgres()
    wait_for(lambda: _count(product, "audit_outbox") == 0, seconds=20, what="an empty outbox")
    for path in ("/metrics", "/readyz", "/livez"):
        client.send(path, "GET", path)
    client.answers.append(("audit list", product.run_to_end("manage.py", "audit", "list", "--limit", "500").encode()))
    client.answers.append(
        ("audit list --json", product.run_to_end("manage.py", "audit", "list", "--limit", "500", "--json").encode())
    )
    client.answers.append(("policy export", product.run_to_end("manage.py", "policy", "export").encode()))


def _count(product: Product, table: str = "audit_trail") -> int:
    with product.connect() as connection:
        row: Any = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(row[0])


def all_sinks(product: Product, client: Client) -> Iterator[tuple[str, bytes]]:
    yield from client.answers
    with product.connect() as connection:
        yield from sinks.tables(connection)
    yield from sinks.command_lines([part.process.pid for part in product.parts if part.process is not None])
    for name, content in sinks.files(product.var, without=frozenset({"keys", "postgres"})):
        yield f"file {name}", content
    for name, content in sinks.files(product.cluster.data):
        yield f"database {name}", content
    for path in product.folder.glob("*.log"):
        yield f"log {path.name}", path.read_bytes()


def test_no_fragment_of_a_secret_shows_anywhere(product: Product) -> None:
    plant = Planter(20_260_501)
    client = Client(product.ports[0])
    through_every_door(product, plant, client)
    finder = Finder(plant.planted)
    searched, hits = 0, set[Hit]()
    names = set()
    for name, content in all_sinks(product, client):
        searched += len(content)
        names.add(name)
        hits |= set(finder.hits(name, content))
    print(f"{len(plant.planted)} secrets, {finder.size} forms, {searched / 1e6:.0f} MB in {len(names)} places")
    print(f"statuses: {sorted(client.statuses.items(), key=lambda item: item[1])}")
    assert {200, 302, 400, 401, 403, 404, 405, 413, 415, 500} <= set(client.statuses.values())
    assert any(name.startswith("table audit_trail") for name in names)
    assert any(name.startswith("log web0") for name in names)
    failed = {door: status for door, status in client.statuses.items() if status >= 500}
    assert all(door.endswith("without a database") for door in failed), failed
    found = sorted({(hit.where, hit.sink, hit.form, hit.around) for hit in hits})
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("number", range(14))
def test_the_search_sees_a_fragment_in_every_form(number: int) -> None:
    """The negative control: what is hidden in each form is found, and what is not there is not."""
    plant = Planter(7)
    secret = plant.secret("here")
    whole = Secret(where="here", value=secret, own=plant.planted[0].own)
    form = list(forms(whole.own[3:11]))[number]
    finder = Finder([whole])
    assert [hit.where for hit in finder.hits("x", b"before " + form.encode() + b" after")] == ["here"]
    assert not list(finder.hits("x", b"before and after, and nothing between"))
