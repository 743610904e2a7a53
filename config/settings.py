"""Django settings: one file for every deployment; what differs between them comes from the environment (config/declared.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config import postgres
from config.declared import DECLARED, OPEN_PREFIXES
from config.env import Environment
from config.keys import MAKERS, kept_key

BASE_DIR = Path(__file__).resolve().parent.parent

_env = Environment(DECLARED, os.environ)
_dotenv = _env.path("TOOLGATE_DOTENV", base=BASE_DIR)
if _dotenv is not None and _dotenv.is_file():
    environ.Env.read_env(str(_dotenv), overwrite=False)
_env.refuse_unknown(prefix="TOOLGATE_", open_prefixes=OPEN_PREFIXES)

# --- Basis -----------------------------------------------------------------------------------------------------------
TOOLGATE_ENV = _env.choice("TOOLGATE_ENV")
PRODUCTION = TOOLGATE_ENV == "production"
DEBUG = _env.flag("TOOLGATE_DEBUG")
_var = _env.path("TOOLGATE_VAR", base=BASE_DIR)
if _var is None:
    raise ImproperlyConfigured("TOOLGATE_VAR must not be empty.")
TOOLGATE_VAR: Path = _var
TOOLGATE_HOST = _env.text("HOST")
TOOLGATE_PORT = _env.integer("PORT")

# --- Keys ------------------------------------------------------------------------------------------------------------
TOOLGATE_KEYS_DIR = TOOLGATE_VAR / "keys"


def _key(name: str) -> str:
    """A configured key, or in development the one kept in `var/keys/`; empty in production, which check E001 refuses."""
    value = (
        _env.pem(name)
        if name in ("TOOLGATE_AUDIT_KEY", "TOOLGATE_POLICY_KEY", "TOOLGATE_CAPTURE_KEY")
        else _env.text(name)
    )
    return value or ("" if PRODUCTION else kept_key(name, folder=TOOLGATE_KEYS_DIR))


_keys = {name: _key(name) for name in MAKERS}
SECRET_KEY = _keys["TOOLGATE_DJANGO_KEY"]
TOOLGATE_SIGNING_KEYS = _keys["TOOLGATE_SIGNING_KEYS"]
TOOLGATE_MASTER_KEYS = _keys["TOOLGATE_MASTER_KEYS"]
TOOLGATE_AUDIT_KEY = _keys["TOOLGATE_AUDIT_KEY"]
TOOLGATE_POLICY_KEY = _keys["TOOLGATE_POLICY_KEY"]
TOOLGATE_CAPTURE_KEY = _keys["TOOLGATE_CAPTURE_KEY"]
TOOLGATE_SECRETS_MODE = (
    _env.choice("TOOLGATE_SECRETS_MODE") if _env.text("TOOLGATE_SECRETS_MODE") else "strict" if PRODUCTION else "warn"
)

# --- Services --------------------------------------------------------------------------------------------------------
TOOLGATE_EMBEDDED = not _env.text("DATABASE_URL")
TOOLGATE_DATABASE_POOL = _env.integer("TOOLGATE_DATABASE_POOL")
TOOLGATE_REDIS_URL = _env.text("REDIS_URL")


def _database(url: str, *, role: str) -> dict[str, Any]:
    """Django's form of a database URL; empty: the embedded cluster, through its socket, as `role`."""
    if url:
        parsed: dict[str, Any] = environ.Env.db_url_config(url)
        if parsed["ENGINE"] != "django.db.backends.postgresql":
            raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgres://user@host:port/name.")
    else:
        folder = postgres.Cluster.kept_in(TOOLGATE_VAR).sockets
        parsed = {"ENGINE": "django.db.backends.postgresql", "NAME": "toolgate", "USER": role, "HOST": str(folder)}
    return {**parsed, "ATOMIC_REQUESTS": False, "CONN_HEALTH_CHECKS": True}


_app_url = _env.text("DATABASE_URL")
DATABASES = {
    "default": _database(_app_url, role=postgres.APP_ROLE),
    # Migrations, partitions and retention; in tests a mirror, since both aliases are one database.
    "owner": _database(_env.text("TOOLGATE_OWNER_DATABASE_URL") or _app_url, role=postgres.OWNER_ROLE)
    | {"TEST": {"MIRROR": "default"}},
}
if TOOLGATE_DATABASE_POOL:
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {"min_size": 0, "max_size": TOOLGATE_DATABASE_POOL, "timeout": 10},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Applications ----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "governance",
    "audit",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
STATIC_URL = "/static/"
STATIC_ROOT = TOOLGATE_VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
