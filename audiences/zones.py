"""The named time zones that a form offers, grouped by region."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

LEFT_OUT = {"Etc", "posix", "right", "SystemV", "US"}


@cache
def regions() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """("Europe", (("Europe/Berlin", "Berlin"), …)), …: as `choices` of a field."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, slash, city = name.partition("/")
        if slash and region not in LEFT_OUT:
            groups.setdefault(region, []).append((name, city.replace("_", " ")))
    return tuple((region, tuple(cities)) for region, cities in groups.items())
