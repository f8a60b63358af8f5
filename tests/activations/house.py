"""A small house for page tests: alice may press, bob may look, charlie is a stranger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activations import actions, states
from activations.models import Activation, Delivery, Job
from activations.moves import move
from audiences.models import Mapping, User, Workspace
from tests.catalogue import make_audience, make_dataflow, make_mapping, make_user, make_workspace


@dataclass
class House:
    workspace: Workspace
    alice: User
    bob: User
    charlie: User
    mappings: list[Mapping]

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"activations:{name}", args=[self.workspace.slug, *args])

    def client(self, user: User | None = None) -> Client:
        client = Client()
        client.force_login(user or self.alice)
        return client

    def activation(self, *mappings: Mapping, **fields: Any) -> Activation:
        known = {"by": self.alice, "press": f"press-{timezone.now().timestamp()}"}
        return actions.request(self.workspace, mappings or self.mappings, **{**known, **fields})

    def paper(self, client: Client, *mappings: Mapping) -> str:
        chosen = mappings or self.mappings
        answer = client.post(self.url("confirm"), {"m": [mapping.pk for mapping in chosen]})
        assert answer.status_code == 200, answer.content
        return paper_of(answer)


def paper_of(answer: Any) -> str:
    found = re.search(r'name="paper" value="([^"]+)"', answer.content.decode())
    assert found, "the page carries no paper"
    return found[1]


def make_house(count: int = 3, **fields: Any) -> House:
    workspace = make_workspace("northwind", name="Northwind Retail", sandbox="prod", **fields)
    flow = make_dataflow(workspace, "Campaign S3")
    mappings = [make_mapping(flow, make_audience(workspace, f"Audience {n:04}")) for n in range(count)]
    return House(
        workspace,
        make_user("alice", "activator", workspace),
        make_user("bob", "viewer", workspace),
        make_user("charlie"),
        mappings,
    )


def sent(activation: Activation, **job_fields: Any) -> Job:
    """All queued deliveries of an activation handed over in one job, as dispatch would."""
    now = timezone.now()
    waiting = list(activation.deliveries.filter(state=states.QUEUED).select_related("audience", "dataflow"))
    known = {"created_at": now, "lease_until": now + timedelta(minutes=2), "size": len(waiting)}
    job = Job.objects.create(workspace=activation.workspace, **{**known, **job_fields})
    move(waiting, states.SENDING, what="sent", now=now, job=job, job_id=job.pk)
    return job


def running(activation: Activation, job: Job) -> list[Delivery]:
    waiting = list(activation.deliveries.filter(state=states.SENDING).select_related("audience", "dataflow"))
    now = timezone.now()
    each = {delivery.pk: {"run_id": f"run-{delivery.pk}"} for delivery in waiting}
    return move(waiting, states.RUNNING, what="accepted", now=now, job=job, each=each, started_at=now)


def ended(deliveries: list[Delivery], state: str, **fields: Any) -> list[Delivery]:
    now = timezone.now()
    return move(deliveries, state, what=state, now=now, finished_at=now, **fields)


def refused(activation: Activation, job: Job, **fields: Any) -> list[Delivery]:
    waiting = list(activation.deliveries.filter(state=states.SENDING).select_related("audience", "dataflow"))
    known = {
        "reason": "not_in_schedule",
        "verbatim": "Segments A are not part of this dataflow or out of schedule range!",
    }
    return ended_as(waiting, states.REFUSED, "refused", job=job, **{**known, **fields})


def ended_as(deliveries: list[Delivery], state: str, what: str, **fields: Any) -> list[Delivery]:
    now = timezone.now()
    return move(deliveries, state, what=what, now=now, finished_at=now, **fields)
