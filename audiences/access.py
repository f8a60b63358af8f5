"""Who may look at a workspace and who may press there: the first line of every view."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.fields import CharField
from django.http import Http404, HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audiences.models import Role, User, Workspace

ROLE_WORDS: dict[str, Promise] = {Role.VIEWER: _("Viewer"), Role.ACTIVATOR: _("Activator")}

if TYPE_CHECKING:

    class WorkspaceInHand(Workspace):
        """A workspace with the viewer's part in it."""

        role: str
        role_word: Promise
        pressed: bool
        steps_left: bool

        class Meta:
            abstract = True


# Whether anything was ever activated from it or in it.
_PRESSED = Exists(
    Workspace.objects.filter(
        Q(activations__isnull=False) | Q(shares__isnull=False), pk=OuterRef("pk")
    ).order_by()
)


def workspace_for(request: HttpRequest, slug: str) -> WorkspaceInHand:
    """The workspace with `role` and `role_word` of the viewer, and whether first steps are left: nothing was
    mirrored or nothing ever pressed. One query; strangers get Http404."""
    user = cast(User, request.user)
    role = Value(Role.ACTIVATOR.value, CharField()) if user.is_superuser else F("memberships__role")
    rows = Workspace.objects.visible_to(user).annotate(role=role, pressed=_PRESSED)
    workspace = rows.filter(slug=slug).first()
    if workspace is None:
        raise Http404
    found = _in_hand(workspace)
    found.steps_left = found.synced_at is None or not found.pressed
    return found


def _in_hand(workspace: Workspace) -> WorkspaceInHand:
    found = cast("WorkspaceInHand", workspace)
    found.role_word = ROLE_WORDS[found.role]
    return found


def adobe_workspace_for(request: HttpRequest, slug: str) -> WorkspaceInHand:
    """As `workspace_for`, for pages about what only Adobe has: a Segment workspace has none, so Http404."""
    workspace = workspace_for(request, slug)
    if workspace.is_segment:
        raise Http404
    return workspace


def segment_workspace_for(request: HttpRequest, slug: str) -> WorkspaceInHand:
    """As `workspace_for`, for pages about what only Segment has: an Adobe workspace has none, so Http404."""
    workspace = workspace_for(request, slug)
    if not workspace.is_segment:
        raise Http404
    return workspace


def may_press(workspace: WorkspaceInHand) -> bool:
    """Whether the viewer may activate in this workspace."""
    return workspace.role == Role.ACTIVATOR


def workspaces_of(user: User) -> list[WorkspaceInHand]:
    """Every workspace the person may look at, by name, each with `role` and `role_word`; one query."""
    role = Value(Role.ACTIVATOR.value, CharField()) if user.is_superuser else F("memberships__role")
    found = Workspace.objects.visible_to(user).annotate(role=role).order_by("name", "pk")
    return [_in_hand(one) for one in found]


def closed_to(user: User, workspaces: Iterable[Workspace]) -> list[Workspace]:
    """Those of these workspaces in which the person may not press; one query, none for an administrator."""
    asked = list(workspaces)
    if user.is_superuser:
        return []
    held = user.memberships.filter(role=Role.ACTIVATOR, workspace__in=[one.pk for one in asked])
    open_ = set(held.values_list("workspace", flat=True))
    return [one for one in asked if one.pk not in open_]


def may_press_in(user: User, workspaces: Iterable[Workspace]) -> bool:
    """Whether the person may activate in every one of these workspaces."""
    return not closed_to(user, workspaces)


def home_for(user: User) -> Workspace | None:
    """The workspace a person lands in: the first by name they may look at, one with a mirror before one without."""
    empty = Case(When(synced_at=None, then=1), default=0)
    return Workspace.objects.visible_to(user).order_by(empty, "name").first()
