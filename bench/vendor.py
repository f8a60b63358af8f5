"""Talking to the simulator as its control plane allows, and as a plain client without any of our code."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

ADHOCRUN = "/data/core/activation/disflowprovider/adhocrun"
V2 = "application/vnd.adobe.adhoc.activation+json; version=2"
SECRETS = {"client_id": "demo-client", "client_secret": "demo-secret"}


def calls(url: str, since: int = 0) -> list[dict[str, Any]]:
    """The calls that arrived at the simulator, in order, without the first `since`."""
    return list(httpx.get(f"{url}/_sim/ledger", params={"since": since}, timeout=30).json()["calls"])


@contextmanager
def reads_made() -> Iterator[list[str]]:
    """The addresses this process reads over HTTP while the block runs, in order, as httpx logs them."""
    seen: list[str] = []

    class Note(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            method, url = (record.args or ("", ""))[:2]  # type: ignore[index]
            if method == "GET" and "/_sim/" not in str(url):
                seen.append(str(url))

    log, note = logging.getLogger("httpx"), Note()
    level, propagate = log.level, log.propagate
    log.addHandler(note)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield seen
    finally:
        log.removeHandler(note)
        log.setLevel(level)
        log.propagate = propagate


def seconds_at(moment: str) -> float:
    """Epoch seconds of a moment as the control plane writes it."""
    return datetime.fromisoformat(moment).timestamp()


def plain(url: str) -> httpx.Client:
    """A keep-alive client with a token and every header the gateway asks for."""
    form = {"grant_type": "client_credentials", "scope": "openid", **SECRETS}
    token = httpx.post(f"{url}/ims/token/v3", data=form).raise_for_status().json()["access_token"]
    headers = {
        "Authorization": f"Bearer {token}",
        "x-api-key": SECRETS["client_id"],
        "x-gw-ims-org-id": "DEMO@AdobeOrg",
        "x-sandbox-name": "prod",
    }
    return httpx.Client(base_url=url, timeout=30, headers=headers)
