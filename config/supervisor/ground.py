"""The ground the stack stands on: VAR_DIR, its lock, the keys made once, the note for commands beside it."""

from __future__ import annotations

import base64
import errno
import fcntl
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO


class Refused(Exception):
    """The stack cannot start, with the one line that says why."""


def lock(folder: Path) -> IO[str]:
    """Make VAR_DIR (private to its owner) and hold its lock until the returned file closes."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = (folder / "lock").open("a+")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise Refused(f"Another stack already runs on {folder}: stop it first, or set VAR_DIR.") from error
    return held


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    draft.replace(path)


def write_environment(path: Path, values: Mapping[str, str]) -> None:
    """Write a private environment file that `config.environment` reads."""
    write_private(path, "".join(f"{name}={value}\n" for name, value in values.items()))


def make_secrets(folder: Path, *, demo: bool) -> None:
    """Make each key once and keep it: without the same field keys stored secrets are lost."""
    path = folder / "secrets.env"
    kept = path.read_text() if path.exists() else ""
    names = {line.partition("=")[0] for line in kept.splitlines()}
    wanted = {
        "SECRET_KEY": os.urandom(32).hex(),
        # The form of a Fernet key, made without importing cryptography.
        "FIELD_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }
    if demo:
        wanted["DEMO_PASSWORD"] = base64.urlsafe_b64encode(os.urandom(9)).decode()
    new = "".join(f"{name}={value}\n" for name, value in wanted.items() if name not in names)
    if new:
        write_private(path, kept + new)


def hold_port(variable: str, host: str, port: int) -> socket.socket:
    """Take a port for a moment to see that it is free. Raises Refused with the variable's name."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        probe = socket.socket(family, kind)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refused(f"Port {port} is busy: stop what uses it, or set {variable}.") from error
        raise Refused(f"Port {port} on {host} cannot be opened ({error}): see {variable}.") from error
    return probe
