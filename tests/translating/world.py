"""One workspace at Adobe and one at Segment with something of everything that a page shows, and every address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from activations import links, schedules, sets
from activations.models import Activation, ActivationSet, Job, Pause, Schedule
from activations.selection import fold
from audiences.external import actions as external
from audiences.models import ExternalAudience, ExternalOperation, Mapping, Membership, Role, User, Wish
from audiences.wishes.actions import ask
from notices.models import Channel, Errand
from notices.outbox import collect
from tests.activations.segment_world import SegmentStage
from tests.activations.world import Stage, that
from tests.catalogue import make_user
from tests.external.world import SPEC

ROOMS = ("activations", "audiences", "notices")
# Values that fill an address and are no row of ours.
CONSTANTS = {"kind": "webhook", "op": "disable", "platform": "adobe", "chart": "outcomes", "link": 0}


class World:
    """What there is. `adobe` and `segment` are its two workspaces, `alice` may press in both."""

    def __init__(self, sim: Any) -> None:
        self.stage = Stage(sim)
        self.adobe = self.stage.workspace
        self.segment_stage = SegmentStage(sim)
        self.segment = self.segment_stage.workspace
        self.alice: User = make_user("alice", "activator", self.adobe, is_staff=True)
        Membership.objects.create(workspace=self.segment, user=self.alice, role=Role.ACTIVATOR)
        self.mappings = {place.pk: that(place, "ready") for place in (self.adobe, self.segment)}
        self.press_everything()
        self.resync_one()
        self.save_and_schedule()
        self.create_external()
        self.wish()
        self.pause()
        self.share()
        self.tell()

    def press_everything(self) -> None:
        ends = [self.stage.ending(outcome) for outcome in ("failed", "empty", "partial")]
        chosen = {one.pk: one for one in [*self.stage.good(3), *ends]}
        for will_go in ("waits", "blocked"):
            chosen |= {one.pk: one for one in that(self.adobe, will_go)[:8]}
        self.over = self.stage.press(chosen.values(), by=self.alice, name="Friday flash sale")
        self.stage.settle(at_most=8)
        self.stage.fault("status", status=403)
        self.refused = self.stage.press(self.stage.good(2), by=self.alice, name="Refused")
        self.stage.turn(20)
        self.stage.heal()
        self.moving = self.stage.press(self.stage.good(2), by=self.alice, name="On its way")

    def resync_one(self) -> None:
        self.resynced = self.segment_stage.press(self.segment_stage.good(1), by=self.alice, name="Resync")
        self.segment_stage.turn(5)

    def save_and_schedule(self) -> None:
        saved = sets.save(self.mappings[self.adobe.pk][:3], name="Friday", by=self.alice)
        self.saved: ActivationSet = saved
        known = {"zone": "Europe/Berlin", "at": timezone.datetime(2026, 1, 1, 9).time()}
        for fields in (
            {"kind": "weekly", "weekdays": [0, 4]},
            {"kind": "monthly", "month_day": 31},
            {"kind": "soon"},
        ):
            self.plan: Schedule = schedules.save(saved, Schedule(**{**known, **fields}), by=self.alice)

    def create_external(self) -> None:
        self.made: ExternalAudience = external.create(self.adobe, by=self.alice, press="external", **SPEC)

    def wish(self) -> None:
        """One on its way, and one that was refused."""
        first, second = self.mappings[self.adobe.pk][:2]
        for number, mapping in enumerate((first, second)):
            ask(
                self.adobe, Wish.What.ALTER, by=self.alice, press=f"wish-{number}", dataflow=mapping.dataflow,
                audience=mapping.audience, mapping=mapping, wanted={"end_date": "2027-01-31"}, seen={"end_date": ""},
            )  # fmt: skip
        ask(self.adobe, Wish.What.EVALUATE, by=self.alice, press="evaluate", wanted={"audiences": []})
        refused = Wish.objects.filter(press="wish-1")
        refused.update(state="refused", reason="refused", verbatim="No such schedule.")

    def share(self) -> None:
        self.link, self.token = links.make(
            self.over, next(iter(links.SPANS)), by=self.alice, now=timezone.now()
        )

    def pause(self) -> None:
        destination = self.mappings[self.adobe.pk][-1].dataflow.destination
        Pause.objects.create(
            workspace=self.adobe, destination=destination, reason="Stock is counted", starts_at=timezone.now(), by=self.alice,
            ends_at=timezone.now() + timedelta(hours=2), kind=Pause.Kind.BLACKOUT,
        )  # fmt: skip

    def tell(self) -> None:
        for kind in Channel.Kind.values:
            made = Channel(
                owner=self.alice, name=f"My {kind}", kind=kind, place="example.com", created_at=timezone.now(),
                created_by=self.alice,
            )  # fmt: skip
            made.address, made.secret = "https://example.com/hook", "secret"
            made.save()
            Errand.objects.create(channel=made, created_at=timezone.now(), next_at=timezone.now())
        self.channel = made
        collect()

    def client(self, language: str) -> Client:
        client = Client(headers={"Accept-Language": language})
        client.force_login(self.alice)
        return client

    # ── addresses ──

    def addresses(self) -> Iterator[tuple[str, list[str]]]:
        """Every named address of the rooms with the rows that it may be about, in both workspaces."""
        for name, keys in patterns(get_resolver().url_patterns):
            yield name, [reverse(name, kwargs=values) for values in self.fill(name, keys)]

    def fill(self, name: str, keys: list[str]) -> Iterator[dict[str, Any]]:
        rows = self.rows(name)
        for place in (self.adobe, self.segment) if "slug" in keys else (None,):
            mapping = self.mappings[place.pk][0] if place else None
            for values in rows:
                known = {
                    **CONSTANTS,
                    "token": self.token,
                    "person": self.alice.pk,
                    **(self.names(mapping) if mapping else {}),
                    **values,
                }
                known["slug"] = place.slug if place else ""
                yield {key: known[key] for key in keys}

    def names(self, mapping: Mapping) -> dict[str, Any]:
        return {
            "dataflow": mapping.dataflow.platform_id,
            "audience": mapping.audience.platform_id,
            "destination": mapping.dataflow.destination.platform_id,
            "mapping": mapping.platform_id,
        }

    def rows(self, name: str) -> list[dict[str, Any]]:
        """What `pk` and other numbers of an address may be."""
        if name == "activations:job":
            return [{"pk": job.activation_pk, "job": job.pk} for job in jobs()]
        if name in OF_A_PRESS:
            return [{"pk": one.pk} for one in (self.over, self.refused, self.moving, self.resynced)]
        if name.startswith("audiences:external"):
            operation = ExternalOperation.objects.order_by("pk").first()
            return [{"pk": self.made.pk, "operation": operation.pk if operation else 0}]
        if name in ("audiences:wish", "activations:begun"):
            return [{"pk": pk} for pk in Wish.objects.values_list("pk", flat=True)] or [{"pk": 0}]
        if name.startswith("notices:") and name not in ("notices:of_set", "notices:deafen"):
            return [{"pk": self.channel.pk, "kind": kind} for kind in Channel.Kind.values]
        return [{"pk": self.saved.pk, "number": self.plan.pk}]

    def posts(self) -> list[tuple[str, dict[str, Any]]]:
        """What is asked by POST and answered with a page: the question, and forms that are not in order."""
        mappings = [one.pk for one in self.mappings[self.adobe.pk]]
        waiting = [one.pk for kind in ("waits", "blocked", "joins") for one in that(self.adobe, kind)[:6]]
        both = [mappings[0], self.mappings[self.segment.pk][0].pk]
        here = {"slug": self.adobe.slug}
        of_set = {**here, "pk": self.saved.pk}
        return [
            (reverse("activations:confirm", kwargs=here), {"m": mappings[:4]}),
            (reverse("activations:confirm", kwargs=here), {"m": [*mappings[:2], *waiting]}),
            (reverse("activations:confirm", kwargs=here), {"m": both}),
            (reverse("activations:confirm", kwargs=here), {}),
            (reverse("activations:press", kwargs=here), {"paper": "forged"}),
            (reverse("activations:save_set", kwargs=here), {"sel": fold(mappings[:2])}),
            (reverse("activations:save_set", kwargs=here), {"sel": fold(mappings[:2]), "go": "save", "name": ""}),
            (reverse("activations:new_schedule", kwargs=of_set), {"kind": "weekly", "at": "25:99", "zone": "Mars"}),
            (reverse("activations:rename_set", kwargs=of_set), {"name": ""}),
            (reverse("audiences:external_new", kwargs=here), {"name": "", "path": "", "ttl_days": "900"}),
            (reverse("notices:add", kwargs={"kind": "webhook"}), {"name": "", "address": "http://127.0.0.1/"}),
            (reverse("audiences:account"), {"language": "tlh"}),
            (reverse("password_change"), {"old_password": "no", "new_password1": "1", "new_password2": "2"}),
        ]  # fmt: skip


OF_A_PRESS = {
    f"activations:{name}"
    for name in (
        "activation",
        "status",
        "cancel",
        "retry",
        "check_again",
        "bundle",
        "share",
        "revoke",
        "screen",
        "screen_status",
    )
}


def jobs() -> list[Any]:
    """Each job with the activation that its page is reached through."""
    found = []
    for job in Job.objects.order_by("pk"):
        activation = Activation.objects.filter(deliveries__job=job).first()
        if activation is not None:
            job.activation_pk = activation.pk
            found.append(job)
    return found


def patterns(
    parts: list[URLPattern | URLResolver], room: str = "", keys: tuple[str, ...] = ()
) -> Iterator[tuple[str, list[str]]]:
    """(name, keys) of every address in the rooms."""
    for part in parts:
        here = (*keys, *part.pattern.converters)
        if isinstance(part, URLResolver):
            if part.app_name not in ("admin",):
                yield from patterns(part.url_patterns, part.namespace or room, here)
        elif part.name:
            yield f"{room}:{part.name}" if room else part.name, list(here)
