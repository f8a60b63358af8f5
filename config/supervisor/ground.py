"""The ground the stack stands on: VAR_DIR, its lock, the keys made once, the note for commands beside it."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
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


def make_secrets(folder: Path) -> None:
    """Make SECRET_KEY and FIELD_KEYS once; without the same field keys stored secrets are lost."""
    path = folder / "secrets.env"
    if not path.exists():
        write_environment(
            path,
            {
                "SECRET_KEY": secrets.token_urlsafe(50),
                # The form of a Fernet key, made without importing cryptography.
                "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            },
        )
