"""Reads against a server that stumbles: what is asked again, how often, and what it ends in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx
import pytest

from platforms.adobe import AdobeClient
from platforms.errors import (
    AnswerLost,
    AnswerUnreadable,
    CredentialsRefused,
    NotFound,
    PlatformError,
    PlatformFault,
    Refused,
    Throttled,
    TokenUnavailable,
)
from platforms.http import Wire
from platforms.pace import Pacer
from platforms.patience import Patience, ask
from tests.platforms.conftest import BRIEF, HASTY, config_for
from tests.platforms.scripted import Reply, Request, Scripted

RUNS = "/data/foundation/flowservice/runs"
GOOD = Reply(body={"items": [{"id": "r-1", "flowId": "f-1"}]})
TOKEN = "/ims/token/v3"


def failing(client: AdobeClient) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        client.runs(["r-1"])
    return caught.value


@pytest.mark.parametrize(
    "stumble",
    [
        Reply(500),
        Reply(503, "busy", {"Retry-After": "0"}),
        Reply(429, headers={"Retry-After": "0"}),
        Reply(trick="reset"),
        Reply(trick="close"),
        Reply(body={"items": [{"id": "r-1"}]}, trick="cut"),
        Reply(body="<html>Maintenance</html>"),
        Reply(body='{"items": ['),
        Reply(body={"nothing": []}),
        Reply(body={"items": []}, delay=1.3),
    ],
)
def test_a_stumble_is_read_over(server: Scripted, client: AdobeClient, stumble: Reply) -> None:
    server.on("GET", RUNS, stumble, GOOD)

    assert list(client.runs(["r-1"])) == ["r-1"]
    assert len(server.to(RUNS)) == 2


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(500, "oops"), PlatformFault),
        (Reply(429), Throttled),
        (Reply(trick="close"), AnswerLost),
        (Reply(body=[1]), AnswerUnreadable),
        (Reply(body="<html>"), AnswerUnreadable),
    ],
)
def test_patience_ends_in_the_last_error(
    server: Scripted, client: AdobeClient, reply: Reply, kind: type[PlatformError]
) -> None:
    server.on("GET", RUNS, reply)

    assert type(failing(client)) is kind
    assert len(server.to(RUNS)) == HASTY.attempts


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(400, {"message": "no"}), Refused),
        (Reply(403), CredentialsRefused),
        (Reply(404), NotFound),
        (Reply(302, headers={"Location": "/elsewhere"}), AnswerUnreadable),
        (Reply(429, headers={"Retry-After": "3600"}), Throttled),
    ],
)
def test_what_will_not_pass_is_not_asked_again(
    server: Scripted, client: AdobeClient, reply: Reply, kind: type[PlatformError]
) -> None:
    server.on("GET", RUNS, reply)

    assert type(failing(client)) is kind
    assert len(server.requests) == 2  # the token and the read


def test_gigantic_answer_is_not_fetched_again(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", RUNS, Reply(body=b"[" + b" " * 2_000_000))

    error = failing(client)

    assert isinstance(error, AnswerUnreadable)
    assert "larger" in error.summary
    assert len(server.to(RUNS)) == 1


def test_an_endless_trickle_is_left() -> None:
    class Trickle(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            class Drops(httpx.SyncByteStream):
                def __iter__(self):  # type: ignore[no-untyped-def]
                    while True:
                        time.sleep(0.01)
                        yield b" "

            return httpx.Response(200, stream=Drops())

    from platforms.answer import Flaw
    from platforms.http import Call, Limits

    wire = Wire(transport=Trickle(), limits=Limits(answer_seconds=0.1))
    assert wire.send(Call("GET", "http://x/")).flaw is Flaw.CUT


def test_broken_compression_is_garbled(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", RUNS, Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}), GOOD)

    assert list(client.runs(["r-1"])) == ["r-1"]


def test_reads_carry_the_gateway_headers(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", RUNS, GOOD)

    client.runs(["r-1"])

    sent = server.to(RUNS)[0].headers
    assert sent["authorization"].startswith("Bearer eyJ")
    assert (sent["x-api-key"], sent["x-gw-ims-org-id"], sent["x-sandbox-name"]) == (
        "key-1",
        "0000@AdobeOrg",
        "prod",
    )
    assert "x-sandbox-id" not in sent


def test_the_token_is_asked_for_as_documented(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", RUNS, GOOD)

    client.runs(["r-1"])
    client.runs(["r-1"])

    (asked,) = server.to(TOKEN)
    assert asked.query == []
    assert dict(part.split("=") for part in asked.body.decode().split("&")) == {
        "grant_type": "client_credentials",
        "client_id": "key-1",
        "client_secret": "p8e-very-secret",
        "scope": "openid%2CAdobeID%2Cread_organizations",
    }


@pytest.mark.parametrize(
    ("expires_in", "renewed_after"),
    [(86_399, 85_899), ("86399", 85_899), (86_399_992, 85_899), (600, 300), (None, 3_100), (-5, 3_100)],
)
def test_the_token_is_renewed_in_time(server: Scripted, expires_in: object, renewed_after: float) -> None:
    now = [1_000_000.0]
    server.on("POST", TOKEN, Reply(body={"access_token": "t", "expires_in": expires_in}))
    server.on("GET", RUNS, GOOD)
    config = config_for(server.url)
    with AdobeClient(config, limits=BRIEF, patience=HASTY, clock=lambda: now[0]) as client:
        client.runs(["r-1"])
        now[0] += renewed_after - 2
        client.runs(["r-1"])
        assert len(server.to(TOKEN)) == 1
        now[0] += 4
        client.runs(["r-1"])
    assert len(server.to(TOKEN)) == 2


def at_once(count: int, call: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_threads_fetch_one_token(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", RUNS, GOOD)
    server.on("POST", TOKEN, Reply(body={"access_token": "t", "expires_in": 9999}, delay=0.1))

    at_once(8, lambda: client.runs(["r-1"]))

    assert len(server.to(TOKEN)) == 1
    assert len(server.to(RUNS)) == 8


def test_many_threads_share_one_renewal_after_401(server: Scripted, client: AdobeClient) -> None:
    names = iter(range(100))
    server.on("POST", TOKEN, lambda _: Reply(body={"access_token": f"t-{next(names)}", "expires_in": 9999}))

    def judge(request: Request) -> Reply:
        old = request.headers["authorization"] == "Bearer t-0"
        return Reply(401, {"error_code": "401013"}, delay=0.05) if old else GOOD

    server.on("GET", RUNS, judge)

    at_once(6, lambda: client.runs(["r-1"]))

    assert len(server.to(TOKEN)) == 2


def test_many_threads_share_one_failure(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", TOKEN, Reply(500, delay=0.05))
    errors: list[PlatformError] = []

    at_once(6, lambda: errors.append(failing(client)))

    assert {type(error) for error in errors} == {TokenUnavailable}
    assert len(server.to(TOKEN)) == HASTY.attempts


@pytest.mark.parametrize(
    ("reply", "field"),
    [
        (Reply(400, {"error": "invalid_client", "error_description": "invalid client_id parameter"}), "key"),
        (Reply(401, {"error": "invalid_client"}), "secret"),
        (Reply(400, {"error": "invalid_scope"}), "scopes"),
        (Reply(400, {"error": "unauthorized_client"}), "key"),
        (Reply(400, {"error": 7, "error_description": None}), "secret"),
    ],
)
def test_identity_service_refuses(server: Scripted, client: AdobeClient, reply: Reply, field: str) -> None:
    server.on("POST", TOKEN, reply)

    error = failing(client)

    assert isinstance(error, CredentialsRefused)
    assert error.field == field
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, "<html>Sign in</html>"),
        Reply(200, {}),
        Reply(200, {"access_token": ["x"]}),
        Reply(302, headers={"Location": "/x"}),
        Reply(404, "not here"),
        Reply(429, headers={"Retry-After": "900"}),
        Reply(trick="close"),
    ],
)
def test_identity_service_gives_no_token(server: Scripted, client: AdobeClient, reply: Reply) -> None:
    server.on("POST", TOKEN, reply)

    error = failing(client)

    assert isinstance(error, TokenUnavailable)
    assert error.retry_after == (900 if reply.status == 429 else None)


ENVELOPES = [
    (403, {"error_code": "403003", "message": "Api Key is invalid"}, "Api Key is invalid", "key"),
    (403, {"error_code": 403000, "message": "Api Key is required"}, "Api Key is required", "key"),
    (400, {"error_code": "400003", "message": "Missing header"}, "Missing header", "org"),
    (403, {"error_code": "403025", "message": "Profile is not valid"}, "Profile is not valid", "org"),
    (403, {"error_code": "403010", "message": "Oauth token is missing."}, "Oauth token is missing.", "token"),
    (404, {"message": "2100-404 sandbox x not found"}, "2100-404 sandbox x not found", "sandbox"),
    (
        404,
        {"type": "https://ns.adobe.com/aep/errors/FLOW-2106-404", "title": "t", "detail": "d", "status": 404},
        "d",
        "sandbox",
    ),
    (400, {"errorCode": "2110-400", "errorMessage": "a", "errorDetails": "b"}, "a b", "sandbox"),
    (400, {"title": "BadRequestError", "detail": "The sandbox y does not exist"}, None, "sandbox"),
    (403, {"code": "2118-403", "message": "lacks right"}, "lacks right", "permission"),
    (
        403,
        {"requestId": "q", "errors": {"403": [{"code": "UPAPI-113752-403", "message": "Denied"}]}},
        "Denied",
        "permission",
    ),
    (
        403,
        {
            "type": "https://ns.adobe.com/aep/errors/UPAPI-113740-403",
            "title": "Not enabled",
            "errors": {"403": [{"code": 403, "message": "no"}]},
        },
        "Not enabled",
        "org",
    ),
    (403, "Forbidden", "Forbidden", "permission"),
    (403, "", "", "permission"),
]


@pytest.mark.parametrize(("status", "body", "message", "field"), ENVELOPES)
def test_every_envelope_blames_the_right_part(
    server: Scripted, client: AdobeClient, status: int, body: object, message: str | None, field: str
) -> None:
    server.on("GET", RUNS, Reply(status, body))

    error = failing(client)

    assert isinstance(error, CredentialsRefused)
    assert error.field == field
    assert message is None or error.verbatim == message
    assert error.request_id in ("req-1", "q")


def test_segmentation_envelope_is_read(server: Scripted, client: AdobeClient) -> None:
    body = {
        "requestId": "their-id",
        "errors": {"404": [{"code": 404, "message": "No such audience"}]},
        "type": "https://ns.adobe.com/aep/errors/UPAPI-113430-404",
        "status": 404,
    }
    server.on("GET", "/data/core/ups/segment/jobs", Reply(404, body))

    with pytest.raises(NotFound) as caught:
        client.segment_jobs()
    error = caught.value
    assert (error.verbatim, error.request_id) == ("No such audience", "their-id")
    assert error.vendor_code == "UPAPI-113430-404"


def test_secrets_never_leave(
    server: Scripted, client: AdobeClient, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "eyJhbGciOiJub25lIn0.first-token"
    server.on("GET", RUNS, Reply(400, {"message": f"bad {token} p8e-very-secret"}))

    error = failing(client)

    said = f"{error.verbatim} {error.body} {client!r} {client.config!r} {client._tokens!r} {vars(error)}"
    printed = capsys.readouterr()
    for secret in (token, "first-token", "p8e-very-secret"):
        assert secret not in said + printed.out + printed.err


class Witness(Pacer):
    """A pace that holds nobody back and notes when it is asked and what it is told."""

    def __init__(self, server: Scripted) -> None:
        self.server = server
        self.noted: list[object] = []

    def before(self, *, write: bool = False) -> None:
        self.noted.append(len(self.server.requests))

    def after(self, status: int, retry_after: float | None, *, write: bool = False) -> None:
        self.noted.append((status, retry_after))


def test_pace_is_asked_before_every_request_and_told_the_answer(server: Scripted) -> None:
    server.on("GET", RUNS, Reply(429, headers={"Retry-After": "0.01"}), GOOD)
    pace = Witness(server)
    with AdobeClient(config_for(server.url), patience=HASTY, pace=pace) as client:
        client.runs(["r-1"])
    assert pace.noted == [0, (200, None), 1, (429, 0.01), 2, (200, None)]


def test_loopback_never_goes_through_a_proxy(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.on("GET", RUNS, GOOD)
    with AdobeClient(config_for(server.url), limits=BRIEF, patience=HASTY) as client:
        assert list(client.runs(["r-1"])) == ["r-1"]


def test_patience_keeps_to_its_budget() -> None:
    started = time.monotonic()

    def read() -> None:
        raise Throttled("slow", retry_after=10)

    with pytest.raises(Throttled):
        ask(Patience(budget=5), read)
    assert time.monotonic() - started < 1
