"""`adhocrun` against a server that answers in every way known and some that are not."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from platforms.adobe import AdobeClient
from platforms.adobe.activation import ADHOCRUN, V2
from platforms.errors import (
    AnswerLost,
    AnswerUnreadable,
    Conflict,
    CredentialsRefused,
    NotFound,
    NotInSchedule,
    NotReady,
    NotSent,
    NotSupported,
    OutcomeUnknown,
    PlatformError,
    PlatformFault,
    Refused,
    RunGoingOn,
    Throttled,
    TokenUnavailable,
    Unreachable,
)
from tests.platforms.conftest import BRIEF, HASTY, config_for
from tests.platforms.scripted import Reply, Scripted

PAIRS = [("f-1", "a-1"), ("f-1", "a-2"), ("f-2", "a-1")]
RUNS = "https://platform.adobe.io/data/foundation/flowservice/runs/"


def order(*pairs: tuple[str, str]) -> dict[str, object]:
    return {
        "order": [
            {"segment": audience, "order": flow, "statusURL": f"{RUNS}r-{flow}-{audience}"}
            for flow, audience in pairs
        ]
    }


def outcome(client: AdobeClient) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        client.activate(PAIRS)
    return caught.value


def test_it_works(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", ADHOCRUN, Reply(body=order(*reversed(PAIRS))))

    accepted = client.activate(PAIRS)

    assert accepted.runs == {pair: f"r-{pair[0]}-{pair[1]}" for pair in PAIRS}
    assert (accepted.missing, accepted.odd, accepted.request_id) == ((), (), "req-1")
    assert json.loads(accepted.body)["order"]
    (sent,) = server.to(ADHOCRUN)
    assert sent.json() == {"activationInfo": {"f-1": ["a-1", "a-2"], "f-2": ["a-1"]}}
    assert sent.headers["accept"] == V2
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-api-key"] == "key-1"
    assert sent.headers["x-gw-ims-org-id"] == "0000@AdobeOrg"
    assert sent.headers["x-sandbox-name"] == "prod"
    assert "x-sandbox-id" not in sent.headers


def test_v1_sends_export_ids_and_no_accept(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", ADHOCRUN, Reply(body=order(PAIRS[0])))

    client.activate(PAIRS[:1], version="v1", export_ids=["e-1"])

    (sent,) = server.to(ADHOCRUN)
    assert sent.json() == {"activationInfo": {"f-1": ["a-1"]}, "exportIds": ["e-1"]}
    assert "accept" not in sent.headers


def test_accept_of_v2_leaks_nowhere(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", ADHOCRUN, Reply(body=order(*PAIRS)))
    server.on("GET", "/data/foundation/flowservice/runs", Reply(body={"items": []}))

    client.activate(PAIRS)
    client.runs(["r-1"])

    assert server.requests[-1].headers["accept"] == "application/json"


def test_nothing_is_sent_for_nonsense(server: Scripted, client: AdobeClient) -> None:
    for pairs in ([], [("", "a-1")], [("f-1", "")]):
        with pytest.raises(ValueError, match="at least one pair"):
            client.activate(pairs)
    with pytest.raises(ValueError, match="export job"):
        client.activate(PAIRS, version="v1")
    assert server.requests == []


def test_secrets_in_odd_records_are_struck_out_and_records_cut(server: Scripted, client: AdobeClient) -> None:
    record = {**order(PAIRS[0])["order"][0], "new": "client-secret" + "x" * 5_000}  # type: ignore[index]
    server.on("POST", ADHOCRUN, Reply(body={"order": [record]}))

    (odd,) = client.activate(PAIRS[:1]).odd

    assert (odd.kind, odd.pair, len(odd.said)) == ("fields", PAIRS[0], 1_000)


def test_a_pair_asked_twice_is_sent_once(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", ADHOCRUN, Reply(body=order(PAIRS[0])))

    client.activate([PAIRS[0], PAIRS[0]])

    assert server.to(ADHOCRUN)[0].json() == {"activationInfo": {"f-1": ["a-1"]}}


def test_missing_unasked_and_doubled_records_are_told_apart(server: Scripted, client: AdobeClient) -> None:
    strange: list[object] = [
        *order(PAIRS[0], PAIRS[0])["order"],  # type: ignore[misc]
        {"segment": "a-1", "order": "f-1", "statusURL": f"{RUNS}another"},
        {"segment": "a-2", "order": "f-1", "statusURL": "https://evil.example/runs?x=1"},
        {"segment": "a-9", "order": "f-9", "statusURL": f"{RUNS}r-9"},
        {"segment": None, "order": 7},
        "text",
    ]
    server.on("POST", ADHOCRUN, Reply(body={"order": strange}))

    accepted = client.activate(PAIRS)

    assert accepted.runs == {PAIRS[0]: "r-f-1-a-1"}
    assert accepted.missing == (PAIRS[1], PAIRS[2])
    kinds = ["duplicate", "duplicate", "run_id", "pair", "pair", "record"]
    assert [(one.kind, json.loads(one.said)) for one in accepted.odd] == list(
        zip(kinds, strange[1:], strict=True)
    )


def test_beta_answer_is_understood(server: Scripted, client: AdobeClient) -> None:
    link = "https://platform.adobe.io/data/core/activation/flowservice/runs?properties=providerRefId=ADH:a-1"
    beta = {"code": "DEST-ADH-200", "message": "Adhoc run triggered succesfully", "statusURLs": [link]}
    server.on("POST", ADHOCRUN, Reply(body=beta))

    accepted = client.activate(PAIRS)
    assert (accepted.runs, accepted.missing) == ({}, tuple(PAIRS))
    assert [(one.kind, json.loads(one.said)) for one in accepted.odd] == [("record", {"statusURL": link})]

    server.on("POST", ADHOCRUN, Reply(body={**beta, "statusURLs": [f"{RUNS}r-5"]}))
    assert client.activate(PAIRS[:1]).runs == {PAIRS[0]: "r-5"}


@pytest.mark.parametrize(
    "body",
    [
        "<html>Sign in</html>",
        "",
        '{"order": [',
        "[]",
        "null",
        "{}",
        '{"order": {}}',
        "[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_200_in_no_known_shape_is_unknown(server: Scripted, client: AdobeClient, body: str | bytes) -> None:
    server.on("POST", ADHOCRUN, Reply(body=body))

    error = outcome(client)

    assert type(error) is AnswerUnreadable
    assert error.status == 200
    assert len(server.to(ADHOCRUN)) == 1


def test_gigantic_answer_is_left_and_its_beginning_kept(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", ADHOCRUN, Reply(body=b"x" * 3_000_000))

    error = outcome(client)

    assert isinstance(error, AnswerUnreadable)
    assert error.verbatim == "x" * 2_000
    assert len(error.body) == 64 * 1024


@pytest.mark.parametrize("status", [200, 400, 409])
def test_half_an_answer_is_unknown(server: Scripted, client: AdobeClient, status: int) -> None:
    text = "Run already going on for audience a-1 for order f-1 with run id r-1234567890"
    server.on("POST", ADHOCRUN, Reply(status, {"message": text}, trick="cut"))

    error = outcome(client)

    assert type(error) is AnswerUnreadable
    assert error.status == status


@pytest.mark.parametrize("trick", ["reset", "close"])
def test_lost_after_sending(server: Scripted, client: AdobeClient, trick: str) -> None:
    server.on("POST", ADHOCRUN, Reply(trick=trick))

    assert type(outcome(client)) is AnswerLost
    assert len(server.to(ADHOCRUN)) == 1


def test_silence_after_sending(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", ADHOCRUN, Reply(body=order(*PAIRS), delay=1.0))

    assert type(outcome(client)) is AnswerLost
    assert len(server.to(ADHOCRUN)) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_fault_is_unknown_and_not_repeated(server: Scripted, client: AdobeClient, status: int) -> None:
    server.on("POST", ADHOCRUN, Reply(status, "<h1>Oops</h1>", {"Retry-After": "7"}))

    error = outcome(client)

    assert isinstance(error, PlatformFault)
    assert isinstance(error, OutcomeUnknown)
    assert (error.retry_after, error.verbatim, error.request_id) == (7.0, "<h1>Oops</h1>", "req-1")
    assert len(server.to(ADHOCRUN)) == 1


def test_throttled_by_seconds_by_date_and_without_a_word(server: Scripted, client: AdobeClient) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    for header, low, high in (("12", 12, 12), (soon, 27, 30)):
        server.on("POST", ADHOCRUN, Reply(429, {}, {"Retry-After": header}))
        error = outcome(client)
        assert isinstance(error, Throttled)
        assert error.retry_after is not None
        assert low <= error.retry_after <= high
    server.on("POST", ADHOCRUN, Reply(429))
    error = outcome(client)
    assert isinstance(error, Throttled)
    assert error.retry_after is None
    assert len(server.to(ADHOCRUN)) == 3


def test_401_gets_a_fresh_token_and_one_more_try(server: Scripted, client: AdobeClient) -> None:
    tokens = [Reply(body={"access_token": f"token-{n}", "expires_in": 86399}) for n in (1, 2)]
    server.on("POST", "/ims/token/v3", *tokens)
    refused = Reply(401, {"error_code": "401013", "message": "Oauth token is not valid"})
    server.on("POST", ADHOCRUN, refused, Reply(body=order(*PAIRS)))

    assert len(client.activate(PAIRS).runs) == 3
    assert [sent.headers["authorization"] for sent in server.to(ADHOCRUN)] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


def test_401_twice_is_the_end(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", ADHOCRUN, Reply(401, {"error_code": 401013, "message": "Oauth token is not valid"}))

    error = outcome(client)

    assert isinstance(error, CredentialsRefused)
    assert (error.field, error.vendor_code) == ("token", "401013")
    assert len(server.to(ADHOCRUN)) == 2


def test_no_token_means_not_sent(server: Scripted, client: AdobeClient) -> None:
    server.on("POST", "/ims/token/v3", Reply(503))

    assert type(outcome(client)) is TokenUnavailable
    assert server.to(ADHOCRUN) == []
    assert len(server.to("/ims/token/v3")) == 4


def test_wrong_secret_means_not_sent(server: Scripted, client: AdobeClient) -> None:
    said = {"error": "invalid_client", "error_description": "invalid client_secret parameter"}
    server.on("POST", "/ims/token/v3", Reply(400, said))

    error = outcome(client)

    assert isinstance(error, CredentialsRefused)
    assert error.field == "secret"
    assert server.to(ADHOCRUN) == []


def test_nobody_listens() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))  # bound, not listening
        url = f"http://127.0.0.1:{busy.getsockname()[1]}"
        server = Scripted()
        config = config_for(url, ims_url=server.url)
        with AdobeClient(config, limits=BRIEF, patience=HASTY) as client:
            assert type(outcome(client)) is Unreachable
        server.close()


@pytest.mark.parametrize(
    ("platform_url", "expected"),
    [
        ("http://no-such-host.invalid", Unreachable),
        ("ftp://127.0.0.1", Unreachable),
        ("http://a..b", Unreachable),
        ("http://[bad", Unreachable),
    ],
)
def test_addresses_that_lead_nowhere(server: Scripted, platform_url: str, expected: type[NotSent]) -> None:
    with AdobeClient(config_for(platform_url, ims_url=server.url), limits=BRIEF, patience=HASTY) as client:
        assert type(outcome(client)) is expected


def test_tls_failure_is_not_sent(server: Scripted) -> None:
    url = server.url.replace("http://", "https://")
    with AdobeClient(config_for(url, ims_url=server.url), limits=BRIEF, patience=HASTY) as client:
        assert isinstance(outcome(client), NotSent)
    assert server.to(ADHOCRUN) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [({"org": "Zoë@AdobeOrg"}, "org"), ({"sandbox": "a b"}, "sandbox"), ({"client_id": "k\r\nx: y"}, "key")],
)
def test_values_that_fit_no_header_are_not_sent(server: Scripted, change: dict[str, str], field: str) -> None:
    with AdobeClient(config_for(server.url, **change), limits=BRIEF, patience=HASTY) as client:
        error = outcome(client)
    assert isinstance(error, CredentialsRefused)
    assert error.field == field
    assert server.to(ADHOCRUN) == []


def test_every_activation_has_a_connection_of_its_own(server: Scripted, client: AdobeClient) -> None:
    """A kept one, closed by the server as we write, would look like a lost answer."""
    server.on("POST", ADHOCRUN, Reply(body=order(*PAIRS)))
    server.on("GET", "/data/foundation/flowservice/runs", Reply(body={"items": []}))
    for _ in range(3):
        client.runs(["r-1"])
        client.activate(PAIRS)

    reads = {sent.connection for sent in server.to("/data/foundation/flowservice/runs")}
    writes = {sent.connection for sent in server.to(ADHOCRUN)}
    assert (len(reads), len(writes)) == (1, 3)


GOING_ON = "Run already going on for {word} a-1 for order f-1 with run id r-77"


@pytest.mark.parametrize("word", ["audience", "segment", "Segment"])
@pytest.mark.parametrize("status", [400, 409])
def test_run_going_on(server: Scripted, client: AdobeClient, word: str, status: int) -> None:
    server.on("POST", ADHOCRUN, Reply(status, {"message": GOING_ON.format(word=word) + "."}))

    error = outcome(client)

    assert isinstance(error, RunGoingOn)
    assert (error.audience, error.dataflow, error.run) == ("a-1", "f-1", "r-77")
    assert error.verbatim.startswith("Run already going on")
    assert error.status == status


@pytest.mark.parametrize("word", ["Segments", "Audiences"])
@pytest.mark.parametrize("names", ["VIP", "VIP, Guests (are not) all", "VIP\nGuests"])
def test_not_in_schedule(server: Scripted, client: AdobeClient, word: str, names: str) -> None:
    said = f"{word} {names} are not part of this dataflow or out of schedule range!"
    server.on("POST", ADHOCRUN, Reply(400, {"message": said}))

    error = outcome(client)

    assert isinstance(error, NotInSchedule)
    assert error.names == names.replace("\n", " ")


def test_many_names_are_kept_whole(server: Scripted, client: AdobeClient) -> None:
    names = ", ".join(f"Audience with a rather long name {number}" for number in range(80))
    said = f"Segments {names} are not part of this dataflow or out of schedule range!"
    server.on("POST", ADHOCRUN, Reply(400, {"message": said}))

    error = outcome(client)

    assert isinstance(error, NotInSchedule)
    assert error.names == names
    assert len(error.verbatim) == 2_000


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("not ready for dataset export, please wait for 10 minutes and retry.", 600),
        ("not ready for export, please wait for 90 seconds", 90),
        ("not ready for audience activation, wait at least 1 hour", 3600),
        ("not ready for dataset export", 600),
    ],
)
def test_not_ready(server: Scripted, client: AdobeClient, said: str, wait: float) -> None:
    server.on(
        "POST", ADHOCRUN, Reply(400, {"message": f"Invalid parameter: Following order ID(s) are {said}"})
    )

    error = outcome(client)

    assert isinstance(error, NotReady)
    assert error.wait == wait


def test_not_supported(server: Scripted, client: AdobeClient) -> None:
    said = (
        "Invalid parameter: Flow for id 0f-2 is incorrect. "
        "Error is [Adhoc run can not be executed for Flow spec=9a]."
    )
    server.on("POST", ADHOCRUN, Reply(400, {"message": said}))

    error = outcome(client)

    assert isinstance(error, NotSupported)
    assert error.dataflow == "0f-2"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"message": "Field activationInfo is required"}, Refused),
        (400, "<html>400 Bad Request</html>", Refused),
        (404, {"message": "Destination instance not found"}, NotFound),
        (409, {"message": "Changed"}, Conflict),
        (412, {"errorMessage": "Supplied version=[1]", "errorDetails": "does not match"}, Conflict),
        (422, {"title": "Unprocessable"}, Refused),
        (302, "", AnswerUnreadable),
        (304, "", AnswerUnreadable),
    ],
)
def test_other_refusals(
    server: Scripted, client: AdobeClient, status: int, body: object, kind: type[PlatformError]
) -> None:
    server.on("POST", ADHOCRUN, Reply(status, body, {"Location": f"{server.url}/elsewhere"}))

    assert type(outcome(client)) is kind
    assert len(server.to(ADHOCRUN)) == 1
    assert server.to("/elsewhere") == []
