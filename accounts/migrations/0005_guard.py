"""The scanner guard's lists, with what is shipped; a change raises the directory's revision."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from accounts.guard import lists

FORWARD = """
CREATE FUNCTION accounts_guard_directory() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    raised bigint;
BEGIN
    raised := accounts_next_directory_revision(false);
    UPDATE accounts_directoryepoch SET guard_at = raised WHERE id = 1;
    RETURN NULL;
END $$;

CREATE TRIGGER accounts_guardentry_directory AFTER INSERT OR UPDATE OR DELETE ON accounts_guardentry
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_guard_directory();
"""
BACKWARD = """
DROP TRIGGER accounts_guardentry_directory ON accounts_guardentry;
DROP FUNCTION accounts_guard_directory();
"""


def seed(apps: Any, schema_editor: Any) -> None:
    entry = apps.get_model("accounts", "GuardEntry")
    rows = [
        *(entry(kind="path", value=value) for value in lists.PATHS),
        *(entry(kind="path", value=value, enabled=False, note="It is ours.") for value in lists.PATHS_OFF),
        *(entry(kind="extension", value=value) for value in lists.EXTENSIONS),
        *(entry(kind="segment", value=value) for value in lists.SEGMENTS),
        *(entry(kind="name_start", value=value) for value in lists.NAME_STARTS),
        *(entry(kind="agent", value=value) for value in lists.AGENTS),
        *(entry(kind="browser", value=value, number=number) for value, number in lists.BROWSERS),
        entry(kind="number", value="shortest-agent", number=lists.SHORTEST_AGENT),
        entry(kind="number", value="refusals-per-minute", number=lists.REFUSALS_PER_MINUTE),
        entry(kind="number", value="ban-seconds", number=lists.BAN_SECONDS),
    ]
    entry.objects.using(schema_editor.connection.alias).bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_change_refs")]

    operations = [
        migrations.AddField("directoryepoch", "guard_at", models.PositiveBigIntegerField(default=0, db_default=0)),
        migrations.CreateModel(
            name="GuardEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.PositiveBigIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("updated_by", models.CharField(blank=True, default="", editable=False, max_length=128)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("path", "path"),
                            ("extension", "file extension"),
                            ("segment", "path segment"),
                            ("name_start", "beginning of a segment"),
                            ("agent", "user agent"),
                            ("browser", "browser's oldest version"),
                            ("number", "number"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "value",
                    models.CharField(
                        help_text="Compared in lower case: `/wp-admin`, `php`, `.git`, `sqlmap`, `chrome`.",
                        max_length=200,
                    ),
                ),
                (
                    "number",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        help_text="For a browser its oldest major version; for a number the number.",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("note", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "verbose_name": "scanner guard entry",
                "verbose_name_plural": "scanner guard entries",
                "ordering": ("kind", "value"),
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "value"), name="accounts_guardentry_value"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["path", "extension", "segment", "name_start", "agent", "browser", "number"])
                        ),
                        name="accounts_guardentry_kind",
                    ),
                ],
            },
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
