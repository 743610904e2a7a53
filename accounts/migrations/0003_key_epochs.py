"""Agent keys and revocations raise the directory's revision too, however they are written."""

from __future__ import annotations

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION accounts_credential_directory() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    raised bigint;
BEGIN
    IF TG_TABLE_NAME = 'accounts_agentkey' AND TG_OP = 'UPDATE' THEN
        -- When a key was last used changes nothing about whom it lets in.
        IF to_jsonb(NEW) - 'last_used_at' = to_jsonb(OLD) - 'last_used_at' THEN
            RETURN NULL;
        END IF;
    END IF;
    raised := accounts_next_directory_revision(false);
    IF TG_TABLE_NAME = 'accounts_agentkey' THEN
        UPDATE accounts_directoryepoch SET keys_at = raised WHERE id = 1;
    ELSE
        UPDATE accounts_directoryepoch SET revocations_at = raised WHERE id = 1;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER accounts_agentkey_directory AFTER INSERT OR UPDATE OR DELETE ON accounts_agentkey
    FOR EACH ROW EXECUTE FUNCTION accounts_credential_directory();
CREATE TRIGGER accounts_revocation_directory AFTER INSERT OR UPDATE OR DELETE ON accounts_revocation
    FOR EACH ROW EXECUTE FUNCTION accounts_credential_directory();
"""
BACKWARD = """
DROP TRIGGER accounts_agentkey_directory ON accounts_agentkey;
DROP TRIGGER accounts_revocation_directory ON accounts_revocation;
DROP FUNCTION accounts_credential_directory();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_directory_epochs")]

    operations = [
        migrations.AddField("directoryepoch", "keys_at", models.PositiveBigIntegerField(default=0, db_default=0)),
        migrations.AddField("directoryepoch", "revocations_at", models.PositiveBigIntegerField(default=0, db_default=0)),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
