"""Every environment variable the product reads, with its type, default and meaning: one table.

The README prints the same table and a test compares the two. A value that cannot be read stops the start
with the variable's name. Values also come from `VAR_DIR/stack.env` (written by `manage.py up` while it
runs) and `VAR_DIR/secrets.env` (written once, kept), so a command run beside a running stack finds the
same database, broker and keys. The process environment always wins over both files.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: `kind` is a django-environ reader, `default` None means it may be absent."""

    name: str
    kind: str
    default: Any
    meaning: str


VARIABLES: tuple[Variable, ...] = (
    Variable("VAR_DIR", "str", "var", "Where the embedded stack keeps database, broker data, keys and logs."),
    Variable("PORT", "int", 8000, "Port of the web server that `manage.py up` starts."),
    Variable("BIND", "str", "127.0.0.1", "Address the web server binds to."),
    Variable("SIM_PORT", "int", 9900, "Port of the simulator in demo mode."),
    Variable("DEMO", "bool", False, "Demo mode: simulator, demo workspace, loopback platform addresses."),
    Variable(
        "DEMO_PASSWORD", "str", None, "Password of the demo logins `marketer` and `admin`; else random."
    ),
    Variable("DEBUG", "bool", False, "Django's debug pages. Never on a public address."),
    Variable("SECRET_KEY", "str", None, "Django's signing key. Required unless `manage.py up` made one."),
    Variable(
        "FIELD_KEYS",
        "list",
        None,
        "Fernet keys, comma-separated, that encrypt stored secrets; the first writes, all read.",
    ),
    Variable(
        "DATABASE_URL", "str", None, "Database; SQLite under VAR_DIR when unset, PostgreSQL in production."
    ),
    Variable("REDIS_URL", "str", None, "Redis or Valkey; `manage.py up` starts an embedded one when unset."),
    Variable("BROKER_URL", "str", None, "Celery's broker, when it is not REDIS_URL."),
    Variable("ALLOWED_HOSTS", "list", ["localhost", "127.0.0.1", "[::1]"], "Host names the site answers to."),
    Variable("CSRF_TRUSTED_ORIGINS", "list", [], "Origins with scheme trusted for forms, behind a proxy."),
    Variable("SECURE", "bool", False, "HTTPS only: secure cookies, HSTS, redirect. Set it in production."),
    Variable("BEHIND_PROXY", "bool", False, "Trust X-Forwarded-Proto from the proxy in front."),
    Variable("TIME_ZONE", "str", "UTC", "Zone shown to people who chose none."),
    Variable(
        "SITE_LANGUAGE",
        "str",
        "en",
        "Language, `en`, `de` or `fr`, where neither a person nor a browser asks for one, and of a workspace's channels.",
    ),
    Variable("LOG_LEVEL", "str", "INFO", "Least severity logged."),
    Variable("LOG_JSON", "bool", False, "Logs as one JSON object a line."),
    Variable("WORKER_THREADS", "int", 4, "Threads of the worker that `manage.py up` starts."),
    Variable("WEB_WORKERS", "int", 1, "Processes of the web server that `manage.py up` starts."),
    Variable(
        "SENDER_LEASE",
        "int",
        45,
        "Seconds without a sign of life after which a job's sender is taken for dead.",
    ),
    Variable(
        "QUESTION_LEASE",
        "int",
        60,
        "Seconds after which a worker that asks the platform about runs is taken for dead.",
    ),
    Variable(
        "RECONCILE_GRACE",
        "int",
        45,
        "Seconds a run may take to appear before an unknown delivery is sent again.",
    ),
    Variable(
        "RESYNC_GRACE",
        "int",
        120,
        "Seconds Segment may take to show a resync that it accepted; one never shown counts as over after them.",
    ),
    Variable(
        "CLOCK_SKEW", "int", 10, "Seconds by which the clocks of the platform's own servers may differ."
    ),
    Variable(
        "UNCONFIRMED_LIMIT",
        "int",
        900,
        "Seconds an unknown outcome is looked into before a person must decide.",
    ),
    Variable("WATCH_LONGEST", "int", 30, "Seconds between two questions about a run, at most."),
    Variable("ADHOC_TIMEOUT", "int", 60, "Seconds to wait for the answer to an ad-hoc call."),
    Variable("READ_TIMEOUT", "int", 30, "Seconds to wait for the answer to any other call of a platform."),
    Variable(
        "PACE", "int", 50, "Calls a second that all processes together make for one workspace, at most."
    ),
    Variable("SITE_URL", "str", None, "Where people open the dashboard; notices carry links when it is set."),
    Variable(
        "EMAIL_URL",
        "str",
        None,
        "Mail server for notices, such as `smtp+tls://user:password@mail.example.com:587`.",
    ),
    Variable("EMAIL_FROM", "str", "activate@localhost", "Sender of the mails."),
    Variable("NOTIFY_TIMEOUT", "int", 30, "Seconds after which a notice that is being sent is cut off."),
    Variable(
        "NOTICES_KEPT",
        "int",
        90,
        "Days after which old notices are deleted, with what became of them in channels.",
    ),
    Variable(
        "NOTIFY_NETWORKS",
        "list",
        [],
        "Networks besides the public internet that notices may reach, such as `10.1.0.0/16`; never loopback unless named.",
    ),
)

_by_name = {variable.name: variable for variable in VARIABLES}
env = environ.Env()


def is_bool(text: str) -> bool:
    """django-environ takes every unknown word for false; `SECURE=ture` must not."""
    return text.strip().lower() in {"1", "true", "yes", "on", "0", "false", "no", "off", ""}


def is_fernet_keys(text: str) -> bool:
    """Each key is 32 bytes in URL-safe base64 (binascii.Error is a ValueError)."""
    return all(len(base64.urlsafe_b64decode(key)) == 32 for key in text.split(",") if key)


def is_database(text: str) -> bool:
    """SQLite or PostgreSQL: the two that the product is tested on."""
    return not text or urlsplit(text).scheme in {"sqlite", "postgres", "postgresql", "psql", "pgsql"}


def is_redis(text: str) -> bool:
    """A URL that both redis-py and kombu understand."""
    return not text or urlsplit(text).scheme in {"redis", "rediss", "unix"}


def is_count(text: str) -> bool:
    """A whole number that leaves something to do: a lease or a patience of nothing would never let anybody finish."""
    return text.isascii() and text.isdigit() and int(text) > 0


def is_level(text: str) -> bool:
    """A severity that the logging module knows."""
    return text.upper() in logging.getLevelNamesMapping()


def is_zone(text: str) -> bool:
    """An IANA time zone (an unknown one is a KeyError, an unsafe one a ValueError)."""
    return bool(ZoneInfo(text))


def is_language(text: str) -> bool:
    """One of the languages that have a catalogue; the texts themselves are English."""
    return text == "en" or (BASE_DIR / "locale" / text / "LC_MESSAGES").is_dir()


def is_networks(text: str) -> bool:
    """Networks in CIDR notation, or single addresses."""
    return all(ip_network(one.strip()) for one in text.split(",") if one.strip())


def is_site(text: str) -> bool:
    """An address with scheme and host, and nothing that a path of ours could not follow."""
    parts = urlsplit(text)
    return not text or bool(
        parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment
    )


def is_mail(text: str) -> bool:
    """A mail server that django-environ knows how to spell for Django."""
    return not text or urlsplit(text).scheme in {
        "smtp",
        "smtp+tls",
        "smtp+ssl",
        "smtps",
        "consolemail",
        "filemail",
    }


CHECKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "bool": (is_bool, "it must be 1 or 0"),
    "FIELD_KEYS": (is_fernet_keys, "each key must be 32 bytes in URL-safe base64"),
    "DATABASE_URL": (is_database, "it must begin with postgres:// or sqlite:///"),
    "REDIS_URL": (is_redis, "it must begin with redis://, rediss:// or unix://"),
    "LOG_LEVEL": (is_level, "it must be DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    "SITE_URL": (is_site, "it must be an address such as https://activate.example.com"),
    "EMAIL_URL": (is_mail, "it must begin with smtp://, smtp+tls:// or smtp+ssl://"),
    "NOTIFY_NETWORKS": (is_networks, "each must be a network such as 10.1.0.0/16"),
    "SITE_LANGUAGE": (is_language, "it must be en, de or fr"),
    "TIME_ZONE": (is_zone, "it must be an IANA zone such as Europe/Berlin"),
}
DURATIONS = (
    "SENDER_LEASE", "QUESTION_LEASE", "RECONCILE_GRACE", "RESYNC_GRACE", "CLOCK_SKEW", "UNCONFIRMED_LIMIT", "WATCH_LONGEST",
    "ADHOC_TIMEOUT", "READ_TIMEOUT", "NOTIFY_TIMEOUT",
)  # fmt: skip
CHECKS["PACE"] = (is_count, "it must be a whole number of calls, at least 1")
CHECKS["NOTICES_KEPT"] = (is_count, "it must be a whole number of days, at least 1")
CHECKS |= dict.fromkeys(DURATIONS, (is_count, "it must be a whole number of seconds, at least 1"))


def check(variable: Variable) -> None:
    """Raise ImproperlyConfigured when the text of a variable is not what its check asks for; never shows it."""
    text = os.environ.get(variable.name)
    holds, asked = CHECKS.get(variable.name) or CHECKS.get(variable.kind) or (bool, "")
    if text is None or not asked:
        return
    try:
        fine = holds(text)
    except (ValueError, KeyError):
        fine = False
    if not fine:
        raise ImproperlyConfigured(f"Environment variable {variable.name} is malformed: {asked}.")


def read(name: str) -> Any:
    """Value of a variable of the table, typed. Raises ImproperlyConfigured naming it when malformed."""
    variable = _by_name[name]
    check(variable)
    if variable.kind == "str":
        # Not through django-environ, which reads a password like `$ecret` as the name of another variable.
        return os.environ.get(name, variable.default)
    try:
        return getattr(env, variable.kind)(name, default=variable.default)
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"Environment variable {name} is malformed: {error}") from error


def var_dir() -> Path:
    """Absolute path of VAR_DIR; relative values count from the project's folder."""
    return (BASE_DIR / str(read("VAR_DIR"))).resolve()


def load_files() -> None:
    """Read the stack's own environment files without overriding the process environment."""
    for name in ("stack.env", "secrets.env"):
        path = var_dir() / name
        if path.is_file() and os.access(path, os.R_OK):
            environ.Env.read_env(path, overwrite=False)
