"""Within Django, in a process beside the stack: one JSON question a line, one JSON answer a line.

It is to the workers what a web process is: the same verbs, the same database. It only presses, cancels,
retries and looks; it never does a worker's work.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any


def open_workspace(slug: str, url: str) -> dict[str, Any]:
    """A workspace at this platform, mirrored; answers with the pairs that would go now."""
    from activations.management.commands.catalog import catalogue
    from audiences.models import Workspace
    from audiences.sync import sync

    fields = {"name": slug, "org": "DEMO@AdobeOrg", "sandbox": "prod", "client_id": "demo-client"}
    workspace = Workspace(slug=slug, platform_url=url, ims_url=url, jobs_per_day=30_000, **fields)
    workspace.client_secret = "demo-secret"  # noqa: S105 - the simulator's, public by design
    workspace.save()
    sync(workspace)
    flows = catalogue(workspace)
    ready = [
        [flow["id"], one["id"]] for flow in flows for one in flow["audiences"] if one["will_go"] == "ready"
    ]
    return {"ready": ready}


def press(slug: str, pairs: list[list[str]], token: str) -> dict[str, Any]:
    """The verb of the button; a refusal is an answer too."""
    from activations.actions import CannotRequest, request
    from activations.management.commands.activate import Asked, chosen
    from audiences.models import Workspace

    workspace = Workspace.objects.get(slug=slug)
    mappings = chosen([Asked(slug, dataflow, audience) for dataflow, audience in pairs])
    try:
        return {"activation": request(workspace, mappings, by=None, press=token).pk}
    except CannotRequest as refusal:
        return {"activation": None, "code": refusal.code}


def change(activation: int, how: str) -> int:
    """cancel, retry or check_again on a whole activation; answers how many it concerned."""
    from activations import actions
    from activations.models import Activation

    found: int = getattr(actions, how)(Activation.objects.get(pk=activation), by=None)
    return found


def moving(slug: str) -> dict[str, Any]:
    """How many deliveries are not final, and until when they wait if all that is left waits for a moment."""
    from activations import states
    from activations.models import Delivery

    left = Delivery.objects.filter(workspace__slug=slug, state__in=states.MOVING)
    rows = list(left.values_list("state", "not_before"))
    moments = [moment for state, moment in rows if state == states.ARMED and moment is not None]
    waits = bool(rows) and len(moments) == len(rows)
    return {"left": len(rows), "until": max(moments).timestamp() if waits else None}


def deliveries(slug: str) -> list[dict[str, Any]]:
    """Every delivery as the judge needs it."""
    from django.db.models import Min

    from activations.models import Delivery, Event

    found = Delivery.objects.filter(workspace__slug=slug).select_related("dataflow", "audience", "activation")
    first = Event.objects.filter(workspace__slug=slug, what="sent").order_by().values_list("delivery")
    sent = dict(first.annotate(Min("at")))
    return [
        {
            "id": one.pk,
            "activation": one.activation_id,
            "pair": list(one.pair),
            "state": one.state,
            "run": one.run_id,
            "joined": one.joined,
            "reason": one.reason,
            "posted": sent.get(one.pk, one.activation.requested_at).timestamp(),
            "seconds": (one.state_since - one.activation.requested_at).total_seconds(),
        }
        for one in found.order_by("pk")
    ]


def story(delivery: int) -> list[str]:
    """The events of one delivery with their jobs, one line each."""
    from activations.models import Delivery, Event

    one = Delivery.objects.get(pk=delivery)
    head = f"{one.pair} state={one.state} run={one.run_id} reason={one.reason} {one.verbatim[:200]}"
    lines = [
        f"{event.at:%H:%M:%S.%f} {event.what} job={event.job_id} {json.dumps(event.data)}"
        for event in Event.objects.filter(delivery=delivery).order_by("at", "pk")
    ]
    return [head, *lines]


VERBS = {verb.__name__: verb for verb in (open_workspace, press, change, moving, deliveries, story)}


def answer(line: str) -> dict[str, Any]:
    """Do what one line asks. A database that is away is an answer, not an end."""
    from django.db import close_old_connections, connection

    asked = json.loads(line)
    try:
        close_old_connections()
        return {"answer": VERBS[asked["verb"]](**asked["with"])}
    except Exception as error:  # noqa: BLE001 - told to the harness, which decides
        connection.close()
        return {"error": f"{type(error).__name__}: {error}"}


def serve(questions: IO[str], answers: IO[str]) -> None:
    """Until the harness closes the pipe."""
    for line in questions:
        answers.write(json.dumps(answer(line)) + "\n")
        answers.flush()


def main() -> None:
    # What the product logs on standard output must not look like an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
