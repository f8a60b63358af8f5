"""A Segment workspace that points at the stand-in."""

from __future__ import annotations

from typing import Any

from audiences.models import Workspace
from audiences.sync import sync
from simulator.segment.shelf import TOKEN
from simulator.server import Simulator
from tests.catalogue import make_workspace


def segment_workspace(sim: Simulator, token: str = TOKEN, **fields: Any) -> Workspace:
    """Never synced, with the stand-in's token and its production space."""
    known: dict[str, Any] = {
        "platform": "segment",
        "org": "",
        "client_id": "",
        "sandbox": next(iter(sim.world.segment.spaces)),
        "platform_url": sim.url,
        "sync_state": "never",
        "synced_at": None,
    }
    workspace = make_workspace("shop-cdp", **known | fields)
    workspace.client_secret = token
    workspace.save()
    return workspace


def mirrored_segment(sim: Simulator) -> Workspace:
    """Synced once."""
    workspace = segment_workspace(sim)
    sync(workspace)
    return workspace
