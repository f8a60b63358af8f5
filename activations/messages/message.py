"""What a message to people is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audiences.told import Told

Words = str | Promise | Told

RETRY: dict[str, Words] = {
    "helps": _("A retry helps."),
    "after": _("Useless until that is changed; helps afterwards."),
    "itself": _("By itself; there is nothing to press."),
    "never": _("A retry never helps here."),
    "unneeded": _("Not needed."),
}

YOU = _("Anyone who may press here.")
MARKETER = _("Whoever looks after this dataflow and its audiences in Adobe Experience Platform.")
ADMIN = _("Your administrator, in this workspace's settings and the Adobe Developer Console.")
ADOBE = _("Adobe. Give its support the request id shown under “For IT”.")
NOBODY = _("Nobody needs to.")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: what happened, what it means, what to do, whether and when a retry helps, who can fix it.

    `retry` is a key of RETRY. `tone`: moving, look or act. `link` leads to the vendor's own words on it.
    """

    code: str
    title: Words
    meaning: Words
    do: Words
    retry: str
    who: Words
    tone: str = "act"
    link: str = ""

    @property
    def retry_words(self) -> Words:
        return RETRY[self.retry]

    @property
    def retry_helps(self) -> bool:
        """Whether pressing retry can make a difference, now or after the fix."""
        return self.retry in ("helps", "after")


def table(*messages: Message) -> dict[str, Message]:
    return {message.code: message for message in messages}


def merged(tables: Iterable[dict[str, Message]]) -> dict[str, Message]:
    return {code: message for one in tables for code, message in one.items()}
