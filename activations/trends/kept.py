"""Figures of days that are over, kept for some minutes: they hardly change, and to count them again costs most."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.cache import cache

from audiences.models import Destination, User, Workspace

KEPT = 600  # seconds
Figures = TypeVar("Figures", bound=Iterable[Any])


def kept(key: str, count: Callable[[], Figures]) -> Figures:
    """What `count` found under this key within the last minutes, or finds now. Without a key nothing is kept."""
    found: Figures | None = cache.get(key) if key else None
    if found is None:
        found = count()
        if key:
            cache.set(key, found, KEPT)
    return found


def kept_as(workspace: Workspace, viewer: User, destination: Destination | None = None) -> str:
    """The beginning of such keys: what one viewer may look at is not what another may."""
    return f"trends:{workspace.pk}:{viewer.pk}:{destination.pk if destination else ''}"
