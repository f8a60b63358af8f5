"""The part of a furnished site that is about people: members, who hears of a set, share links; and the counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.models import Permission
from django.utils import timezone

from activations import links
from activations.models import Activation, ActivationSet
from audiences.models import Audience, Counted, Mapping, User, Wish
from audiences.setting_up import MEMBER_RIGHTS
from notices.models import Channel, Listener
from tests.catalogue import make_user

if TYPE_CHECKING:
    from tests.furnished import Site

RIGHTS = ("audiences.add_workspace", "audiences.change_workspace", *MEMBER_RIGHTS)


def furnish_people(site: Site) -> None:
    """What needs the sets, the past and the catalogue to be there."""
    may_administer(site.viewer)
    people = _members(site)
    _hearing(site, people)
    _links(site)
    _counts(site)
    _begun(site)


def may_administer(user: User) -> None:
    """Let a person set up workspaces and say who belongs to them."""
    user.is_staff = True
    user.save()
    names = [right.removeprefix("audiences.") for right in RIGHTS]
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="audiences", codename__in=names)
    )


def _members(site: Site) -> list[User]:
    """Members of the workspace, and as many who are none."""
    slug = site.adobe.slug
    people = [make_user(f"{slug}-member-{n}", "viewer", site.adobe) for n in range(site.size.many)]
    for n in range(site.size.many):
        make_user(f"{slug}-stranger-{n}")
    site.ids |= {"member": people[0].pk}
    return people


def _hearing(site: Site, people: list[User]) -> None:
    of_set = ActivationSet.objects.get(pk=site.ids["set"])
    Listener.objects.bulk_create(Listener(of_set=of_set, person=one) for one in people)
    for n in range(site.size.many):
        channel = Channel(
            kind="webhook", name=f"Of the set {n}", place="example.com", of_set=of_set, created_by=site.viewer,
            created_at=timezone.now(),
        )  # fmt: skip
        channel.address, channel.secret = "https://example.com/hook", ""
        channel.save()
        site.ids.setdefault("channel_of_set", channel.pk)


def _links(site: Site) -> None:
    activation, now = Activation.objects.get(pk=site.ids["activation"]), timezone.now()
    for _n in range(site.size.many):
        link, token = links.make(activation, "day", by=site.viewer, now=now)
        site.ids |= {"link": link.pk, "token": token}


def _counts(site: Site) -> None:
    now, audience = timezone.now(), Audience.objects.get(workspace=site.adobe, platform_id="audience-0")
    Counted.objects.bulk_create(
        Counted(audience=audience, profiles=900 + n, as_of=at, seen_at=at)
        for n in range(site.size.many)
        for at in [now - timedelta(days=n + 1)]
    )


def _begun(site: Site) -> None:
    """A change that added what was sent at once."""
    delivered = Activation.objects.get(pk=site.ids["activation"]).deliveries.order_by("pk")[0]
    mapping = Mapping.objects.get(pk=delivered.mapping_id)
    now = timezone.now()
    wish = Wish.objects.create(
        workspace=site.adobe, by=site.viewer, asked_at=now, state="done", state_since=now, next_at=now, deadline=now,
        what="map", dataflow=mapping.dataflow, audience=mapping.audience, mapping=mapping, press="begun",
        wanted={"resync": True},
    )  # fmt: skip
    site.ids |= {"change": wish.pk}
