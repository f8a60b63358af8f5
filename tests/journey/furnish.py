"""Run beside a started stack, in its database: makes people and workspaces.

A program of its own, because the database of the test run is another one. It reads one order a line from
standard input and answers each with one line, both JSON: {"people": PASSWORD}, {"place": SLUG, "address": URL,
"fields": {…}, "spoil": {…}, "secret": …}, {"past": SLUG, "days": NUMBER}.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.utils import timezone  # noqa: E402

from activations.going import rows_of  # noqa: E402
from audiences.models import Mapping, Membership, User, Workspace  # noqa: E402
from audiences.sync import sync  # noqa: E402
from tests.activations.bygone import bygone  # noqa: E402


def people(password: str) -> None:
    """Beside the demo's marketer and admin: one who may look, and one who belongs nowhere."""
    User.objects.create_user("stranger", password=password)
    looker = User.objects.create_user("looker", password=password)
    Membership.objects.create(workspace=Workspace.objects.get(slug="demo"), user=looker, role="viewer")


def place(
    slug: str, address: str, fields: dict[str, Any], spoil: dict[str, Any], bare: bool, secret: str
) -> list[Any]:
    """A workspace of the marketer's at a stand-in; `spoil` changes it after its catalogue was copied."""
    known = {"org": "DEMO@AdobeOrg", "client_id": "demo-client", "platform_url": address, "ims_url": address}
    made = Workspace(slug=slug, name=f"Test {slug}", **{**known, **fields})
    made.client_secret = secret
    made.save()
    Membership.objects.create(workspace=made, user=marketer(), role="activator")
    if bare:
        return []
    sync(made)
    made.refresh_from_db()
    for name, value in spoil.items():
        setattr(made, name, value)
    made.save()
    return pairs(made)


def marketer() -> User:
    return User.objects.get(username="marketer")


def pairs(workspace: Workspace) -> list[dict[str, Any]]:
    """What can be pressed, with what preflight says about it."""
    mappings = Mapping.objects.filter(workspace=workspace, vanished_at=None)
    rows = rows_of(workspace, mappings.select_related("audience", "dataflow").order_by("pk"))
    return [
        {
            "workspace": workspace.slug,
            "mapping": row.mapping.pk,
            "kind": row.kind,
            "audience": row.mapping.audience.platform_id,
            "name": row.mapping.audience.name,
            "dataflow": row.mapping.dataflow.platform_id,
            "where": row.mapping.dataflow.name,
        }
        for row in rows
    ]


def past(slug: str, days: int) -> list[Any]:
    """Deliveries that are over: some every day, of which the fewest failed."""
    mappings = list(Mapping.objects.filter(workspace__slug=slug).select_related("workspace")[:20])
    for number in range(days * 5):
        at = timezone.now() - timedelta(days=number // 5, minutes=number % 5)
        state, reason = {0: ("failed", "run_failed"), 7: ("empty", "delivered_empty")}.get(
            number % 23, ("succeeded", "")
        )
        took = 60 + number * 37 % 700
        bygone(mappings[number % len(mappings)], at, state, took=took, reason=reason, activated=9, files=1)
    return []


def done(order: dict[str, Any]) -> Any:
    if "people" in order:
        people(order["people"])
        return pairs(Workspace.objects.get(slug="demo"))
    if "past" in order:
        return past(order["past"], order["days"])
    return place(
        order["place"],
        order["address"],
        order.get("fields", {}),
        order.get("spoil", {}),
        order.get("bare", False),
        order.get("secret", "demo-secret"),
    )


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(done(json.loads(line))), flush=True)
