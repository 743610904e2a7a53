"""Destroying databases as a whole, by their own tools."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.engine.blocking.hazards.dry_run import is_dry
from governance.engine.normalise.shell.command import Program


def databases(command: Program) -> Iterator[str]:
    """Whole databases, by their own tools."""
    name, words = command.name, command.words
    lowered = [word.lower() for word in words]
    operands = [word for word in lowered if not word.startswith("-")]
    joined = " ".join([name, *operands[:6]])
    if is_dry(command):
        return
    if name in {"dropdb", "dropuser", "pg_dropcluster", "mongodrop"} or (name == "mysqladmin" and "drop" in operands):
        yield "database-drop"
    elif name in {"redis-cli", "valkey-cli", "keydb-cli"} and (
        {"flushall", "flushdb", "shutdown"} & set(operands)
        or {"flushall", "flushdb"} & set((command.stdin or "").lower().split())
        or joined.find("config set dir") >= 0
    ):
        yield "cache-flush"
    elif (
        name in {"rails", "rake", "bin/rails"}
        and {
            "db:drop",
            "db:reset",
            "db:purge",
            "db:drop:all",
            "db:migrate:reset",
            "db:schema:load",
            "db:truncate_all",
        }
        & set(operands)
        or name in {"php", "artisan"}
        and {"migrate:fresh", "db:wipe", "migrate:reset", "migrate:refresh"} & set(operands)
    ):
        yield "database-drop"
    elif name in {
        "npx",
        "prisma",
        "yarn",
        "pnpm",
        "bunx",
        "npm",
        "sequelize",
        "sequelize-cli",
        "typeorm",
        "knex",
        "drizzle-kit",
        "bun",
    }:
        if (
            re.search(
                r"\bprisma (?:migrate reset|db execute)|\bdb:drop|\bschema:drop|migrate:rollback --all|\bdb push",
                joined,
            )
            and ("db push" not in joined or "--force-reset" in lowered)
            or "--force-reset" in lowered
        ):
            yield "database-drop"
        elif "unpublish" in operands[:2]:
            yield "repository-destroy"
    elif name.startswith("python") or name in {"manage.py", "django-admin", "alembic", "flask"}:
        if (
            (
                {"flush", "reset_db", "sqlflush"} & set(operands[:3])
                and ("manage.py" in joined or name in {"manage.py", "django-admin"})
                and "sqlflush" not in operands
            )
            or "downgrade" in operands
            and "base" in operands
            or re.search(r"manage\.py migrate \w+ zero", joined)
        ):
            yield "database-drop"
    elif name in {"mix"} and {"ecto.drop", "ecto.reset"} & set(operands):
        yield "database-drop"
    elif name in {"supabase", "hasura", "dotnet", "liquibase", "flyway", "dbmate", "diesel", "sqlx", "goose"}:
        if re.search(r" db reset|database (?:drop|reset)|ef database drop| drop-?all$| clean$| drop$| reset$", joined):
            yield "database-drop"
    elif (
        name in {"kafka-topics", "kafka-topics.sh"}
        and "--delete" in words
        or name in {"rabbitmqctl"}
        and {"reset", "force_reset", "delete_queue", "delete_vhost"} & set(operands)
        or name in {"curl", "http", "wget"}
        and _deletes_index(command)
        or name == "bq"
        and "rm" in operands[:2]
        or name == "influx"
        and ("delete" in operands[:2])
    ):
        yield "database-drop"


def _deletes_index(command: Program) -> bool:
    words = command.words
    deletes = (
        any(word in {"-XDELETE", "--request=DELETE"} for word in words)
        or any(
            word in {"-X", "--request"} and following.upper() == "DELETE"
            for word, following in zip(words, words[1:], strict=False)
        )
        or "DELETE" in words[:1]
    )
    if deletes:
        return any(
            re.search(
                r":(?:9200|9243|5984|6333|8086|8123|7474|8983|19530)(?:/|$)|elastic|opensearch|/_all\b|/\*$|couchdb"
                r"|solr",
                word,
            )
            for word in words
        )
    return any("_delete_by_query" in word for word in words) and any("match_all" in word for word in words)
