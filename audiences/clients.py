"""Turns a workspace row into a platform client: the only place where the two meet."""

from __future__ import annotations

from threading import Lock

from django.conf import settings

from audiences.models import Workspace
from audiences.pace import pace_of
from platforms.adobe import AdobeClient, AdobeConfig
from platforms.errors import CredentialsRefused, Refused
from platforms.http import Limits

_clients: dict[int | None, tuple[AdobeConfig, AdobeClient]] = {}
_lock = Lock()


def client_for(workspace: Workspace) -> AdobeClient:
    """The process's one client for this workspace, made anew when its credentials or addresses change.

    Raises `Refused` for a platform on this machine outside demo mode, `CredentialsRefused` for a stored
    secret that none of FIELD_KEYS opens.
    """
    if workspace.is_stand_in and not settings.DEMO:
        raise Refused(
            "The workspace points at a platform on this machine; that is only allowed in demo mode."
        )
    config = _config(workspace)
    with _lock:
        known = _clients.get(workspace.pk)
        if known is not None and known[0] == config:
            return known[1]
        # The old client is left to its running calls; it closes with its last reference.
        client = AdobeClient(
            config,
            pace=pace_of(workspace),
            adhoc_timeout=settings.ADHOC_TIMEOUT,
            limits=Limits(read=settings.READ_TIMEOUT),
        )
        _clients[workspace.pk] = (config, client)
        return client


def _config(workspace: Workspace) -> AdobeConfig:
    try:
        secret = workspace.client_secret
    except ValueError as error:
        raise CredentialsRefused(str(error), field="secret") from error
    return AdobeConfig(
        org=workspace.org,
        sandbox=workspace.sandbox,
        client_id=workspace.client_id,
        client_secret=secret,
        scopes=workspace.scopes,
        platform_url=workspace.platform_url,
        ims_url=workspace.ims_url,
    )
