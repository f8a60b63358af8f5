"""The tables of intents. Deliveries are the queue; Celery only makes it prompt."""

from activations.models.activations import Activation, Delivery, Event, Share, seen_whole
from activations.models.chains import Chain
from activations.models.jobs import Hold, Job
from activations.models.pauses import Pause

__all__ = ["Activation", "Chain", "Delivery", "Event", "Hold", "Job", "Pause", "Share", "seen_whole"]
