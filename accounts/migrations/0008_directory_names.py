"""Names and addresses are part of the directory that processes hold: a change of one is announced, and raises no epoch."""

from __future__ import annotations

from django.db import migrations, models

FUNCTION = """
CREATE OR REPLACE FUNCTION accounts_user_directory() RETURNS trigger LANGUAGE plpgsql AS $$
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
        ELSIF NEW.epoch = OLD.epoch{unnamed} THEN
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
"""
FORWARD = FUNCTION.format(unnamed=" AND (NEW.name, NEW.email) IS NOT DISTINCT FROM (OLD.name, OLD.email)")
BACKWARD = FUNCTION.format(unnamed="")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_staff_epochs")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            "user",
            "email",
            models.EmailField(
                "e-mail address",
                blank=True,
                default="",
                max_length=254,
                help_text="Where people write to it. Records keep it beside the id, for as long as they are kept.",
            ),
        ),
    ]
