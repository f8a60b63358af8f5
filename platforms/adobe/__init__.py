"""Adobe Experience Platform: its Flow Service, segmentation, sandboxes and ad-hoc activation."""

from platforms.adobe.client import AdobeClient
from platforms.adobe.config import AdobeConfig

__all__ = ["AdobeClient", "AdobeConfig"]
