"""Pages on which people change what an audience of a Segment space sends, and where."""

from audiences.views.segment.activations import (
    activation_add,
    activation_change,
    activation_remove,
    activation_switch,
)
from audiences.views.segment.connections import (
    audience_switch,
    choose_destination,
    connect,
    disconnect,
    reconnect,
)

__all__ = [
    "activation_add",
    "activation_change",
    "activation_remove",
    "activation_switch",
    "audience_switch",
    "choose_destination",
    "connect",
    "disconnect",
    "reconnect",
]
