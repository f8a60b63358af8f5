"""Run beside a started stack, in its database: people and workspaces.

`python tests/journey/furnish.py '{"busy": URL, "quiet": URL, "password": …}'` prints as JSON what there is to
press. A program of its own, because the database of the test run is another one.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from activations.going import rows_of  # noqa: E402
from audiences.models import Dataflow, Mapping, Membership, User, Workspace  # noqa: E402
from audiences.sync import sync  # noqa: E402

# Workspaces whose stored credentials went bad after the catalogue was copied: slug, field, value.
BROKEN = (
    ("wrong-key", "client_id", "somebody-else"),
    ("wrong-secret", "client_secret", "an old secret"),
    ("wrong-organisation", "org", "OTHER@AdobeOrg"),
    ("wrong-sandbox", "sandbox", "old"),
)


def people(password: str) -> None:
    """Beside the demo's marketer and admin: one who may look, and one who belongs nowhere."""
    for name in ("looker", "stranger"):
        person = User.objects.create_user(name, password=password)
        if name == "looker":
            Membership.objects.create(
                workspace=Workspace.objects.get(slug="demo"), user=person, role="viewer"
            )


def workspace(slug: str, address: str, **fields: Any) -> Workspace:
    """A workspace of the marketer's at a stand-in."""
    known = {
        "name": f"Test {slug}",
        "org": "DEMO@AdobeOrg",
        "client_id": "demo-client",
        "platform_url": address,
        "ims_url": address,
    }
    made = Workspace(slug=slug, **{**known, **fields})
    made.client_secret = "demo-secret"
    made.save()
    Membership.objects.create(workspace=made, user=User.objects.get(username="marketer"), role="activator")
    return made


def workspaces(busy: str, quiet: str) -> None:
    """`busy` gives every answer there is, `shop` is production, `bare` is empty."""
    sync(workspace("busy", busy))
    sync(workspace("shop", quiet, production=True))
    workspace("bare", quiet)
    for slug, field, value in BROKEN:
        made = workspace(slug, quiet)
        sync(made)
        setattr(made, field, value)
        made.save()
    # The mirror may be wrong about a dataflow's kind; then only the platform's refusal tells.
    Dataflow.objects.filter(workspace__slug="busy", kind="streaming").update(kind="batch_file")


def pairs() -> list[dict[str, Any]]:
    """What can be pressed, with what preflight says about it."""
    return [pair for place in Workspace.objects.all() for pair in _pairs(place)]


def _pairs(place: Workspace) -> list[dict[str, Any]]:
    mappings = Mapping.objects.filter(workspace=place, vanished_at=None)
    rows = rows_of(place, mappings.select_related("audience", "dataflow").order_by("pk"))
    return [
        {
            "workspace": place.slug,
            "mapping": row.mapping.pk,
            "kind": row.kind,
            "why": row.main.code if row.main else "",
            "audience": row.mapping.audience.platform_id,
            "name": row.mapping.audience.name,
            "dataflow": row.mapping.dataflow.platform_id,
            "where": row.mapping.dataflow.name,
        }
        for row in rows
    ]


def main(asked: dict[str, str]) -> dict[str, Any]:
    people(asked["password"])
    workspaces(asked["busy"], asked["quiet"])
    return {"pairs": pairs()}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
