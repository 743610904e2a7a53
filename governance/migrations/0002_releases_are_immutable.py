"""A release, once written, stays as it is: the database refuses, whoever asks."""

from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE FUNCTION governance_release_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a release cannot be changed or removed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER governance_release_immutable BEFORE UPDATE OR DELETE ON governance_release
    FOR EACH ROW EXECUTE FUNCTION governance_release_immutable();
"""
BACKWARD = """
DROP TRIGGER governance_release_immutable ON governance_release;
DROP FUNCTION governance_release_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
