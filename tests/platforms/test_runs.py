"""Runs, jobs, schedules and what the credentials may do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from platforms.adobe import AdobeClient
from platforms.adobe.runs import run
from platforms.errors import NotFound, PlatformFault, Unreachable
from platforms.types import Counts, JobStatus, RunIssue, RunStatus
from tests.platforms.conftest import BRIEF, HASTY, config_for
from tests.platforms.scripted import Reply, Request, Scripted

RUNS = "/data/foundation/flowservice/runs"
UPS = "/data/core/ups"
ACL = "/data/foundation/access-control/acl"
SANDBOXES = "/data/foundation/sandbox-management/"

SKIPPED = {"code": "ACTIVATION_BATCH-0000-SKIP", "message": "Records didn't match", "count": 15224}
SUCCEEDED = {
    "id": "r-2",
    "flowId": "f-1",
    "createdAt": 1659018528378,
    "updatedAt": 1659019046995,
    "metrics": {
        "durationSummary": {"startedAtUTC": 1659018529865, "completedAtUTC": 1659018929923},
        "sizeSummary": {"inputBytes": 855202780, "outputBytes": 855202780},
        "recordSummary": {
            "inputRecordCount": 7823447,
            "createdRecordCount": 7808223,
            "outputRecordCount": 7808223,
            "skippedRecordCount": 15224,
            "sourceSummaries": [
                {"entitySummaries": [{"id": "segment:a-1", "inputRecordCount": 10, "skippedRecordCount": 1}]}
            ],
            "targetSummaries": [
                {"entitySummaries": [{"id": "segment:a-1", "outputRecordCount": 9}, {"id": "a-2"}]}
            ],
            "skippedInfo": [SKIPPED],
        },
        "fileSummary": {"outputFileCount": 2},
        "statusSummary": {"status": "success"},
    },
    "activities": [
        {"statusSummary": {"extensions": {"snapshot.batchId": "01G9", "incremental.batchId": "01GA,01GB"}}}
    ],
}


def test_a_run_that_succeeded() -> None:
    read = run(SUCCEEDED)
    assert read is not None
    assert (read.status, read.word, read.dataflow) == (RunStatus.SUCCEEDED, "success", "f-1")
    assert read.counts == Counts(7823447, 7808223, 15224, None)
    assert read.audiences == {"a-1": Counts(10, 9, 1, None), "a-2": Counts()}
    assert (read.files, read.bytes_out, read.snapshot_only) == (2, 855202780, False)
    assert read.issues == (RunIssue("excluded", SKIPPED["code"], SKIPPED["message"], 15224),)  # type: ignore[arg-type]


def test_a_run_that_failed_invents_no_numbers() -> None:
    told = {"code": "ACTIVATION_BATCH-0000-FAILED", "message": "Job aborted."}
    read = run(
        {
            "id": "r-3",
            "metrics": {
                "durationSummary": {"stoppedAtUTC": 1659018929923},
                "recordSummary": {"sourceSummaries": [{"entitySummaries": []}], "failedInfo": [told]},
                "statusSummary": {"status": "Failed", "errors": [told, {"code": "X", "message": "y"}]},
            },
            "activites": [{"statusSummary": {"extensions": {"snapshot.batchId": "01G9"}, "errors": [told]}}],
        }
    )
    assert read is not None
    assert (read.status, read.counts, read.files, read.bytes_out) == (
        RunStatus.FAILED,
        Counts(),
        None,
        None,
    )
    assert read.completed_at == datetime(2022, 7, 28, 14, 35, 29, 923000, tzinfo=UTC)
    assert [issue.code for issue in read.issues] == ["ACTIVATION_BATCH-0000-FAILED", "X"]
    assert read.snapshot_only is True


def test_a_run_just_begun() -> None:
    read = run({"id": "r-4", "flowId": "f-1", "createdAt": 1659018528378})
    assert read is not None
    assert (read.status, read.word, read.counts, read.snapshot_only) == (
        RunStatus.RUNNING,
        None,
        Counts(),
        None,
    )


def test_runs_by_id_in_hundreds(server: Scripted, client: AdobeClient) -> None:
    def known(request: Request) -> Reply:
        ids = (request.ask("property") or "").removeprefix("id==").split(",")
        assert len(ids) <= 100
        assert request.ask("limit") == "100"
        return Reply(body={"items": [{"id": key} for key in ids if not key.endswith("7")]})

    server.on("GET", RUNS, known)
    ids = [f"r-{number}" for number in range(205)]

    found = client.runs([*ids, *ids])

    assert set(found) == {key for key in ids if not key.endswith("7")}
    assert len(server.to(RUNS)) == 3
    assert client.runs([]) == {}


@pytest.mark.parametrize("body", [SUCCEEDED, {"items": [SUCCEEDED]}])
def test_one_run_bare_or_wrapped(server: Scripted, client: AdobeClient, body: object) -> None:
    server.on("GET", f"{RUNS}/r-2", Reply(body=body))
    assert client.run("r-2").status is RunStatus.SUCCEEDED


def test_a_run_not_visible_yet(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", f"{RUNS}/r-9", Reply(body={"items": []}))
    for key in ("r-8", "r-9"):
        with pytest.raises(NotFound):
            client.run(key)


NOW = datetime(2026, 11, 22, tzinfo=UTC)


def history(count: int) -> object:
    """`count` runs a minute apart, newest first, in pages of the asked size."""

    def answer(request: Request) -> Reply:
        size, first = int(request.ask("limit") or 0), int(request.ask("continuationToken") or 0)
        last = min(first + size, count)
        items = [
            {
                "id": f"r-{n}",
                "flowId": "f-1",
                "createdAt": int(1000 * (NOW - timedelta(minutes=n)).timestamp()),
            }
            for n in range(first, last)
        ]
        links = {"next": {"href": f"/runs?continuationToken={last}"}} if last < count else {}
        return Reply(body={"items": items, "_links": links})

    return answer


def test_runs_of_dataflows_stop_when_old_enough(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", RUNS, history(1000))  # type: ignore[arg-type]

    found = client.runs_of(["f-1", "f-2"], since=NOW - timedelta(minutes=120))

    assert [each.id for each in found] == [f"r-{n}" for n in range(121)]
    asked = server.to(RUNS)
    assert len(asked) == 2
    assert asked[0].query == [("property", "flowId==f-1,f-2"), ("orderby", "-createdAt"), ("limit", "100")]


def test_runs_of_dataflows_stop_at_the_limit(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", RUNS, history(1000))  # type: ignore[arg-type]

    assert len(client.runs_of(["f-1"], limit=150)) == 150
    assert len(server.to(RUNS)) == 2
    assert len(client.runs_of(["f-1"], limit=5)) == 5
    assert server.requests[-1].ask("limit") == "5"
    assert client.runs_of([]) == ()


def test_runs_of_many_dataflows_are_one_story(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", RUNS, history(10))  # type: ignore[arg-type]

    found = client.runs_of([f"f-{n}" for n in range(150)], limit=3)

    assert len(server.to(RUNS)) == 2
    times = [each.created_at for each in found]
    assert times == sorted(times, reverse=True)  # type: ignore[type-var]
    assert len(found) == 3


def test_segment_jobs(server: Scripted, client: AdobeClient) -> None:
    jobs = [
        {"id": "j-1", "status": "NEW", "creationTime": 1600000000000, "source": "api"},
        {
            "id": 2,
            "status": "FAILED",
            "creationTime": 1700000000000,
            "properties": {"scheduleId": "s"},
            "errors": [{"code": "429", "msg": "Request rate is large"}],
        },
        {"status": "no id"},
    ]
    server.on("GET", f"{UPS}/segment/jobs", Reply(body={"children": jobs}))

    newest, older = client.segment_jobs()

    assert (newest.id, newest.status, newest.scheduled) == ("2", JobStatus.FAILED, True)
    assert newest.errors[0].message == "Request rate is large"
    assert (older.id, older.status, older.scheduled) == ("j-1", JobStatus.QUEUED, False)


def export(key: object, status: str, schema: str, at: int) -> dict[str, object]:
    return {"id": key, "status": status, "schema": {"name": schema}, "creationTime": at}


PROFILE = "_xdm.context.profile"


def test_the_export_v1_needs(server: Scripted, client: AdobeClient) -> None:
    first = [
        export(104, "SUCCEEDED", "_xdm.context.account", 1538615973899),
        export(103, "PROCESSING", PROFILE, 1538615973898),
        export(102, "FAILED", PROFILE, 1538615973897),
    ]
    second = [
        export(100, "SUCCEEDED", PROFILE, 1538615973895),
        export(101, "SUCCEEDED", PROFILE, 1538615973896),
    ]
    link = {"next": "/export/jobs?limit=3&offset=1540974701302_96%2B"}

    def pages(request: Request) -> Reply:
        offset = request.ask("offset")
        assert offset in (None, "1540974701302_96+")
        return Reply(body={"records": second if offset else first, "link": {} if offset else link})

    server.on("GET", f"{UPS}/export/jobs", pages)

    assert client.latest_export_id() == "101"
    assert [job.id for job in client.export_jobs(limit=4)] == ["104", "103", "102", "101"]
    assert client.export_jobs()[0].created_at == datetime(2018, 10, 4, 1, 19, 33, 899000, tzinfo=UTC)


def test_no_export_has_succeeded(server: Scripted, client: AdobeClient) -> None:
    server.on("GET", f"{UPS}/export/jobs", Reply(body={"records": [export(1, "NEW", PROFILE, 1)]}))
    with pytest.raises(NotFound, match="No profile export"):
        client.latest_export_id()


def test_schedules(server: Scripted, client: AdobeClient) -> None:
    item = {
        "id": "s",
        "name": "Daily",
        "type": "batch_segmentation",
        "schedule": "0 0 1 * * ?",
        "state": "ACTIVE",
    }
    server.on("GET", f"{UPS}/config/schedules", Reply(body={"children": [item, {}]}))

    (schedule,) = client.schedules()

    assert (schedule.kind, schedule.cron, schedule.active) == ("batch_segmentation", "0 0 1 * * ?", True)


PROD = {"name": "prod", "title": "Production", "state": "active", "type": "production"}
OLD = {"name": "old", "title": "Old", "state": "deleted", "type": "development"}
REFERENCE = {
    "permissions": {"view-destinations": {}, "activate-destinations": {}, "view-profiles": {}},
    "resource-types": {},
}
GRANTED = {
    "/permissions/view-destinations": ["*"],
    "/permissions/activate-destinations": ["*"],
    "/permissions/view-profiles": ["*"],
    "/resource-types/segments": ["read"],
}


@pytest.fixture
def welcoming(server: Scripted) -> Scripted:
    server.on("GET", SANDBOXES, Reply(body={"sandboxes": [PROD, OLD, {"title": "no name"}]}))
    server.on("GET", "/data/foundation/flowservice/flows", Reply(body={"items": []}))
    server.on("GET", f"{ACL}/reference", Reply(body=REFERENCE))
    server.on("POST", f"{ACL}/effective-policies", Reply(body={"policies": GRANTED}))
    return server


def test_a_good_connection(welcoming: Scripted, client: AdobeClient) -> None:
    report = client.check_connection()

    assert report.ok
    assert [sandbox.name for sandbox in report.sandboxes] == ["prod", "old"]
    assert [(right.name, right.granted) for right in report.permissions] == [
        ("View Destinations", True),
        ("Activate Destinations", True),
        ("View Profiles", True),
        ("View Segments", True),
    ]
    assert "x-sandbox-name" not in welcoming.to(SANDBOXES)[0].headers
    (asked,) = welcoming.to(f"{ACL}/effective-policies")
    assert isinstance(asked.json(), list)
    assert "/permissions/view-segments" not in asked.body.decode()


def test_a_check_always_tries_a_new_token(welcoming: Scripted, client: AdobeClient) -> None:
    tokens = (Reply(body={"access_token": f"token-{n}", "expires_in": 86399}) for n in range(9))
    welcoming.on("POST", "/ims/token/v3", lambda _: next(tokens))

    client.check_connection()
    client.check_connection()

    assert len(welcoming.to("/ims/token/v3")) == 2


def test_denied_is_told_from_unverifiable(welcoming: Scripted, client: AdobeClient) -> None:
    manage = {"/permissions/manage-destinations": ["*"]}
    welcoming.on("POST", f"{ACL}/effective-policies", Reply(body={"policies": manage}))

    report = client.check_connection()

    assert report.refused == "permission"
    assert "Activate Destinations" in report.summary
    assert [right.granted for right in report.permissions] == [True, False, False, None]
    assert not report.ok


@pytest.mark.parametrize("reply", [Reply(403), Reply(500), Reply(body={}), Reply(body={"policies": []})])
def test_rights_that_cannot_be_asked_are_unknown(
    welcoming: Scripted, client: AdobeClient, reply: Reply
) -> None:
    welcoming.on("GET", f"{ACL}/reference", Reply(404))
    welcoming.on("POST", f"{ACL}/effective-policies", reply)

    report = client.check_connection()

    assert report.ok
    assert {right.granted for right in report.permissions} == {None}


@pytest.mark.parametrize(
    ("sandbox", "said"), [("nowhere", "no sandbox called 'nowhere'"), ("old", "deleted, not active")]
)
def test_a_sandbox_that_cannot_be_used(welcoming: Scripted, sandbox: str, said: str) -> None:
    config = config_for(welcoming.url, sandbox=sandbox)
    with AdobeClient(config, limits=BRIEF, patience=HASTY) as client:
        report = client.check_connection()

    assert (report.refused, len(report.sandboxes)) == ("sandbox", 2)
    assert said in report.summary


def test_sandboxes_that_may_not_be_listed(welcoming: Scripted, client: AdobeClient) -> None:
    welcoming.on("GET", SANDBOXES, Reply(403))
    assert client.check_connection().ok

    lost = Reply(404, {"errorCode": "2100-404", "errorMessage": "Sandbox not found"})
    welcoming.on("GET", "/data/foundation/flowservice/flows", lost)
    report = client.check_connection()
    assert (report.refused, report.verbatim) == ("sandbox", "Sandbox not found")


def test_half_a_list_condemns_no_sandbox(welcoming: Scripted, client: AdobeClient) -> None:
    more = {"next": {"href": "/?offset=1", "templated": True}}
    welcoming.on("GET", SANDBOXES, Reply(body={"sandboxes": [OLD], "_links": more}))

    assert client.check_connection().ok


@pytest.mark.parametrize(
    ("path", "reply", "refused"),
    [
        ("/ims/token/v3", Reply(400, {"error": "invalid_client", "error_description": "client_id"}), "key"),
        ("/ims/token/v3", Reply(400, {"error": "invalid_scope"}), "scopes"),
        (SANDBOXES, Reply(403, {"error_code": "403003", "message": "Api Key is invalid"}), "key"),
        (SANDBOXES, Reply(403, {"error_code": "403025", "message": "Profile is not valid"}), "org"),
        (SANDBOXES, Reply(401, {"error_code": "401013", "message": "not valid"}), "token"),
        ("/data/foundation/flowservice/flows", Reply(403, {"message": "no"}), "permission"),
    ],
)
def test_the_part_that_is_refused_is_named(
    welcoming: Scripted, client: AdobeClient, path: str, reply: Reply, refused: str
) -> None:
    welcoming.on("POST" if "token" in path else "GET", path, reply)

    report = client.check_connection()

    assert report.refused == refused
    assert report.summary
    assert not report.ok


def test_trouble_is_no_verdict_on_credentials(welcoming: Scripted, client: AdobeClient) -> None:
    welcoming.on("GET", SANDBOXES, Reply(503))
    with pytest.raises(PlatformFault):
        client.check_connection()

    config = config_for("http://no-such-host.invalid", ims_url=welcoming.url)
    with AdobeClient(config, limits=BRIEF, patience=HASTY) as lost, pytest.raises(Unreachable):
        lost.check_connection()
