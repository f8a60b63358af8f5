"""One scripted server and one impatient client per test, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from platforms.adobe import AdobeClient, AdobeConfig
from platforms.http import Limits
from platforms.patience import Patience
from tests.platforms.scripted import Scripted

HASTY = Patience(attempts=4, budget=5.0, first=0.01, most=0.05, jitter=0.01)
BRIEF = Limits(connect=1.0, read=1.0, write=1.0, pool=1.0, answer_bytes=1_000_000)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Nothing in this room knows Django, so there is no cache to empty."""


class Witness(httpx.HTTPTransport):
    """A real transport that remembers what went through it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return super().handle_request(request)


@pytest.fixture
def witness() -> Witness:
    return Witness()


def config_for(url: str, **changes: str) -> AdobeConfig:
    known = {
        "org": "0000@AdobeOrg",
        "sandbox": "prod",
        "client_id": "key-1",
        "client_secret": "p8e-very-secret",
        "scopes": "openid, AdobeID,\n read_organizations",
        "platform_url": url,
        "ims_url": url,
    }
    return AdobeConfig(**{**known, **changes})


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.close()


@pytest.fixture
def client(server: Scripted) -> Iterator[AdobeClient]:
    with AdobeClient(config_for(server.url), limits=BRIEF, patience=HASTY, adhoc_timeout=0.5) as made:
        yield made
