"""Django settings: one file for every deployment; what differs comes from the environment (config/declared.py)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from config import beat
from config.declared import DECLARED, OPEN_PREFIXES, RESERVED
from config.edge.csp import PAGE_HEADERS
from config.env import Environment
from config.keys.kept import MAKERS, kept_key
from config.logging import configure_structlog, logging_configuration
from config.machine import broker, instance, postgres

VERSION = "0.1.0"
BASE_DIR = Path(__file__).resolve().parent.parent

_env = Environment(DECLARED, os.environ)
_dotenv = _env.path("TOOLGATE_DOTENV", base=BASE_DIR)
if _dotenv is not None and _dotenv.is_file():
    environ.Env.read_env(str(_dotenv), overwrite=False)
instance.settle(os.environ, base=BASE_DIR)
_env.refuse_unknown(prefix="TOOLGATE_", reserved=RESERVED, open_prefixes=OPEN_PREFIXES)
TOOLGATE_UNREAD = _env.unread(reserved=RESERVED, open_prefixes=OPEN_PREFIXES)  # a check tells of them

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
# The broad rules of detection take seconds to compile: the first process keeps them here (mode 0700), others load them.
os.environ.setdefault("KF_RULE_CACHE_DIR", str(TOOLGATE_VAR / "detection"))


def _key(name: str) -> str:
    """A configured key, or in development the one kept in `var/keys/`; empty in production when missing."""
    value = _env.pem(name) if name in ("TOOLGATE_POLICY_KEY", "TOOLGATE_CAPTURE_KEY") else _env.text(name)
    return value or ("" if PRODUCTION else kept_key(name, folder=TOOLGATE_KEYS_DIR))


_keys = {name: _key(name) for name in MAKERS}
_missing = [name for name, value in _keys.items() if not value]
if _missing:
    # Not a system check: Django itself stops at the first use of an empty SECRET_KEY, and would name only that.
    raise ImproperlyConfigured(f"toolgate.E001: production needs {', '.join(_missing)}. See docs/settings.md.")
SECRET_KEY = _keys["TOOLGATE_DJANGO_KEY"]
TOOLGATE_SIGNING_KEYS = _keys["TOOLGATE_SIGNING_KEYS"]
TOOLGATE_MASTER_KEYS = _keys["TOOLGATE_MASTER_KEYS"]
TOOLGATE_POLICY_KEY = _keys["TOOLGATE_POLICY_KEY"]
TOOLGATE_CAPTURE_KEY = _keys["TOOLGATE_CAPTURE_KEY"]
TOOLGATE_SECRET_FILES = dict(_env.files)  # a check looks at who may read them
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
    # Migrations and partitions; in tests a mirror, since both aliases are one database.
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
    "config",
    "governance.console.apps.ConsoleConfig",
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
MIDDLEWARE = [  # each entry is classified for the inline lane in config/edge/lane.py
    "config.edge.request_id.RequestIdMiddleware",
    "config.edge.csp.SecurityHeadersMiddleware",
    "accounts.guard.middleware.ScannerGuardMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
            "libraries": {"console": "governance.console.template_tags"},
        },
    },
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# --- Web -------------------------------------------------------------------------------------------------------------
_LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
_shown_host = f"[{TOOLGATE_HOST}]" if ":" in TOOLGATE_HOST else TOOLGATE_HOST
TOOLGATE_ISSUER = (_env.text("TOOLGATE_ISSUER") or f"http://{_shown_host}:{TOOLGATE_PORT}").rstrip("/")
_issuer = urlsplit(TOOLGATE_ISSUER)
if _issuer.scheme not in ("http", "https") or not _issuer.hostname:
    raise ImproperlyConfigured(f"TOOLGATE_ISSUER must be an http or https URL, not {TOOLGATE_ISSUER!r}.")
TOOLGATE_WEB_PROCESSES = _env.integer("TOOLGATE_WEB_PROCESSES")
TOOLGATE_WORKER_PROCESSES = _env.integer("TOOLGATE_WORKER_PROCESSES")
TOOLGATE_CONNECTIONS_PER_PEER = _env.integer("TOOLGATE_CONNECTIONS_PER_PEER")
TOOLGATE_ALLOWED_HOSTS = _env.listed("TOOLGATE_ALLOWED_HOSTS")
TOOLGATE_ALLOWED_ORIGINS = _env.listed("TOOLGATE_ALLOWED_ORIGINS") or [f"{_issuer.scheme}://{_issuer.netloc}"]
TOOLGATE_TRUSTED_PROXIES = _env.networks("TOOLGATE_TRUSTED_PROXIES")
TOOLGATE_PROXY_KEY = _env.text("TOOLGATE_PROXY_KEY")
ALLOWED_HOSTS = TOOLGATE_ALLOWED_HOSTS or list(
    dict.fromkeys([_shown_host, _issuer.hostname, *([] if PRODUCTION else _LOOPBACK_NAMES)])
)
CSRF_TRUSTED_ORIGINS = TOOLGATE_ALLOWED_ORIGINS
_https = _issuer.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("__Host-toolgate", "__Host-csrf") if _https else ("toolgate", "csrf")
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = PAGE_HEADERS["Referrer-Policy"]
SECURE_CROSS_ORIGIN_OPENER_POLICY = PAGE_HEADERS["Cross-Origin-Opener-Policy"]
X_FRAME_OPTIONS = PAGE_HEADERS["X-Frame-Options"]
APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
LOGIN_URL = "/admin/login/"
AUTHENTICATION_BACKENDS = ["accounts.services.sign_in.PasswordBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Toolgate",
    "DESCRIPTION": "Governance of AI agents' tool calls: allow, deny or ask, recorded before it is answered.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "POSTPROCESSING_HOOKS": ["governance.api.schema.complete"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- Audit, files ----------------------------------------------------------------------------------------------------
TOOLGATE_JOURNAL_DIR = TOOLGATE_VAR / "journal"
TOOLGATE_AUDIT_DURABILITY = _env.choice("TOOLGATE_AUDIT_DURABILITY")
TOOLGATE_AUDIT_FAIL = _env.choice("TOOLGATE_AUDIT_FAIL")
TOOLGATE_JOURNAL_CAP = _env.integer("TOOLGATE_JOURNAL_CAP") << 20  # bytes
TOOLGATE_JOURNAL_RESERVE = _env.integer("TOOLGATE_JOURNAL_RESERVE") << 20
TOOLGATE_EXECUTABLES = _env.path("TOOLGATE_EXECUTABLES", base=BASE_DIR)

# --- Logs ------------------------------------------------------------------------------------------------------------
TOOLGATE_LOG_DIR = _env.path("TOOLGATE_LOG_DIR", base=BASE_DIR)
_log_form = (
    _env.choice("TOOLGATE_LOG_FORMAT") if _env.text("TOOLGATE_LOG_FORMAT") else "json" if PRODUCTION else "console"
)
LOGGING = logging_configuration(level=_env.choice("TOOLGATE_LOG_LEVEL"), form=_log_form, folder=TOOLGATE_LOG_DIR)
configure_structlog()

# --- Celery ----------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = TOOLGATE_REDIS_URL or f"{broker.SCHEME}://"
CELERY_BROKER_TRANSPORT_OPTIONS = {} if TOOLGATE_REDIS_URL else {"folder": str(TOOLGATE_VAR / "broker")}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = beat.DEFAULT_QUEUE
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ROUTES = beat.ROUTES
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(TOOLGATE_REDIS_URL)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CONCURRENCY = TOOLGATE_WORKER_PROCESSES
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = beat.SCHEDULE
CELERY_BEAT_SCHEDULE_FILENAME = str(TOOLGATE_VAR / "beat" / "schedule")
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
