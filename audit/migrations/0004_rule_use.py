"""When each rule last matched a call, kept beside the trail by ingest; counted from this migration on."""

from __future__ import annotations

from django.db import migrations, models

TABLES = """
ALTER TABLE audit_head ADD COLUMN rules_since timestamptz NOT NULL DEFAULT now();

CREATE TABLE audit_rule_use (
    rule text COLLATE "C" PRIMARY KEY,
    last timestamptz NOT NULL
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'toolgate_owner') AND current_user <> 'toolgate_owner'
            AND pg_has_role(current_user, 'toolgate_owner', 'MEMBER') THEN
        ALTER TABLE audit_rule_use OWNER TO toolgate_owner;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'toolgate_app') THEN
        REVOKE ALL ON audit_rule_use FROM toolgate_app;
        GRANT SELECT, INSERT, UPDATE ON audit_rule_use TO toolgate_app;
    END IF;
END $$;
"""

DROP = """
DROP TABLE audit_rule_use;
ALTER TABLE audit_head DROP COLUMN rules_since;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_destroyed_day_keys")]
    operations = [
        migrations.RunSQL(TABLES, DROP),
        migrations.CreateModel(
            name="RuleUse",
            fields=[
                ("rule", models.TextField(primary_key=True, serialize=False)),
                ("last", models.DateTimeField()),
            ],
            options={"db_table": "audit_rule_use", "managed": False},
        ),
    ]
