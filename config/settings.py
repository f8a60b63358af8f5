"""Django settings. Everything that varies comes from `config/environment.py`; nothing is guessed."""

from __future__ import annotations

from typing import Literal

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.environment import BASE_DIR, load_files, read, var_dir
from config.logs import configure as configure_logs

load_files()
VAR_DIR = var_dir()


def required(name: str) -> str:
    value = read(name)
    if not value:
        raise ImproperlyConfigured(
            f"Environment variable {name} is missing. `manage.py up` makes one for the embedded stack; "
            "any other start must set it."
        )
    return str(value)


DEMO = read("DEMO")
# For the demo's command, which may not import this package.
SIM_PORT = read("SIM_PORT")
DEMO_PASSWORD = read("DEMO_PASSWORD")
DEBUG = read("DEBUG")
SECURE = read("SECURE")
SECRET_KEY = required("SECRET_KEY")
FIELD_KEYS: list[str] = read("FIELD_KEYS") or []
if not FIELD_KEYS:
    required("FIELD_KEYS")
ALLOWED_HOSTS = read("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = read("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "config.apps.Config",
    # Simple: the admin's pages are found by `config.urls`, so worker and beat do not carry them.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    # TemplatesSetting (below) looks for the widgets' own templates here.
    "django.forms",
    "django_htmx",
    "template_partials",
    "lucide",
    "csp",
    "django_celery_beat",
    "audiences",
    "activations",
    "notices",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.health",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.viewer",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "csp.context_processors.nonce",
            ],
        },
    }
]


# A host whose cable is cut hears no reset: without these its workers hang for a quarter of an hour, and the
# server keeps the locks of their open transactions for two.
POSTGRES = {
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "options": "-c idle_in_transaction_session_timeout=60s -c tcp_keepalives_idle=20 "
    "-c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
}


def database() -> dict[str, object]:
    """SQLite under VAR_DIR by default: WAL, IMMEDIATE (read-modify-write fails under DEFERRED), 10 s wait."""
    url = read("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
    try:
        found: dict[str, object] = dict(environ.Env.db_url_config(url))
    except Exception as error:
        raise ImproperlyConfigured(f"Environment variable DATABASE_URL is malformed: {error}") from error
    if found["ENGINE"] == "django.db.backends.sqlite3":
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=10000;"
            "PRAGMA cache_size=-8000;PRAGMA temp_store=MEMORY;",
        }
        found["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
    elif "postgresql" in str(found["ENGINE"]):
        options = found.get("OPTIONS")
        found["OPTIONS"] = {**POSTGRES, **(options if isinstance(options, dict) else {})}
    # A connection made anew for every request costs more than most pages ask of it (on SQLite five pragmas).
    found["CONN_MAX_AGE"] = 60
    found["CONN_HEALTH_CHECKS"] = True
    return found


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = required("REDIS_URL")
# redis-py spells a socket unix://, kombu redis+socket://; one variable serves both.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}
# Read from the cache, so a poll costs no session query; the database still knows every session.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 12 * 3600

CELERY_BROKER_URL = read("BROKER_URL") or REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    # One try for a sender (kombu's patience is 6 s for a press); worker and beat have their own, endless one.
    "max_retries": 1,
    "interval_start": 0,
}
# A press must not hang on a dead broker: the table is the queue, the sweep finds what a lost nudge left.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "UTC"

# How long the leases, graces and patiences of a delivery's life are; each is explained where it is used.
SENDER_LEASE = read("SENDER_LEASE")
QUESTION_LEASE = read("QUESTION_LEASE")
RECONCILE_GRACE = read("RECONCILE_GRACE")
RESYNC_GRACE = read("RESYNC_GRACE")
CLOCK_SKEW = read("CLOCK_SKEW")
UNCONFIRMED_LIMIT = read("UNCONFIRMED_LIMIT")
WATCH_LONGEST = read("WATCH_LONGEST")
ADHOC_TIMEOUT = read("ADHOC_TIMEOUT")
READ_TIMEOUT = read("READ_TIMEOUT")
# No vendor publishes a budget (contract §1.6). Ours: far more than presses and watching need, a quarter of what
# the connections of one process could do at 100 ms a call, and the first to give way when told to slow down.
PACE = read("PACE")

# Notices: the address of our own pages, the networks of the house that they may reach, and their patience.
SITE_URL: str = read("SITE_URL") or ""
NOTIFY_NETWORKS: list[str] = read("NOTIFY_NETWORKS")
NOTIFY_TIMEOUT: int = read("NOTIFY_TIMEOUT")
NOTICES_KEPT: int = read("NOTICES_KEPT")
EMAIL_URL: str = read("EMAIL_URL") or ""
DEFAULT_FROM_EMAIL = read("EMAIL_FROM")
# A mail server that says nothing must not keep a worker's thread.
EMAIL_TIMEOUT = NOTIFY_TIMEOUT
if EMAIL_URL:
    globals().update(environ.Env.email_url_config(EMAIL_URL))

AUTH_USER_MODEL = "audiences.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = read("SITE_LANGUAGE")
# Each named in itself: who looks for theirs may not read the one they see.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_SAMESITE: Literal["Lax"] = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_I18N = True
TIME_ZONE = read("TIME_ZONE")
# The only upload is a CSV sample, of which the first bytes are read in memory: nothing reaches the disk.
FILE_UPLOAD_HANDLERS = ["audiences.external.sample.FirstBytes"]
USE_TZ = True
# Ids and versions in forms and addresses are not figures to read: those say so with |number.
USE_THOUSAND_SEPARATOR = False
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Finders serve straight from the packages: no collectstatic step to forget on a new machine.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
if read("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING_CONFIG = None
configure_logs(level=read("LOG_LEVEL"), as_json=read("LOG_JSON"))
