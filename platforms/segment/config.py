"""Where a Segment workspace's space is reached, and with which token."""

from __future__ import annotations

from dataclasses import dataclass, field

API_URL = "https://api.segmentapis.com"


@dataclass(frozen=True, slots=True)
class SegmentConfig:
    """One space and the workspace's Public API token (contract §1). In the EU: https://eu1.api.segmentapis.com."""

    space: str
    token: str = field(repr=False)
    api_url: str = API_URL
