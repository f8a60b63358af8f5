"""The pages of notices and channels: who, may they, what, show."""

from notices.views.changes import add, edit, remove, switch, test
from notices.views.channels import channel, channels, errands
from notices.views.reading import notices, read

__all__ = ["add", "channel", "channels", "edit", "errands", "notices", "read", "remove", "switch", "test"]
