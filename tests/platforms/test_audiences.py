"""Audiences: every one exactly once, however the platform pages, and never fewer in silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platforms.adobe import AdobeClient
from platforms.adobe.audiences import AUDIENCES, audience
from platforms.errors import AnswerUnreadable, PlatformFault
from platforms.types import Audience
from tests.platforms.conftest import HASTY
from tests.platforms.scripted import Reply, Request, Scripted


def listing(
    count: int, *, clamp: int = 100, paging: str = "_page", next_as: str = "offset", total: bool = True
) -> Callable[[Request], Reply]:
    """`count` audiences in pages of at most `clamp`, `next` written as the documents variously do."""

    def answer(request: Request) -> Reply:
        start, size = int(request.ask("start") or 0), min(int(request.ask("limit") or 20), clamp)
        first = start * size if next_as == "page" else start
        last = min(first + size, count)
        page: dict[str, object] = {"totalCount": count} if total else {}
        if last < count and next_as != "missing":
            following = start + 1 if next_as == "page" else last
            page["next"] = str(following) if next_as == "page" else following
        children = [{"id": f"a-{number}", "name": f"n{number}"} for number in range(first, last)]
        return Reply(body={"children": children, paging: page})

    return answer


def ids(found: tuple[Audience, ...]) -> list[str]:
    return sorted((each.id for each in found), key=lambda key: int(key[2:]))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(1, 450),
    clamp=st.sampled_from([7, 50, 100, 500]),
    paging=st.sampled_from(["_page", "_pages"]),
    next_as=st.sampled_from(["offset", "page", "missing"]),
)
def test_every_audience_once(
    server: Scripted, client: AdobeClient, count: int, clamp: int, paging: str, next_as: str
) -> None:
    server.requests.clear()
    server.on("GET", AUDIENCES, listing(count, clamp=clamp, paging=paging, next_as=next_as))

    assert ids(client.audiences()) == [f"a-{number}" for number in range(count)]
    assert len(server.to(AUDIENCES)) == -(-count // min(clamp, 100))


def test_without_a_total_the_links_are_followed(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", AUDIENCES, listing(230, total=False))
    told: list[tuple[int, int | None]] = []

    assert len(client.audiences(lambda done, total: told.append((done, total)))) == 230
    assert told == [(100, None), (200, None), (230, None)]


def test_progress_is_told(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", AUDIENCES, listing(230))
    told: list[tuple[int, int | None]] = []

    client.audiences(lambda done, total: told.append((done, total)))

    assert told[0] == (100, 230)
    assert told[-1] == (230, 230)


def test_duplicates_count_once(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", AUDIENCES, Reply(body={"children": [{"id": "a"}, {"id": "a"}, {"name": "none"}, 7]}))

    assert [each.id for each in client.audiences()] == ["a"]


EMPTY = Reply(body={"children": [], "_page": {"totalCount": 0}})


def hiccup(at: str, times: int, reply: Reply, count: int = 250) -> Callable[[Request], Reply]:
    rest, honest = [times], listing(count)

    def answer(request: Request) -> Reply:
        if request.ask("start") == at and rest[0] > 0:
            rest[0] -= 1
            return reply
        return honest(request)

    return answer


@pytest.mark.parametrize("at", ["0", "100"])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(body={"children": [], "_page": {"totalCount": 250, "next": 100}}),
        Reply(body={"children": []}),
        Reply(body={"_page": {"totalCount": 250}}),
        Reply(body={}),
        Reply(500),
    ],
)
def test_one_empty_page_is_asked_again(server: Scripted, client: AdobeClient, at: str, reply: Reply) -> None:
    server.on("GET", AUDIENCES, hiccup(at, 1, reply))

    assert len(client.audiences()) == 250


def test_an_empty_first_page_is_asked_again(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", AUDIENCES, hiccup("0", 1, EMPTY))

    assert len(client.audiences()) == 250


def test_a_page_that_stays_empty_is_not_believed(server: Scripted, client: AdobeClient) -> None:
    gone = Reply(body={"children": [], "_page": {"totalCount": 250}})
    server.on("GET", AUDIENCES, hiccup("100", 99, gone))

    with pytest.raises(AnswerUnreadable):
        client.audiences()


def test_a_page_past_the_new_end_is_believed(server: Scripted, client: AdobeClient) -> None:
    shrunk = Reply(body={"children": [], "_page": {"totalCount": 200}})
    server.on("GET", AUDIENCES, hiccup("200", 99, shrunk, count=201))

    assert len(client.audiences()) == 200


def test_an_empty_sandbox_is_believed_when_it_says_so_to_the_end(
    server: Scripted, client: AdobeClient
) -> None:
    server.on("GET", AUDIENCES, EMPTY)

    assert client.audiences() == ()
    assert len(server.to(AUDIENCES)) == HASTY.attempts + 1


def test_from_some_to_none_is_not_believed(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", AUDIENCES, EMPTY)
    with pytest.raises(AnswerUnreadable):
        client.audiences(known=3)

    server.on("GET", AUDIENCES, listing(5))
    client.audiences()
    server.on("GET", AUDIENCES, EMPTY)
    with pytest.raises(AnswerUnreadable):
        client.audiences()


def test_empty_with_a_total_is_not_believed(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", AUDIENCES, Reply(body={"children": [], "_page": {"totalCount": 9}}))

    with pytest.raises(AnswerUnreadable):
        client.audiences()


def test_a_page_that_fails_fails_the_reading(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", AUDIENCES, hiccup("100", 99, Reply(503)))

    with pytest.raises(PlatformFault):
        client.audiences()


def test_fields_of_both_kinds() -> None:
    own = audience(
        {
            "id": "s-1",
            "audienceId": "s-1",
            "type": "SegmentDefinition",
            "originName": "REAL_TIME_CUSTOMER_PROFILE",
            "namespace": "AEPSegments",
            "lifecycle": "Published",
            "name": "VIP",
            "labels": ["core/C1"],
            "mergePolicyId": "mp-1",
            "evaluationInfo": {"batch": {"enabled": False}, "continuous": {"enabled": True}},
            "metrics": {"data": {"totalProfiles": 0}, "updateEpoch": 1653583927},
            "createEpoch": 1642745034,
        }
    )
    assert (own.external, own.external_id, own.lifecycle, own.evaluation) == (
        False,
        None,
        "published",
        "streaming",
    )
    assert (own.profiles, own.merge_policy, own.labels) == (0, "mp-1", ("core/C1",))
    assert own.profiles_as_of == datetime(2022, 5, 26, 16, 52, 7, tzinfo=UTC)

    for kind in ("ExternalSegment", "ExternalAudience"):
        theirs = audience(
            {
                "id": "s-2",
                "audienceId": "crm-gold",
                "type": kind,
                "lifecycleState": "published",
                "ttlInDays": "30",
                "creationTime": 1642745034000000,
            }
        )
        assert (theirs.external, theirs.external_id, theirs.ttl_days) == (True, "crm-gold", 30)
        assert theirs.profiles is None
        assert theirs.created_at == datetime(2022, 1, 21, 6, 3, 54, tzinfo=UTC)
