"""Who has looked at what was set aside: one row a review, insert-only as all that is evidence."""

from django.db import migrations, models

TABLE = """
CREATE TABLE audit_quarantine_review (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    through bigint NOT NULL,
    staff text NOT NULL,
    reason text NOT NULL
);
SELECT audit_guard('audit_quarantine_review');
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'toolgate_owner') AND current_user <> 'toolgate_owner'
            AND pg_has_role(current_user, 'toolgate_owner', 'MEMBER') THEN
        ALTER TABLE audit_quarantine_review OWNER TO toolgate_owner;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'toolgate_app') THEN
        REVOKE ALL ON audit_quarantine_review FROM toolgate_app;
        GRANT SELECT, INSERT ON audit_quarantine_review TO toolgate_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_rule_use")]
    operations = [
        migrations.CreateModel(
            name="QuarantineReview",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("through", models.BigIntegerField()),
                ("staff", models.TextField()),
                ("reason", models.TextField()),
            ],
            options={"db_table": "audit_quarantine_review", "managed": False},
        ),
        migrations.RunSQL(TABLE, "DROP TABLE audit_quarantine_review"),
    ]
