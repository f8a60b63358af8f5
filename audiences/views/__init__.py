"""The catalogue's pages: who, may they, what, show."""

from audiences.views.browse import audiences, destinations
from audiences.views.person import account, home
from audiences.views.runs import runs
from audiences.views.sync import sync, sync_status

__all__ = ["account", "audiences", "destinations", "home", "runs", "sync", "sync_status"]
