"""Setting up a workspace: who may, saving its settings, and who belongs to it. For the page of first steps and for
the administration alike; what is done on the page stands in the administration's history too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from audiences import connection
from audiences.models import Membership, Role, User, Workspace

if TYPE_CHECKING:
    from audiences.forms import WorkspaceForm

NAMED = 5
MEMBER_RIGHTS = ("audiences.add_membership", "audiences.change_membership", "audiences.delete_membership")


def may_add(user: User) -> bool:
    """Whether the person may add workspaces: as in the administration."""
    return user.is_staff and user.has_perm("audiences.add_workspace")


def may_set_up(user: User) -> bool:
    """Whether the person may change and check the workspaces that they may look at."""
    return user.is_staff and user.has_perm("audiences.change_workspace")


def may_admit(user: User) -> bool:
    """Whether the person may say who belongs to those workspaces: a right of its own, for it makes activators."""
    return user.is_staff and user.has_perms(MEMBER_RIGHTS)


def whom_to_ask() -> list[str]:
    """Some administrators who could do it, by name; one query."""
    bosses = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")[:NAMED]
    return [one.get_full_name() or one.get_username() for one in bosses]


def store(form: WorkspaceForm) -> bool:
    """Save a workspace as its form has it; True when it points elsewhere now, and its mirror was emptied.

    Raises `CannotMove` when a sync began between the form's check and this; nothing is saved then.
    """
    row = form.instance
    if row.pk is None:
        row.save()
        return False
    with transaction.atomic():
        # Only what the form holds: syncs and jobs write their own columns at the same time.
        names = {field.name for field in row._meta.concrete_fields} & set(form.fields)
        row.save(update_fields=[*names, "client_secret_encrypted"])
        if form.moves:
            connection.move(row, **form.moves)
    return bool(form.moves)


def moved() -> str:
    return _("The mirror of the former place was emptied. Sync now to fill it.")


def see_own(workspace: Workspace, by: User) -> None:
    """Who made a workspace must be able to see it; superusers see every one."""
    if not by.is_superuser:
        Membership.objects.get_or_create(workspace=workspace, user=by, defaults={"role": Role.VIEWER})


def short_name(name: str) -> str:
    """A free slug made of a workspace's name."""
    wanted = slugify(name)[:40] or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    spare = (f"{wanted}-{n}" for n in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(one for one in spare if one not in taken)


def admit(workspace: Workspace, person: User, role: str, *, by: User) -> None:
    """Let a person look, or look and press; changes the role of one who belongs already."""
    Membership.objects.update_or_create(workspace=workspace, user=person, defaults={"role": role})
    note(workspace, _("%(who)s is now: %(role)s") % {"who": person, "role": Role(role).label}, by=by)


def dismiss(workspace: Workspace, person: User, *, by: User) -> None:
    """Let a person belong no more; what they asked for stays as it is."""
    if Membership.objects.filter(workspace=workspace, user=person).delete()[0]:
        note(workspace, _("%(who)s belongs no more") % {"who": person}, by=by)


def changes(workspace: Workspace) -> QuerySet[LogEntry]:
    """The administration's history of a workspace, newest first, with who did it: its settings and its members."""
    rows = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Workspace), object_id=str(workspace.pk)
    )
    return rows.select_related("user").order_by("-action_time", "-pk")


def note(workspace: Workspace, what: str, *, by: User, new: bool = False) -> None:
    """Write a line of the administration's history."""
    LogEntry.objects.log_actions(
        by.pk, [workspace], ADDITION if new else CHANGE, change_message=what, single_object=True
    )
