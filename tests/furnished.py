"""A whole site for tests of every page: one workspace of each vendor with something of every kind in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from activations import states
from activations.models import (
    Activation,
    ActivationSet,
    Chain,
    Chosen,
    Delivery,
    Event,
    Firing,
    Job,
    Schedule,
    SetChange,
)
from audiences import planner
from audiences.models import (
    Audience,
    Dataflow,
    Destination,
    ExternalAudience,
    ExternalOperation,
    Mapping,
    PlatformJob,
    Run,
    RunAudience,
    Supported,
    User,
    Wish,
    Workspace,
)
from notices.models import Channel, Errand, Notice
from tests.catalogue import make_user, make_workspace
from tests.furnished_people import furnish_people

_next = count(1)
OURS = ("audiences", "activations", "notices")
# Deliveries per past activation, and how the past ended.
SHARE = 20
ENDS = (states.SUCCEEDED, states.SUCCEEDED, states.FAILED, states.EMPTY, states.PARTLY, states.REFUSED)


@dataclass(frozen=True)
class Size:
    """How much of everything there is. `many` counts what people make: sets, schedules, channels, wishes, …"""

    dataflows: int = 12
    audiences: int = 120
    deliveries: int = 60
    many: int = 3


@dataclass
class Site:
    """Two workspaces and somebody who may press in both; `ids` fill the addresses, by the names of their parts."""

    size: Size
    viewer: User
    adobe: Workspace
    segment: Workspace
    ids: dict[str, Any] = field(default_factory=dict)
    mapped: list[Mapping] = field(default_factory=list)


def every_view(
    patterns: list[URLPattern | URLResolver] | None = None, space: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every address of the site by the name of its view, without Django's administration."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            if one.namespace != "admin":
                yield from every_view(
                    one.url_patterns, f"{space}{one.namespace}:" if one.namespace else space
                )
        else:
            yield f"{space}{one.name}", one


def furnish(size: Size) -> Site:
    """A site of this size, beside whatever is there."""
    number = next(_next)
    # Room in the budget: late in a day the past has used the default one up, in the larger site alone.
    adobe = make_workspace(
        f"adobe-{number}", evaluation_cron="0 0 6 * * ?", snapshot_at=timezone.now(), jobs_per_day=1_000
    )
    segment = make_workspace(f"segment-{number}", platform="segment", org="", client_id="", sandbox="space")
    viewer = make_user(f"viewer-{number}", "activator", adobe)
    viewer.memberships.create(workspace=segment, role="activator")
    site = Site(size, viewer, adobe, segment)
    _catalogue(site)
    _past(site)
    _sets(site)
    _external(site)
    _wishes(site)
    _notices(site)
    _segment(site)
    furnish_people(site)
    planner.count_anew(model for app in OURS for model in apps.get_app_config(app).get_models())
    return site


def _catalogue(site: Site) -> None:
    """Each audience is mapped to one dataflow, the first ones to every dataflow besides; runs on the first."""
    now, size = timezone.now(), site.size
    ends = Destination.objects.bulk_create(
        Destination(
            workspace=site.adobe, platform_id=f"end-{n}", platform="Amazon S3", account=f"Account {n}"
        )
        for n in range(size.dataflows)
    )
    flows = Dataflow.objects.bulk_create(
        Dataflow(
            workspace=site.adobe, destination=end, platform_id=f"flow-{n}", name=f"Dataflow {n:04}",
            kind="batch_file", state="enabled", created_at=now - timedelta(days=90), updated_at=now,
            mapped_count=size.audiences // size.dataflows,
        )
        for n, end in enumerate(ends)
    )  # fmt: skip
    people = Audience.objects.bulk_create(
        Audience(
            workspace=site.adobe, platform_id=f"audience-{n}", name=f"Audience {n:05}", origin="AEPSegments",
            lifecycle="published", profiles=n * 17, profiles_as_of=now, updated_at=now, external=n % 9 == 0,
        )
        for n in range(size.audiences)
    )  # fmt: skip
    pairs = {(flows[n % len(flows)].pk, one.pk) for n, one in enumerate(people)}
    pairs |= {(flow.pk, one.pk) for flow in flows for one in people[:3]}
    site.mapped = Mapping.objects.bulk_create(
        Mapping(
            workspace=site.adobe, dataflow_id=flow, audience_id=one, platform_id=f"{flow} {one}", name="Mapped",
            export_mode="DAILY_FULL_EXPORT", frequency="DAILY", start_date=now.date() - timedelta(days=30),
            start_time="06:00", mapped_at=now - timedelta(days=7),
        )
        for flow, one in sorted(pairs)
    )  # fmt: skip
    runs = Run.objects.bulk_create(
        Run(
            workspace=site.adobe, dataflow=flows[0], platform_id=f"run-{n}", status="succeeded", word="success",
            ad_hoc=n % 2 == 0, created_at=now - timedelta(hours=n + 1), started_at=now - timedelta(hours=n + 1),
            completed_at=now - timedelta(hours=n), received=48, activated=47, excluded=1, files=1,
        )
        for n in range(size.many * 10)
    )  # fmt: skip
    RunAudience.objects.bulk_create(
        RunAudience(run=run, audience=one.platform_id, received=9) for run in runs for one in people[:4]
    )
    site.ids |= {"dataflow": "flow-0", "audience": "audience-0"}


def _past(site: Site) -> None:
    now, presses = timezone.now(), site.size.deliveries // SHARE
    known = {"workspace": site.adobe, "requested_by": site.viewer, "snapshot_at": now}
    made = Activation.objects.bulk_create(
        Activation(name=f"Sale {n}", requested_at=now - timedelta(hours=n), press=f"past-{n}", **known)
        for n in range(presses)
    )
    jobs = Job.objects.bulk_create(
        Job(
            workspace=site.adobe, outcome="accepted", created_at=one.requested_at, lease_until=now, size=SHARE,
            answered_at=now, status=200,
        )
        for one in made
    )  # fmt: skip
    rows = []
    for n, (one, job) in enumerate(zip(made, jobs, strict=True)):
        # The newest, whose page is looked at, holds as much as there is of everything.
        share = site.mapped if n == 0 else site.mapped[:SHARE]
        rows += [_delivery(site, one, job, mapping, place) for place, mapping in enumerate(share)]
    deliveries = Delivery.objects.bulk_create(rows)
    Event.objects.bulk_create(
        Event(
            workspace=site.adobe, activation=one.activation, delivery=one, job=one.job, at=now, what="sent",
            data={"size": 1},
        )
        for one in deliveries[: site.size.many * 40]
    )  # fmt: skip
    site.ids |= {"activation": made[0].pk, "job": jobs[0].pk}


def _delivery(site: Site, activation: Activation, job: Job, mapping: Mapping, place: int) -> Delivery:
    at, state = activation.requested_at, ENDS[place % len(ENDS)]
    bad = state in (states.FAILED, states.REFUSED)
    return Delivery(
        activation=activation, workspace=site.adobe, mapping=mapping, dataflow_id=mapping.dataflow_id,
        audience_id=mapping.audience_id, state=state, state_since=at, deadline=at, started_at=at, finished_at=at,
        expected=1000, expected_as_of=at, received=1000, activated=990, excluded=10, files=1, job=job,
        run_id=f"run-{activation.pk}-{place}", run_word="success", reason="run_failed" if bad else "",
        verbatim="The run failed." if bad else "",
    )  # fmt: skip


def _sets(site: Site) -> None:
    now = timezone.now()
    known = {"created_at": now, "changed_at": now, "created_by": site.viewer}
    made = ActivationSet.objects.bulk_create(
        ActivationSet(name=f"Set {n}", **known) for n in range(site.size.many)
    )
    Chosen.objects.bulk_create(
        Chosen(of_set=one, mapping=mapping)
        for n, one in enumerate(made)
        for mapping in (site.mapped if n == 0 else site.mapped[:2])
    )
    schedules = Schedule.objects.bulk_create(
        Schedule(
            of_set=one, kind="daily", zone="Europe/Berlin", by=site.viewer, fire_at=now + timedelta(days=1)
        )
        for one in [*made, *(made[0] for _ in range(site.size.many))]
    )
    Firing.objects.bulk_create(
        Firing(
            schedule=one, due_at=now - timedelta(days=n), at=now, outcome="pressed", press=f"past-{n}"
        )
        for one in schedules
        for n in range(site.size.many)
    )  # fmt: skip
    SetChange.objects.bulk_create(
        SetChange(of_set=made[0], version=n, at=now, by=site.viewer, what="renamed", data={"name": "x"})
        for n in range(site.size.many)
    )
    site.ids |= {"set": made[0].pk, "schedule": schedules[0].pk}


def _external(site: Site) -> None:
    now = timezone.now()
    made = ExternalAudience.objects.bulk_create(
        ExternalAudience(
            workspace=site.adobe, name=f"External {n}", path="in/file.csv", created_at=now, press=f"press-{n}",
            created_by=site.viewer, external_id=f"ext-{n}", fields=[{"name": "email", "type": "string"}],
            ingested_at=now,
        )
        for n in range(site.size.many)
    )  # fmt: skip
    known = {"workspace": site.adobe, "requested_by": site.viewer, "deadline": now, "requested_at": now}
    operations = ExternalOperation.objects.bulk_create(
        ExternalOperation(external=one, kind=kind, state="succeeded", state_since=now, **known)
        for one in made
        for kind in ("create", *("ingest" for _ in range(site.size.many)))
    )
    site.ids |= {"external": made[0].pk, "operation": operations[0].pk}


def _wishes(site: Site) -> None:
    """Refused ones, because these stay on the pages that they are about; and jobs and chains of an evaluation."""
    now, mapping = timezone.now(), site.mapped[0]
    known = {
        "workspace": site.adobe, "by": site.viewer, "asked_at": now, "state": "refused", "state_since": now,
        "next_at": now, "deadline": now, "reason": "refused", "verbatim": "No.",
    }  # fmt: skip
    wishes = Wish.objects.bulk_create(
        Wish(what="map", dataflow_id=mapping.dataflow_id, audience=one.audience, press=f"map-{n}", **known)
        for n, one in enumerate(site.mapped[: site.size.many])
    )
    asked = Wish.objects.bulk_create(
        Wish(what="evaluate", press=f"evaluate-{n}", wanted={"audiences": ["*"]}, **known)
        for n in range(site.size.many)
    )
    jobs = PlatformJob.objects.bulk_create(
        PlatformJob(
            workspace=site.adobe, platform_id=f"job-{n}", kind="segment", status="succeeded", word="SUCCEEDED",
            scheduled=n % 2 == 0, segments=["*"], created_at=now - timedelta(hours=n), completed_at=now,
        )
        for n in range(site.size.many)
    )  # fmt: skip
    chains = Chain.objects.bulk_create(
        Chain(
            workspace=site.adobe, by=site.viewer, asked_at=now, press=f"chain-{n}", dataset="d", state="stopped",
            state_since=now, evaluation=asked[0], export=asked[0],
        )
        for n in range(site.size.many)
    )  # fmt: skip
    site.ids |= {"wish": wishes[0].pk, "platform_job": jobs[0].pk, "chain": chains[0].pk}


def _notices(site: Site) -> None:
    now = timezone.now()
    told = Notice.objects.bulk_create(
        Notice(
            workspace=site.adobe, activation_id=site.ids["activation"], version=n + 1, change="failures", at=now,
            data={"counts": {"failed": 1}},
        )
        for n in range(site.size.many * 10)
    )  # fmt: skip
    for n in range(site.size.many):
        channel = Channel(
            kind="webhook", name=f"Channel {n}", place="example.com", owner=site.viewer, created_at=now
        )
        channel.address, channel.secret = "https://example.com/hook", ""
        channel.save()
        site.ids.setdefault("channel", channel.pk)
        Errand.objects.bulk_create(
            Errand(notice=one, channel=channel, state="done", created_at=now, over_at=now) for one in told
        )


def _segment(site: Site) -> None:
    """Audiences, each with a connection of its own and activations on it; one that sends nothing yet."""
    place, many, at = site.segment, site.size.many * 4, datetime(2026, 9, 12, 8, tzinfo=UTC)
    end = Destination.objects.create(
        workspace=place, platform_id="end", platform="Webhooks", platform_spec="webhooks", account="Messages"
    )
    Supported.objects.create(
        workspace=place, platform_id="USERS webhooks", audience_type="USERS", slug="webhooks", name="Webhooks"
    )
    people = Audience.objects.bulk_create(
        Audience(
            workspace=place, platform_id=f"person-{n}", name=f"Person {n:05}", origin="USERS", lifecycle="Live",
            profiles=9,
        )
        for n in range(many + 1)
    )  # fmt: skip
    flows = Dataflow.objects.bulk_create(
        Dataflow(
            workspace=place, destination=end, audience=one, platform_id=f"connection-{n}", name=one.name,
            kind="connection", state="enabled", created_at=at, updated_at=at, mapped_count=many if n == 0 else 1,
            details={"destination": "end"},
        )
        for n, one in enumerate(people[:many])
    )  # fmt: skip
    Mapping.objects.bulk_create(
        Mapping(
            workspace=place, dataflow=flow, audience=flow.audience, platform_id=f"activation-{n}-{m}", name="Sale",
            activation_type="Audience Entered", enabled=True, resyncing=False, details={"personalization": {}},
        )
        for n, flow in enumerate(flows)
        for m in range(many if n == 0 else 1)
    )  # fmt: skip
    site.ids |= {"person": "person-0", "nobody": f"person-{many}", "connection": "connection-0", "end": "end",
                 "activation_there": "activation-0-0"}  # fmt: skip
