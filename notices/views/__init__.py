"""The pages of notices and channels: who, may they, what, show."""

from notices.views.changes import add, edit, remove, switch, test
from notices.views.channels import channel, channels, errands
from notices.views.reading import notices, read
from notices.views.sets import deafen, of_set

__all__ = [
    "add",
    "channel",
    "channels",
    "deafen",
    "edit",
    "errands",
    "notices",
    "of_set",
    "read",
    "remove",
    "switch",
    "test",
]
