"""The catalogue's pages: who, may they, what, show."""

from audiences.views.browse import audiences, destinations
from audiences.views.person import account, home
from audiences.views.runs import runs
from audiences.views.segment import (
    activation_add,
    activation_change,
    activation_remove,
    activation_switch,
    audience_switch,
    choose_destination,
    connect,
    disconnect,
    reconnect,
)
from audiences.views.setup import (
    add_workspace,
    check,
    dismiss,
    first_sync,
    members,
    new_workspace,
    settings,
    use_place,
)
from audiences.views.sync import sync, sync_status
from audiences.views.wishes import add_audience, choose_dataflow, mapping, switch, unmap, wish

__all__ = [
    "account",
    "activation_add",
    "activation_change",
    "activation_remove",
    "activation_switch",
    "add_audience",
    "add_workspace",
    "audience_switch",
    "audiences",
    "check",
    "choose_dataflow",
    "choose_destination",
    "connect",
    "destinations",
    "disconnect",
    "dismiss",
    "first_sync",
    "home",
    "mapping",
    "members",
    "new_workspace",
    "reconnect",
    "runs",
    "settings",
    "switch",
    "sync",
    "sync_status",
    "unmap",
    "use_place",
    "wish",
]
