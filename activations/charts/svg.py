"""Elements of SVG as safe text. Colours come from classes: the content security policy allows no inline style."""

from __future__ import annotations

from html import escape

from django.utils.safestring import SafeData, SafeString


def element(name: str, *inside: str, **attributes: str | float) -> SafeString:
    """`element("text", "Mon", x=3, class_="tick")`; `_` in a name stands for `-`, figures are cut to tenths.

    Plain string work: a page draws some hundred of them.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_said(value)}"' for key, value in attributes.items()
    )
    within = "".join(one if isinstance(one, SafeData) else escape(str(one)) for one in inside)
    return SafeString(f"<{name}{said}>{within}</{name}>" if within else f"<{name}{said}/>")


def _said(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
