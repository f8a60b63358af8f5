"""Dataflows: paging, what surrounds them, kinds and the ID trap."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from platforms.adobe import AdobeClient
from platforms.adobe.kinds import BATCH_PLATFORMS, DATA_LAKE, kind_of, platform_spec
from platforms.errors import AnswerUnreadable, CredentialsRefused, NotFound, PlatformFault
from platforms.types import DataflowKind, RunStatus
from tests.platforms.conftest import BRIEF, HASTY, config_for
from tests.platforms.scripted import Reply, Request, Scripted

FLOW_SERVICE = "/data/foundation/flowservice"
FLOWS = f"{FLOW_SERVICE}/flows"
S3 = "4fce964d-3f37-408f-9778-e597338a21ee"
EXTERNAL = "979558ae-a8ba-4e6e-b6ba-95c0a523b44a"

# The shape of the contract's appendix A (DST-SPEC), ids invented.
FLOW = {
    "id": "f-1",
    "name": "S3 daily",
    "description": "",
    "state": "ENABLED",
    "createdAt": 1658340453699,
    "updatedAt": 1658430188496,
    "createdBy": "A@AdobeID",
    "updatedBy": "acp_foundation_connectors@AdobeID",
    "flowSpec": {"id": "1a0514a6-33d4-4c7f-aff8-594799c47549", "version": "1.0"},
    "etag": '"04-62d9"',
    "targetConnectionIds": ["tc-1"],
    "inheritedAttributes": {
        "targetConnections": [
            {"id": "tc-1", "connectionSpec": {"id": S3}, "baseConnection": {"id": "bc-1"}}
        ]
    },
    "transformations": [
        {
            "name": "GeneralTransform",
            "params": {
                "segmentSelectors": {
                    "selectors": [
                        {
                            "type": "PLATFORM_SEGMENT",
                            "value": {
                                "id": "seg-1",
                                "name": "VIP",
                                "filenameTemplate": "%SEGMENT_ID%",
                                "exportMode": "DAILY_FULL_EXPORT",
                                "schedule": {
                                    "frequency": "ONCE",
                                    "triggerType": "AFTER_SEGMENT_EVAL",
                                    "startDate": "2022-07-21",
                                },
                                "createTime": "1658344069",
                            },
                        },
                        {
                            "type": "PLATFORM_SEGMENT",
                            "value": {
                                "id": "extaud9001",
                                "systemSegmentId": EXTERNAL,
                                "namespace": "aamSegments",
                                "fileNameTemplate": "old",
                                "schedule": {"startDate": "2022-11-15", "endDate": "2022-11-23", "startTime": "22:00"},
                            },
                        },
                        {"type": "PLATFORM_SEGMENT", "value": {"id": "seg-1", "name": "again"}},
                        {"type": "PLATFORM_SEGMENT", "value": {}},
                    ]
                }
            },
        }
    ],
    "lastOperation": {"started": 1658427025696, "updated": 1658427031832, "status": {"value": "completed"}, "operation": "update"},
    "lastRunDetails": {"id": "r-1", "state": "success", "startedAtUTC": 1658430155398, "completedAtUTC": 1658430160403},
}  # fmt: skip


def surround(server: Scripted) -> None:
    items = {
        "connectionSpecs": [
            {"id": S3, "name": "Amazon S3", "targetSpec": {"attributes": {"uiAttributes": {"frequency": {"key": "batch"}}}}}
        ],
        "connections": [{"id": "bc-1", "name": "Shop bucket", "auth": {"params": {"secretKey": "never"}}}],
        "targetConnections": [{"id": "tc-1", "params": {"bucketName": "shop/", "path": "/out", "fileType": "CSV"}}],
    }  # fmt: skip
    for name, found in items.items():
        server.on("GET", f"{FLOW_SERVICE}/{name}", Reply(body={"items": found, "_links": {}}))


def test_it_works(server: Scripted, client: AdobeClient) -> None:
    surround(server)
    server.on("GET", FLOWS, Reply(body={"items": [FLOW, {"name": "no id"}], "_links": {}}))

    (flow,) = client.dataflows()

    assert (flow.id, flow.name, flow.kind, flow.state) == (
        "f-1",
        "S3 daily",
        DataflowKind.BATCH_FILE,
        "enabled",
    )
    assert flow.etag == '"04-62d9"'
    assert flow.destination.platform == "Amazon S3"
    assert (flow.destination.id, flow.destination.account) == ("bc-1", "Shop bucket")
    assert flow.destination.frequency == "batch"
    assert (flow.path, flow.file_type) == ("shop/out", "CSV")
    assert (flow.operation, flow.operation_status) == ("update", "completed")
    assert (flow.last_run, flow.last_run_status, flow.last_run_word) == (
        "r-1",
        RunStatus.SUCCEEDED,
        "success",
    )
    assert flow.last_run_at == datetime(2022, 7, 21, 19, 2, 40, 403000, tzinfo=UTC)
    (asked,) = server.to(FLOWS)
    assert asked.query == [
        ("property", "inheritedAttributes.properties.isDestinationFlow==true"),
        ("limit", "100"),
    ]


def test_only_the_system_id_of_an_external_audience_is_an_audience(
    server: Scripted, client: AdobeClient
) -> None:
    surround(server)
    server.on("GET", FLOWS, Reply(body={"items": [FLOW]}))

    own, external = client.dataflows()[0].mappings

    assert (own.audience, own.external_id, own.audience_name) == ("seg-1", None, "VIP")
    assert (own.frequency, own.trigger, own.start_date) == ("ONCE", "AFTER_SEGMENT_EVAL", date(2022, 7, 21))
    assert own.mapped_at == datetime(2022, 7, 20, 19, 7, 49, tzinfo=UTC)
    assert own.file_name_template == "%SEGMENT_ID%"
    assert (external.audience, external.external_id) == (EXTERNAL, "extaud9001")
    assert (external.end_date, external.start_time, external.file_name_template) == (
        date(2022, 11, 23),
        "22:00",
        "old",
    )


def paged(pages: list[list[object]], token: str) -> object:
    """Pages whose links carry a token full of characters that a careless reader breaks."""

    def answer(request: Request) -> Reply:
        given = request.ask("continuationToken")
        number = int(given.rsplit("=", 1)[1]) if given else 0
        links: dict[str, object] = {}
        if number + 1 < len(pages):
            links = {"next": {"href": f"/flows?limit=1&continuationToken={token}{number + 1}"}}
        return Reply(body={"items": pages[number], "_links": links})

    return answer


@pytest.mark.parametrize("token", ["a%2Bb%3D", "a+b=", "a%20b&x=1&continuationToken="])
def test_every_page_with_the_same_filters(server: Scripted, client: AdobeClient, token: str) -> None:
    surround(server)
    token = token if "&" not in token else "ab="
    server.on("GET", FLOWS, paged([[{"id": f"f-{n}"}] for n in range(3)], token))  # type: ignore[arg-type]

    assert [flow.id for flow in client.dataflows()] == ["f-0", "f-1", "f-2"]

    asked = server.to(FLOWS)
    assert len(asked) == 3
    for request in asked:
        assert request.ask("property") == "inheritedAttributes.properties.isDestinationFlow==true"
        assert request.ask("limit") == "100"


def test_a_link_that_leads_back_is_no_endless_loop(server: Scripted, client: AdobeClient) -> None:
    surround(server)
    again = {"next": {"href": "/flows?continuationToken=same"}}
    server.on("GET", FLOWS, Reply(body={"items": [FLOW], "_links": again}))

    with pytest.raises(AnswerUnreadable, match="never ends"):
        client.dataflows()
    assert len(server.to(FLOWS)) == 2


@pytest.mark.parametrize(
    "links", [None, [], {}, {"next": None}, {"next": {}}, {"next": {"href": "/flows"}}, {"next": 5}]
)
def test_the_last_page_in_any_dress(server: Scripted, client: AdobeClient, links: object) -> None:  # fmt: skip
    surround(server)
    server.on("GET", FLOWS, Reply(body={"items": [FLOW], "_links": links}))

    assert len(client.dataflows()) == 1


def test_dataflows_survive_what_may_not_be_read(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", FLOWS, Reply(body={"items": [FLOW]}))
    for name in ("connectionSpecs", "connections", "targetConnections"):
        server.on("GET", f"{FLOW_SERVICE}/{name}", Reply(403, {"message": "Forbidden"}))

    (flow,) = client.dataflows()

    assert (flow.kind, flow.path) == (DataflowKind.BATCH_FILE, None)
    assert (flow.destination.platform, flow.destination.account) == ("Amazon S3", None)


def test_trouble_that_is_no_permission_is_told(server: Scripted, client: AdobeClient) -> None:
    surround(server)
    server.on("GET", FLOWS, Reply(body={"items": [FLOW]}))
    server.on("GET", f"{FLOW_SERVICE}/connections", Reply(500))
    with pytest.raises(PlatformFault):
        client.dataflows()

    surround(server)
    server.on("GET", FLOWS, Reply(403, {"message": "Forbidden"}))
    with pytest.raises(CredentialsRefused):
        client.dataflows()


@pytest.mark.parametrize("body", [FLOW, {"items": [FLOW]}])
def test_one_dataflow_bare_or_wrapped(server: Scripted, client: AdobeClient, body: object) -> None:
    surround(server)
    server.on("GET", f"{FLOWS}/f-1", Reply(body=body))

    assert client.dataflow("f-1").destination.account == "Shop bucket"
    before = len(server.requests)
    client.dataflow("f-1")
    assert len(server.requests) == before + 1


def test_a_dataflow_that_is_not_there(server: Scripted, client: AdobeClient) -> None:
    surround(server)
    server.on("GET", f"{FLOWS}/f-2", Reply(body={"items": []}))
    for key in ("f-2", "f-3", "../runs"):
        with pytest.raises(NotFound):
            client.dataflow(key)


def test_dataflows_by_id_in_batches(server: Scripted, client: AdobeClient) -> None:
    surround(server)

    def known(request: Request) -> Reply:
        ids = (request.ask("property") or "").removeprefix("id==").split(",")
        return Reply(body={"items": [{"id": key} for key in ids if key != "f-7"] + [{"id": "stranger"}]})

    server.on("GET", FLOWS, known)
    ids = [f"f-{number}" for number in range(250)]

    found = client.dataflows_by_id(ids)

    assert set(found) == set(ids) - {"f-7"}
    assert len(server.to(FLOWS)) == 3
    assert client.dataflows_by_id([]) == {}


def test_surroundings_are_kept_for_a_while(server: Scripted) -> None:
    surround(server)
    server.on("GET", FLOWS, Reply(body={"items": [FLOW]}))
    server.on("GET", f"{FLOWS}/f-1", Reply(body=FLOW))
    now = [0.0]
    config = config_for(server.url)
    with AdobeClient(config, limits=BRIEF, patience=HASTY, clock=lambda: now[0]) as client:
        client.dataflows()
        client.dataflow("f-1")
        assert len(server.to(f"{FLOW_SERVICE}/connectionSpecs")) == 1
        now[0] += 901
        client.dataflow("f-1")
        assert len(server.to(f"{FLOW_SERVICE}/connectionSpecs")) == 2

        now[0] += 901
        server.on("GET", f"{FLOW_SERVICE}/connectionSpecs", Reply(500))
        assert client.dataflow("f-1").destination.platform == "Amazon S3"


def flow(*values: dict[str, object], **fields: object) -> dict[str, object]:
    chosen = [{"type": "PLATFORM_SEGMENT", "value": value} for value in values]
    steps = [{"params": {"segmentSelectors": {"selectors": chosen}}}]
    return {"id": "f", "transformations": steps, **fields}


OTHER = "00000000-1111-2222-3333-444444444444"
KINDS = [
    (flow({"id": "a", "exportMode": "DAILY_FULL_EXPORT"}), OTHER, None, DataflowKind.BATCH_FILE),
    (flow({"id": "a", "fileNameTemplate": "x"}), OTHER, "Streaming", DataflowKind.BATCH_FILE),
    (flow({"id": "a", "schedule": {"frequency": "ONCE"}}), OTHER, None, DataflowKind.BATCH_FILE),
    (flow({"id": "a", "schedule": {"startDate": "2022-01-01"}}), OTHER, None, DataflowKind.STREAMING),
    (flow({"id": "a"}), OTHER, None, DataflowKind.STREAMING),
    (flow({"id": "a"}), OTHER, "Batch", DataflowKind.BATCH_FILE),
    (flow(), S3, None, DataflowKind.BATCH_FILE),
    (flow(flowSpec={"id": "71471eba-b620-49e4-90fd-23f1fa0174d8"}), OTHER, None, DataflowKind.BATCH_FILE),
    (flow(), OTHER, "STREAMING", DataflowKind.STREAMING),
    (flow(), OTHER, None, DataflowKind.UNKNOWN),
    (
        {"id": "f", "transformations": [], "scheduleParams": {"interval": 3}},
        S3,
        "batch",
        DataflowKind.DATASET,
    ),
    ({"id": "f", "transformations": []}, S3, None, DataflowKind.BATCH_FILE),
    (flow(flowSpec={"id": "269ba276-16fc-47db-92b0-c1049a3c131f"}), S3, None, DataflowKind.DATASET),
    (
        flow(inheritedAttributes={"sourceConnections": [{"connectionSpec": {"id": DATA_LAKE}}]}),
        S3,
        None,
        DataflowKind.DATASET,
    ),
]


@pytest.mark.parametrize(("item", "platform", "frequency", "kind"), KINDS)
def test_kinds(item: dict[str, object], platform: str, frequency: str | None, kind: DataflowKind) -> None:
    spec = platform_spec({"id": platform, "attributes": {"frequency": frequency}})
    assert kind_of(item, spec, platform) is kind


def test_frequency_is_read_from_every_place() -> None:
    shown = {"frequency": {"key": "Streaming"}}
    spec = platform_spec(
        {"id": OTHER, "attributes": {"frequency": "batch"}, "targetSpec": {"attributes": {"uiAttributes": shown}}}
    )  # fmt: skip
    assert spec is not None
    assert spec.frequency == "Streaming"
    plain = platform_spec({"id": S3, "attributes": {"uiAttributes": {"frequency": "Batch"}}})
    assert plain is not None
    assert (plain.name, plain.frequency) == (BATCH_PLATFORMS[S3], "Batch")
    assert platform_spec({"name": "no id"}) is None
