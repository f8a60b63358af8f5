"""Turns a workspace row into a platform client: the only place where the two meet."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from django.conf import settings

from audiences.models import Workspace
from audiences.pace import pace_of, pace_of_operation
from platforms.adobe import AdobeClient, AdobeConfig
from platforms.errors import CredentialsRefused, Refused
from platforms.http import Limits
from platforms.segment import SegmentClient, SegmentConfig

Client = AdobeClient | SegmentClient
Made = TypeVar("Made", AdobeClient, SegmentClient)
_clients: dict[int | None, tuple[AdobeConfig | SegmentConfig, Client]] = {}
_lock = Lock()


def any_client_for(workspace: Workspace) -> Client:
    """The client of whichever platform it is, for what both can do. Raises as the two below."""
    return segment_client_for(workspace) if workspace.is_segment else client_for(workspace)


def client_for(workspace: Workspace) -> AdobeClient:
    """The process's one client for this Adobe workspace, made anew when its credentials or addresses change.

    Raises `Refused` for a workspace of another platform and for a platform on this machine outside demo
    mode, `CredentialsRefused` for a stored secret that none of FIELD_KEYS opens.
    """
    if workspace.is_segment:
        raise Refused("This workspace is Segment's; Adobe cannot be asked about it.")
    _check_place(workspace)
    config = _config(workspace)

    def make() -> AdobeClient:
        return AdobeClient(
            config,
            pace=pace_of(workspace),
            adhoc_timeout=settings.ADHOC_TIMEOUT,
            limits=Limits(read=settings.READ_TIMEOUT),
        )

    return _kept(workspace, config, AdobeClient, make)


def segment_client_for(workspace: Workspace) -> SegmentClient:
    """The process's one client for this Segment workspace. Raises as `client_for`."""
    if not workspace.is_segment:
        raise Refused("This workspace is not Segment's; Segment cannot be asked about it.")
    _check_place(workspace)
    config = _segment_config(workspace)

    def make() -> SegmentClient:
        return SegmentClient(
            config,
            pace=pace_of(workspace),
            pace_of=pace_of_operation(workspace),
            limits=Limits(read=settings.READ_TIMEOUT),
        )

    return _kept(workspace, config, SegmentClient, make)


def _kept(
    workspace: Workspace, config: AdobeConfig | SegmentConfig, kind: type[Made], make: Callable[[], Made]
) -> Made:
    """The client made before for this config. An old one is left to its running calls; it closes with its
    last reference."""
    with _lock:
        known = _clients.get(workspace.pk)
        if known is not None and known[0] == config and isinstance(known[1], kind):
            return known[1]
        client = make()
        _clients[workspace.pk] = (config, client)
        return client


def _check_place(workspace: Workspace) -> None:
    if workspace.is_stand_in and not settings.DEMO:
        raise Refused(
            "The workspace points at a platform on this machine; that is only allowed in demo mode."
        )


def _config(workspace: Workspace) -> AdobeConfig:
    return AdobeConfig(
        org=workspace.org,
        sandbox=workspace.sandbox,
        client_id=workspace.client_id,
        client_secret=_secret(workspace, "secret"),
        scopes=workspace.scopes,
        platform_url=workspace.platform_url,
        ims_url=workspace.ims_url,
    )


def _segment_config(workspace: Workspace) -> SegmentConfig:
    return SegmentConfig(workspace.sandbox, _secret(workspace, "token"), workspace.platform_url)


def _secret(workspace: Workspace, field: str) -> str:
    try:
        return workspace.client_secret
    except ValueError as error:
        raise CredentialsRefused(str(error), field=field) from error
