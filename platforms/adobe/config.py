"""Where an Adobe workspace lives and with which credentials it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field

PLATFORM_URL = "https://platform.adobe.io"
IMS_URL = "https://ims-na1.adobelogin.com"


@dataclass(frozen=True, slots=True)
class AdobeConfig:
    """One organisation's sandbox and its OAuth server-to-server credential (contract §1.1, §2.1).

    `scopes` is the text copied from the Developer Console, separated by commas, blanks or lines.
    """

    org: str
    sandbox: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    platform_url: str = PLATFORM_URL
    ims_url: str = IMS_URL
