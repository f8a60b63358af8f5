"""`manage.py demo`: the demo workspaces, one a platform, their logins and first mirrors. Safe to run again."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audiences.clients import segment_client_for
from audiences.models import Membership, Role, User, Workspace
from audiences.models.workspaces import Platform
from audiences.sync import sync

SLUG = "demo"
SEGMENT_SLUG = "demo-segment"
ORG = "DEMO@AdobeOrg"
PEOPLE = (("marketer", Role.ACTIVATOR, False), ("admin", Role.ACTIVATOR, True))


class Command(BaseCommand):
    help = "Make the demo workspaces that point at the simulator, and its logins. Demo mode only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--empty", action="store_true", help="only the admin's login: the first steps are yours"
        )
        parser.add_argument(
            "--past", action="store_true", help="also a past, sets, and something that is going on"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Only in demo mode (DEMO=1): demo logins do not belong anywhere else.")
        password = demo_password()
        port = simulator_port()
        if options["empty"]:
            demo_login("admin", password, is_admin=True)
            self.stdout.write(f"Sign in as admin (superuser) with password {password}")
            self.stdout.write(
                f"To enter: client ID demo-client, secret demo-secret, {ORG}, http://127.0.0.1:{port}"
            )
            return
        for workspace in (demo_workspace(port), demo_segment_workspace(port)):
            for login, role, is_admin in PEOPLE:
                demo_person(workspace, login, role, password, is_admin=is_admin)
            sync(workspace)
        if options["past"]:
            # By name: what was pressed is not this room's to know.
            call_command("demo_past")
        for login, role, _is_admin in PEOPLE:
            self.stdout.write(f"Sign in as {login} ({role}) with password {password}")


def demo_password() -> str:
    """DEMO_PASSWORD, else a random one kept in VAR_DIR so that a second start prints the same."""
    known = os.environ.get("DEMO_PASSWORD")
    if known:
        return known
    password = secrets.token_urlsafe(9)
    path = settings.VAR_DIR / "secrets.env"
    with open(path, "a", opener=lambda name, flags: os.open(name, flags, 0o600), encoding="utf-8") as kept:
        kept.write(f"DEMO_PASSWORD={password}\n")
    return password


def simulator_port() -> int:
    """SIM_PORT, as the settings found it in the process's or the stack's environment."""
    written = os.environ.get("SIM_PORT") or "9900"
    if not written.isdigit():
        raise CommandError(f"Environment variable SIM_PORT is malformed: {written!r}")
    return int(written)


def demo_workspace(port: int) -> Workspace:
    """The workspace of the simulator's own demo credentials."""
    address = f"http://127.0.0.1:{port}"
    workspace, _made = Workspace.objects.get_or_create(slug=SLUG, defaults={"name": "Northwind Group"})
    workspace.org = ORG
    workspace.sandbox = "prod"
    workspace.client_id = "demo-client"
    workspace.client_secret = "demo-secret"  # noqa: S105  the simulator's, public by design
    workspace.platform_url = workspace.ims_url = address
    workspace.full_clean()
    workspace.save()
    return workspace


def demo_segment_workspace(port: int) -> Workspace:
    """The simulator's Segment workspace, with the first space its token shows."""
    workspace, _made = Workspace.objects.get_or_create(
        slug=SEGMENT_SLUG, defaults={"name": "Northwind on Segment", "platform": Platform.SEGMENT}
    )
    workspace.platform_url = f"http://127.0.0.1:{port}"
    workspace.client_secret = "sgp_demo_public_api_token"  # noqa: S105  the simulator's, public by design
    workspace.sandbox = segment_client_for(workspace).spaces()[0].id
    workspace.full_clean()
    workspace.save()
    return workspace


def demo_person(workspace: Workspace, login: str, role: str, password: str, *, is_admin: bool) -> None:
    user = demo_login(login, password, is_admin=is_admin)
    Membership.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role})


def demo_login(login: str, password: str, *, is_admin: bool) -> User:
    user, _made = User.objects.get_or_create(
        username=login, defaults={"is_staff": is_admin, "is_superuser": is_admin}
    )
    if not user.check_password(password):
        user.set_password(password)
        user.save()
    return user
