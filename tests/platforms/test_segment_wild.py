"""Answers no honest stand-in gives: missing fields, new words, wild JSON. Reading them never fails loudly."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.answer import REDACTED, Answer
from platforms.errors import AnswerUnreadable, InvalidInput, PlatformError
from platforms.segment import SegmentClient, SegmentConfig, decoding
from platforms.segment.envelopes import refusal, wait_said
from platforms.segment.types import NewActivation
from tests.platforms.conftest import BRIEF, HASTY
from tests.platforms.scripted import Reply, Scripted
from tests.platforms.test_decoding import JSON
from tests.segment_shapes import ACTIVATION, AUDIENCE, CONNECTION, SHAPES, fits

SPACE = "/spaces/spa_1"
SAMPLES: dict[type, Any] = {str: "text", bool: True, int: 3, dict: {"a": 1}}


@pytest.fixture
def segment(server: Scripted) -> Iterator[SegmentClient]:
    with SegmentClient(SegmentConfig("spa_1", "sgp_x", server.url), limits=BRIEF, patience=HASTY) as made:
        yield made


def example(shape: Any) -> Any:
    """A value of this shape, with everything that may be missing."""
    if isinstance(shape, list):
        return [example(shape[0])]
    if isinstance(shape, dict):
        return {name.rstrip("?"): example(inner) for name, inner in shape.items()}
    kind = shape[0] if isinstance(shape, tuple) else shape
    return SAMPLES[kind]


@pytest.mark.parametrize("key", ["act/../1", "act 1?x=2#y", "act_ü%2F"])
def test_an_id_is_one_step_of_a_path_whatever_is_in_it(
    server: Scripted, segment: SegmentClient, key: str
) -> None:
    with pytest.raises(PlatformError):
        segment.activation("aud_1", key)
    sent = server.requests[-1].path
    assert sent.count("/") == f"{SPACE}/audiences/aud_1/activations/x".count("/")
    assert unquote(sent.rpartition("/")[2]) == key
    assert server.requests[-1].query == []


def test_no_id_is_no_address(segment: SegmentClient) -> None:
    for nothing in ("", ".", ".."):
        with pytest.raises(ValueError, match="an id is needed"):
            segment.activation("aud_1", nothing)


def test_examples_have_the_pinned_shapes() -> None:
    for name, shape in SHAPES.items():
        assert fits(shape, example(shape)) == [], name


DECODERS = [
    (AUDIENCE, decoding.audience, {"id"}),
    (CONNECTION, decoding.connection, {"id", "destinationId"}),
    (ACTIVATION, decoding.activation, {"id", "connectionId"}),
]


@pytest.mark.parametrize(("shape", "decode", "needed"), DECODERS)
def test_any_field_may_be_missing_but_what_addresses_it(shape: Any, decode: Any, needed: set[str]) -> None:
    for name in example(shape):
        item = example(shape)
        del item[name]
        assert (decode(item) is None) == (name in needed), name
        assert decode({**example(shape), name: None, "unheardOf": [1]}) is not None or name in needed


@given(
    st.sampled_from(
        [
            *(decode for _, decode, _ in DECODERS),
            decoding.destination,
            decoding.space,
            decoding.workspace,
            decoding.personalization,
        ]
    ),
    st.dictionaries(
        st.sampled_from([*example(ACTIVATION), *example(CONNECTION), *example(AUDIENCE), "metadata"]), JSON
    ),
)
def test_wild_objects_are_read_or_left_out(decode: Any, item: dict[str, Any]) -> None:
    found = decode(item)
    assert found is None or not hasattr(found, "id") or isinstance(found.id, str)


@given(JSON)
def test_wild_lists_of_supported_destinations_are_read(value: Any) -> None:
    assert all(one.key and one.name for one in decoding.supported(value))


@given(JSON)
def test_secrets_are_struck_out_at_any_depth(value: Any) -> None:
    hidden = decoding.without_secrets({"outer": [{"apiKey": "s3cr3t-value", "plain": value}]})
    assert "s3cr3t-value" not in str(hidden)
    assert hidden["outer"][0]["apiKey"] == REDACTED


@pytest.mark.parametrize(
    "name", ["apiKey", "api_key", "clientSecret", "password", "trackApiKey", "access_token"]
)
def test_what_is_called_like_a_secret_is_one(name: str) -> None:
    assert decoding.without_secrets({name: "x", "external_key": "y"}) == {name: REDACTED, "external_key": "y"}


@given(st.integers(100, 599), st.binary(max_size=300) | JSON.map(lambda said: str(said).encode()))
def test_any_refusal_has_a_type(status: int, body: bytes) -> None:
    answer = Answer(status, httpx.Headers({"x-ratelimit-reset": "soon"}), body)
    assert isinstance(refusal(answer, ("secret",)), PlatformError)
    assert wait_said(answer) is None or status == 429


def test_new_words_and_unknown_fields_are_kept(server: Scripted, segment: SegmentClient) -> None:
    item = {**example(ACTIVATION), "activationType": "Audience Dreamt Of", "extra": {"new": 1}}
    server.on("GET", f"{SPACE}/audiences/aud_1/activations", Reply(body={"data": {"activations": [item, 7]}}))
    (found,) = segment.activations("aud_1")
    assert found.type == "Audience Dreamt Of"
    bare = copy.deepcopy(item)
    for name in ("personalization", "performResync", "enabled", "activationName"):
        del bare[name]
    server.on("GET", f"{SPACE}/audiences/aud_1/activations/text", Reply(body={"data": {"activation": bare}}))
    one = segment.activation("aud_1", "text")
    assert (one.resyncing, one.enabled, one.name) == (None, None, "text")


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, [], "<html>", {"errors": []}])
def test_an_answer_without_its_data_is_unreadable(
    server: Scripted, segment: SegmentClient, body: Any
) -> None:
    server.on("GET", f"{SPACE}/audiences", Reply(body=body))
    with pytest.raises(AnswerUnreadable):
        segment.audiences()
    path = f"{SPACE}/audiences/aud_1/destination-connections/ii_1/activations"
    server.on("POST", path, Reply(body=body))
    with pytest.raises(AnswerUnreadable):
        segment.add_activation("aud_1", "ii_1", NewActivation("Audience Entered", "x"))
    assert len(server.to(path)) == 1


def test_a_list_that_never_ends_is_not_read_for_ever(server: Scripted, segment: SegmentClient) -> None:
    page = {"data": {"spaces": [{"id": "spa_1"}], "pagination": {"current": "a", "next": "a"}}}
    server.on("GET", "/spaces", Reply(body=page))
    with pytest.raises(AnswerUnreadable):
        segment.spaces()
    assert len(server.to("/spaces")) == 2


def test_an_error_that_names_no_field_and_one_that_is_no_envelope(
    server: Scripted, segment: SegmentClient
) -> None:
    path = f"{SPACE}/audiences/aud_1/activations/act_1"
    server.on("PATCH", path, Reply(422, {"errors": [{"type": "new-type"}, {"message": "no"}]}))
    with pytest.raises(InvalidInput) as caught:
        segment.resync("aud_1", "act_1")
    assert (caught.value.field, caught.value.verbatim, caught.value.vendor_code) == ("", "no", "new-type")
    server.on("PATCH", path, Reply(422, "plain words, token sgp_x"))
    with pytest.raises(InvalidInput) as caught:
        segment.resync("aud_1", "act_1")
    assert "plain words" in caught.value.verbatim


RESET = {"x-ratelimit-reset": "Thu, 01 Jan 2026 00:01:00 GMT", "date": "Thu, 01 Jan 2026 00:00:20 GMT"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait"),
    [
        (429, RESET, b"", 40.0),
        (429, RESET, b'{"errors":[{"type":"x","data":{"msBeforeNext":57647}}]}', 57.647),
        (429, {**RESET, "retry-after": "9"}, b'{"errors":[{"data":{"msBeforeNext":57647}}]}', 9.0),
        (429, {}, b'{"errors":[{"data":{"msBeforeNext":"soon"}}]}', None),
        (200, {**RESET, "x-ratelimit-remaining": "0"}, b"{}", 40.0),
        (200, {**RESET, "x-ratelimit-remaining": "1"}, b"{}", None),
        (503, {**RESET, "retry-after": "4"}, b"", 4.0),
    ],
)
def test_waits_are_the_best_that_is_said(
    status: int, headers: dict[str, str], body: bytes, wait: float | None
) -> None:
    """Retry-After, else the body, else the reset read against the answer's own date."""
    assert wait_said(Answer(status, httpx.Headers(headers), body)) == wait
