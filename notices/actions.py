"""What people do with channels: add, change, switch, test and remove them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from activations.models import ActivationSet
from audiences import clock
from audiences.models import User, Workspace
from notices.models import Channel, Errand, Listener, Notice, Reader

PERMISSION = "notices.change_channel"


def administered(user: User) -> QuerySet[Workspace]:
    """The workspaces whose channels a person looks after: all for superusers, for staff with the permission theirs."""
    mine = Workspace.objects.visible_to(user)
    if user.is_superuser or (user.is_staff and user.has_perm(PERMISSION)):
        return mine
    return mine.none()


def channels_of(user: User) -> QuerySet[Channel]:
    """The channels a person may see and change: their own, those of workspaces they look after, and those of sets
    that they may change."""
    theirs = Q(workspace__in=administered(user))
    return Channel.objects.filter(Q(owner=user) | theirs | Q(of_set__in=sets_of(user)))


def sets_of(user: User) -> QuerySet[ActivationSet]:
    """The sets for which a person may say who is told: those that they may change."""
    return ActivationSet.objects.changeable_by(user)


def listen(of_set: ActivationSet, person: User) -> bool:
    """Tell this person of the set's activations; False when they may not look at all of its workspaces."""
    if not ActivationSet.objects.visible_to(person).filter(pk=of_set.pk).exists():
        return False
    Listener.objects.get_or_create(of_set=of_set, person=person)
    return True


def test(channel: Channel) -> Errand:
    """Send a test by the same path as every notice. A second press finds the first test while it is under way."""
    with transaction.atomic():
        row = Channel.objects.select_for_update().get(pk=channel.pk)
        going = row.errands.filter(
            notice=None, state__in=(Errand.State.WAITING, Errand.State.CARRYING)
        ).first()
        now = clock.now()
        return going or Errand.objects.create(channel=row, created_at=now, next_at=now)


def switch(channel: Channel, *, on: bool) -> None:
    """On or off. What waits while it is off is not told later: it would be no news any more."""
    Channel.objects.filter(pk=channel.pk).update(enabled=on, failures=0, next_at=None)
    if not on:
        drop_waiting(channel, clock.now())


def drop_waiting(channel: Channel, now: datetime) -> int:
    waiting = channel.errands.filter(state=Errand.State.WAITING)
    return waiting.update(state=Errand.State.DROPPED, over_at=now, next_at=None)


def read_up_to(user: User, notice_pk: int) -> None:
    """The person has read their notices up to this one; never backwards."""
    newest = Notice.objects.visible_to(user).order_by("-pk").values_list("pk", flat=True).first() or 0
    reader, _made = Reader.objects.get_or_create(user=user)
    Reader.objects.filter(pk=reader.pk, seen__lt=min(notice_pk, newest)).update(seen=min(notice_pk, newest))


def is_new(notice: Notice, reader: Reader, user: User) -> bool:
    """Whether the person has not read it; what was before them is no news to them."""
    return notice.pk > reader.seen and notice.at > user.date_joined
