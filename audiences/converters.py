"""Platform ids in addresses: text of any kind, never parsed, a slash included."""

from __future__ import annotations

import re

from django.urls import register_converter


class PlatformId:
    """`<platform_id:dataflow>`. What an address would misread is written ~XX: "/" , "~" and lone dots."""

    regex = r"[^/]+"

    def to_python(self, value: str) -> str:
        read = re.sub(r"~([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), value)
        if "\0" in read:
            raise ValueError("PostgreSQL keeps no such text, so there is no such id.")
        return read

    def to_url(self, value: str) -> str:
        written = value.replace("~", "~7E").replace("/", "~2F")
        return written.replace(".", "~2E") if set(written) == {"."} else written


register_converter(PlatformId, "platform_id")
