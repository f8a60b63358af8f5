"""Fills a scratch database: a workspace that points at a simulator, a person, a past."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from activations import states
from activations.models import Activation, Delivery, Event, Job
from audiences.management.commands.demo import demo_person, demo_workspace
from audiences.models import Mapping, Role, User, Workspace

PER_ACTIVATION, LAST_ONE = 20, 100
PAST = timedelta(days=365)


def workspace_at(url: str) -> Workspace:
    """The demo workspace, not yet synced."""
    return demo_workspace(urlsplit(url).port or 0)


def signed_in(workspace: Workspace) -> Client:
    """A test client whose person may press in the workspace."""
    demo_person(workspace, "marketer", Role.ACTIVATOR, "a-long-password-1", is_admin=False)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="marketer"))
    return client


def batch_mappings(workspace: Workspace) -> list[Mapping]:
    """Mappings of enabled batch file-based dataflows, in the platform's order of making."""
    rows = Mapping.objects.filter(
        workspace=workspace, vanished_at=None, dataflow__kind="batch_file", dataflow__state="enabled"
    )
    return list(rows.select_related("dataflow", "audience").order_by("pk"))


def add_past(workspace: Workspace, deliveries: int) -> None:
    """Finished activations of twenty deliveries each, over a year, and one of a hundred; 2 % failed, 2 % empty.

    Deliveries are multiplied in SQL from one that Django made, so every column is as the product writes it.
    """
    mappings = batch_mappings(workspace)
    with transaction.atomic():
        presses = _presses(workspace, deliveries // PER_ACTIVATION)
        template = _one_delivery(presses[0], mappings[0])
        _number(mappings)
        _multiply(template, presses[0].pk, presses[-1].pk - 1, PER_ACTIVATION, len(mappings))
        _multiply(template, presses[-1].pk, presses[-1].pk, min(LAST_ONE, len(mappings)), len(mappings))
        template.delete()
        _tell(workspace, presses)


def _presses(workspace: Workspace, count: int) -> list[Activation]:
    now = timezone.now()
    step = PAST / count
    rows = [
        Activation(
            workspace=workspace,
            name=f"Past press {number}",
            requested_at=now - PAST + step * number,
            press=f"past-{number}",
            requested_by=User.objects.first(),
        )
        for number in range(count)
    ]
    made = Activation.objects.bulk_create(rows, batch_size=1000)
    jobs = [
        Job(
            workspace=workspace,
            outcome="accepted",
            created_at=one.requested_at,
            lease_until=one.requested_at,
            size=80,
        )
        for one in made
    ]
    Job.objects.bulk_create(jobs, batch_size=1000)
    return made


def _one_delivery(activation: Activation, mapping: Mapping) -> Delivery:
    at = activation.requested_at
    return Delivery.objects.create(
        activation=activation, workspace=activation.workspace, mapping=mapping, dataflow=mapping.dataflow,
        audience=mapping.audience, state=states.SUCCEEDED, state_since=at, deadline=at, superseded=True,
        started_at=at, finished_at=at, expected=1000, expected_as_of=at, received=1000, activated=990, excluded=10,
        failed=0, files=1, bytes_out=50_000, checks=5, attempts=1, run_word="success",
    )  # fmt: skip


def _number(mappings: list[Mapping]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE past_mapping (n integer PRIMARY KEY, m bigint, d bigint, a bigint)")
        cursor.executemany(
            "INSERT INTO past_mapping VALUES (%s, %s, %s, %s)",
            [(n, one.pk, one.dataflow_id, one.audience_id) for n, one in enumerate(mappings)],  # type: ignore[attr-defined]
        )


def _multiply(template: Delivery, first: int, last: int, each: int, mappings: int) -> None:
    """One INSERT … SELECT: presses `first` to `last` with `each` mappings, each beginning elsewhere among them."""
    instead = {
        "activation_id": "a.id", "mapping_id": "p.m", "dataflow_id": "p.d", "audience_id": "p.a",
        "superseded": "t.superseded <> t.superseded", "state_since": "a.requested_at",
        "deadline": "a.requested_at", "started_at": "a.requested_at",
        # A minute to a quarter of an hour later.
        "finished_at": "strftime('%Y-%m-%d %H:%M:%f', a.requested_at, "
                       "'+' || (60 + (a.id * 7 + s.k * 131) % 841) || ' seconds')",
        "reason": "CASE (a.id + s.k) % 50 WHEN 0 THEN 'run_failed' WHEN 1 THEN 'delivered_empty' ELSE '' END",
        "run_id": "'past-' || a.id || '-' || s.k",
        "state": f"CASE (a.id + s.k) % 50 WHEN 0 THEN '{states.FAILED}' WHEN 1 THEN '{states.EMPTY}' "
                 f"ELSE '{states.SUCCEEDED}' END",
    }  # fmt: skip
    columns = [field.column for field in Delivery._meta.concrete_fields if not field.primary_key]
    values = ", ".join(instead.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE s(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM s WHERE k + 1 < {each}) "  # noqa: S608
            f"INSERT INTO activations_delivery ({names}) SELECT {values} FROM activations_activation a "
            f"CROSS JOIN s JOIN past_mapping p ON p.n = ((a.id - {first}) * 37 + s.k) % {mappings} "
            f"JOIN activations_delivery t ON t.id = {template.pk} "
            f"WHERE a.id BETWEEN {first} AND {last} ORDER BY a.id, s.k"
        )


def _tell(workspace: Workspace, presses: list[Activation]) -> None:
    events = [
        Event(workspace=workspace, activation=one, at=one.requested_at, what=what, data={})
        for one in presses
        for what in ("requested", "sent", "succeeded")
    ]
    Event.objects.bulk_create(events, batch_size=1000)
