"""Wishes about what Segment's audiences send: destinations of an audience, and activations on them.

`connections`, `activations` and `people` (audiences) know how each is asked for, `terms` how two states are
compared, `mirror` what is known afterwards.
"""

from __future__ import annotations

from audiences.models import Wish
from audiences.wishes.actions import opened
from audiences.wishes.outcomes import Denied, Granted
from audiences.wishes.segment import activations, connections, people
from audiences.wishes.segment.terms import Note, secrets_in
from platforms.answer import redact
from platforms.errors import PlatformError
from platforms.segment import SegmentClient


def perform(client: SegmentClient, wish: Wish, note: Note) -> Granted:
    """Read what is there, see whether the wish still makes sense, and ask for it once.

    Raises Already, Denied, Meanwhile, NotYet (nothing was sent then) or the PlatformError of a call. What a
    person entered as a secret is struck out of whatever Segment says.
    """
    wanted = opened(wish)
    try:
        if wish.dataflow is None and wish.what in activations.SWITCHES:
            return people.perform(client, wish, note)
        if wish.what in connections.WHATS:
            return connections.perform(client, wish, wanted, note)
        return activations.perform(client, wish, wanted, note)
    except (PlatformError, Denied) as error:
        said = error.error if isinstance(error, Denied) else error
        for name in ("verbatim", "body"):
            setattr(said, name, redact(getattr(said, name), secrets_in(wanted, wish.wanted)))
        raise
