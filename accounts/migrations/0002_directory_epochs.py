"""Directory epochs kept by the database, so that no way of writing a principal can forget them."""

from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_next_directory_revision(removed boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    raised bigint;
BEGIN
    INSERT INTO accounts_directoryepoch AS epoch (id, revision, removed_at) VALUES (1, 1, CASE WHEN removed THEN 1 ELSE 0 END)
    ON CONFLICT (id) DO UPDATE SET
        revision = epoch.revision + 1,
        removed_at = CASE WHEN removed THEN epoch.revision + 1 ELSE epoch.removed_at END
    RETURNING revision INTO raised;
    PERFORM pg_notify('toolgate_directory', raised::text);
    RETURN raised;
END $$;

CREATE FUNCTION accounts_user_directory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM accounts_next_directory_revision(true);
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        NEW.epoch := GREATEST(OLD.epoch, NEW.epoch);
        IF (NEW.username, NEW.kind, NEW.status, NEW.tier, NEW.rate_tier, NEW.owner_id, NEW.roles, NEW.groups, NEW.departments)
           IS DISTINCT FROM
           (OLD.username, OLD.kind, OLD.status, OLD.tier, OLD.rate_tier, OLD.owner_id, OLD.roles, OLD.groups, OLD.departments)
        THEN
            NEW.epoch := GREATEST(OLD.epoch + 1, NEW.epoch);
        ELSIF NEW.epoch = OLD.epoch THEN
            NEW.directory_revision := OLD.directory_revision;
            RETURN NEW;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        NEW.directory_revision := accounts_next_directory_revision(NEW.username <> OLD.username);
    ELSE
        NEW.directory_revision := accounts_next_directory_revision(false);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER accounts_user_directory BEFORE INSERT OR UPDATE OR DELETE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_user_directory();

INSERT INTO accounts_directoryepoch (id, revision, removed_at) VALUES (1, 0, 0) ON CONFLICT DO NOTHING;
"""
BACKWARD = """
DROP TRIGGER accounts_user_directory ON accounts_user;
DROP FUNCTION accounts_user_directory();
DROP FUNCTION accounts_next_directory_revision(boolean);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
