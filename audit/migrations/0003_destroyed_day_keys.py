"""A destroyed day key keeps its row, so that an opening can say since when, and a resent frame does not bring it back."""

from __future__ import annotations

from django.db import migrations, models

ADD = """
ALTER TABLE audit_day_key ADD COLUMN destroyed_at timestamptz;
ALTER TABLE audit_day_key ADD CONSTRAINT audit_day_key_destroyed CHECK ((destroyed_at IS NULL) = (sealed <> ''));
"""

DROP = """
ALTER TABLE audit_day_key DROP CONSTRAINT audit_day_key_destroyed;
ALTER TABLE audit_day_key DROP COLUMN destroyed_at;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_trail")]
    operations = [
        migrations.RunSQL(
            ADD,
            DROP,
            state_operations=[
                migrations.AddField("daykey", "destroyed_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
