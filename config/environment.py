"""Every environment variable the product reads, with its type, default and meaning: one table.

The README prints the same table and a test compares the two. A value that cannot be read stops the start
with the variable's name. Values also come from `VAR_DIR/stack.env` (written by `manage.py up` while it
runs) and `VAR_DIR/secrets.env` (written once, kept), so a command run beside a running stack finds the
same database, broker and keys. The process environment always wins over both files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    Variable("LOG_LEVEL", "str", "INFO", "Least severity logged."),
    Variable("LOG_JSON", "bool", False, "Logs as one JSON object a line."),
    Variable("WORKER_THREADS", "int", 4, "Threads of the worker that `manage.py up` starts."),
    Variable("WEB_WORKERS", "int", 1, "Processes of the web server that `manage.py up` starts."),
)

_by_name = {variable.name: variable for variable in VARIABLES}
env = environ.Env()


def read(name: str) -> Any:
    """Value of a variable of the table, typed. Raises ImproperlyConfigured naming it when malformed."""
    variable = _by_name[name]
    try:
        return getattr(env, variable.kind)(name, default=variable.default)
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"Environment variable {name} is malformed: {error}") from error


def var_dir() -> Path:
    """Absolute path of VAR_DIR; relative values count from the project's folder."""
    return (BASE_DIR / read("VAR_DIR")).resolve()


def load_files() -> None:
    """Read the stack's own environment files without overriding the process environment."""
    for name in ("stack.env", "secrets.env"):
        path = var_dir() / name
        if path.is_file() and os.access(path, os.R_OK):
            environ.Env.read_env(path, overwrite=False)
