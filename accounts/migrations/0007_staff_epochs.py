"""A staff role changes what somebody may be told: giving, changing and taking one raises the holder's epoch."""

from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_staffgrant_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts_user SET epoch = epoch + 1
        WHERE id IN (COALESCE(NEW.user_id, OLD.user_id), COALESCE(OLD.user_id, NEW.user_id));
    RETURN NULL;
END $$;

CREATE TRIGGER accounts_staffgrant_epoch AFTER INSERT OR UPDATE OR DELETE ON accounts_staffgrant
    FOR EACH ROW EXECUTE FUNCTION accounts_staffgrant_epoch();
"""
BACKWARD = """
DROP TRIGGER accounts_staffgrant_epoch ON accounts_staffgrant;
DROP FUNCTION accounts_staffgrant_epoch();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_username_label")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
