"""What a support desk needs to know about an activation, with everything secret or personal struck out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from django.forms.models import model_to_dict
from django.utils import timezone

from activations.afterwards import afterwards
from activations.models import Activation, Delivery, Event, Job
from audiences.models import Workspace

PATH = "/data/core/activation/disflowprovider/adhocrun"
ACCEPT = "application/vnd.adobe.adhoc.activation+json; version=2"
SEGMENT_MEDIA = "application/vnd.segment.v1alpha+json"
STRUCK = "[struck out]"
# Bearer tokens, JSON web tokens, e-mail addresses and secret-looking fields.
SECRETS = (
    (re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+"), f"Bearer {STRUCK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w.-]+"), STRUCK),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*[a-z]\b", re.IGNORECASE), STRUCK),
    (re.compile(r'(?i)("(?:client_secret|access_token|secret|password|authorization)"\s*:\s*)"[^"]*"'), rf'\1"{STRUCK}"'),
)  # fmt: skip
EVENTS_AT_MOST = 20_000
DELIVERY = (
    "state", "superseded", "attempts", "reposted", "joined", "started_by", "started_client", "run_id", "run_word", "expected", "received",
    "activated", "excluded", "failed", "files", "bytes_out", "usual", "usual_of", "unusual", "issues", "oddities", "reason", "verbatim",
)  # fmt: skip
MOMENTS = (
    "expected_as_of", "state_since", "not_before", "deadline", "posted_at", "started_at", "seen_at", "forced_at", "finished_at",
)  # fmt: skip


def struck(text: str) -> str:
    """`text` without tokens, secrets and addresses of people. An organisation's id looks like one and goes too."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


def pretty(text: str) -> str:
    """JSON indented, anything else as it is; struck either way."""
    try:
        return struck(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
    except ValueError:
        return struck(text)


def call_as_sent(workspace: Workspace, job: Job) -> str:
    """The job's request as it went over the wire, headers with credentials struck out."""
    if workspace.is_segment:
        return _resync_as_sent(workspace, job)
    body: dict[str, Any] = {"activationInfo": job.request}
    if job.export_id:
        body["exportIds"] = [job.export_id]
    headers = [
        f"POST {workspace.platform_url.rstrip('/')}{PATH}",
        f"Authorization: Bearer {STRUCK}",
        f"x-api-key: {STRUCK}",
        f"x-gw-ims-org-id: {STRUCK}",
        f"x-sandbox-name: {workspace.sandbox}",
        "Content-Type: application/json",
    ]
    if job.version == "v2":
        headers.append(f"Accept: {ACCEPT}")
    return "\n".join([*headers, "", json.dumps(body, indent=2)])


def _resync_as_sent(workspace: Workspace, job: Job) -> str:
    """The change of an activation, or the addition of one."""
    told = job.request
    method, last = "PATCH", f"activations/{told.get('activation')}"
    if "connection" in told:
        method, last = "POST", f"destination-connections/{told['connection']}/activations"
    path = f"/spaces/{workspace.sandbox}/audiences/{told.get('audience')}/{last}"
    headers = [
        f"{method} {workspace.platform_url.rstrip('/')}{path}",
        f"Authorization: Bearer {STRUCK}",
        f"Content-Type: {SEGMENT_MEDIA}",
        f"Accept: {SEGMENT_MEDIA}",
    ]
    return "\n".join([*headers, "", json.dumps(told.get("body"), indent=2, ensure_ascii=False)])


def bundle_of(activation: Activation) -> dict[str, Any]:
    """Activation, deliveries, jobs with their calls, and events, as plain data."""
    home, *others = activation.places
    deliveries = activation.deliveries.select_related("dataflow", "audience", "workspace").order_by("pk")
    events = Event.objects.filter(activation=activation).order_by("pk")
    jobs = Job.objects.filter(pk__in=events.filter(job__isnull=False).order_by().values("job"))
    return {
        "about": "Support bundle of Activate on-demand; secrets and addresses of people are struck out.",
        "workspace": _place(home),
        "elsewhere": [_place(other) for other in others],
        "activation": {
            "id": activation.pk,
            "requested_at": activation.requested_at,
            "source": activation.source,
            "snapshot_at": activation.snapshot_at,
            "version": activation.version,
        },
        "deliveries": [_delivery(delivery) for delivery in deliveries],
        "jobs": [_job(job) for job in jobs.select_related("workspace").order_by("pk")],
        "events": _events(events[:EVENTS_AT_MOST]),
    }


def _place(workspace: Workspace) -> dict[str, Any]:
    return {
        "slug": workspace.slug,
        "vendor": workspace.vendor,
        "sandbox": workspace.sandbox,
        "platform": workspace.platform_url,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    plain, after = model_to_dict(delivery, fields=DELIVERY), afterwards(delivery, timezone.now())
    return {
        "id": delivery.pk,
        "workspace": delivery.workspace.slug,
        "dataflow": delivery.dataflow.platform_id,
        "audience": delivery.audience.platform_id,
        "retry_of": delivery.retry_of_id,
        "job": delivery.job_id,
        **plain,
        "verbatim": struck(delivery.verbatim),
        "oddities": json.loads(struck(json.dumps(delivery.oddities))),
        "afterwards": [struck(said) for said in after.said] if after else [],
        "started_by": struck(delivery.started_by),
        "issues": json.loads(struck(json.dumps(delivery.issues))),
        **{name: getattr(delivery, name) for name in MOMENTS},
    }


def _job(job: Job) -> dict[str, Any]:
    return {
        "id": job.pk,
        "workspace": job.workspace.slug,
        "outcome": job.outcome,
        "sent_at": job.created_at,
        "answered_at": job.answered_at,
        "status": job.status,
        "request_id": job.request_id,
        "reason": job.reason,
        "call": call_as_sent(job.workspace, job),
        "answer": struck(job.answer),
    }


def _events(events: Iterable[Event]) -> list[dict[str, Any]]:
    return [
        {
            "at": event.at,
            "what": event.what,
            "delivery": event.delivery_id,
            "job": event.job_id,
            "by_person": event.actor_id is not None,
            "data": json.loads(struck(json.dumps(event.data))),
        }
        for event in events
    ]
