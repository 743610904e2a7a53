"""Settings of the processes that the fault tests start and kill: the real ones, with a database that is killed too."""

from __future__ import annotations

import os

from config.settings import *  # noqa: F403

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "audit"]
AUTH_USER_MODEL = "auth.User"
TEMPLATES = []  # their tags belong to applications that are left out
DATABASES = {
    alias: {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "toolgate",
        "USER": user,
        "HOST": os.environ["FAULT_SOCKETS"],
        "OPTIONS": {"connect_timeout": 5},
    }
    for alias, user in (("default", "toolgate_app"), ("owner", "toolgate_owner"))
}
TOOLGATE_EMBEDDED = False
# Queues of this run alone: what a killed worker had taken comes back an hour later, to whoever reads the same keys.
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": os.environ["FAULT_QUEUES"]}
ROOT_URLCONF = "tests.faults.fault_settings"
urlpatterns: list[object] = []
