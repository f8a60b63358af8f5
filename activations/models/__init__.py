"""The tables of intents. Deliveries are the queue; Celery only makes it prompt."""

from activations.models.activations import Activation, Share, seen_whole
from activations.models.chains import Chain
from activations.models.deliveries import Delivery
from activations.models.events import Event
from activations.models.jobs import Hold, Job
from activations.models.links import ShareLink
from activations.models.pauses import Pause
from activations.models.schedules import Firing, Schedule
from activations.models.sets import ActivationSet, Chosen, SetChange

__all__ = [
    "Activation",
    "ActivationSet",
    "Chain",
    "Chosen",
    "Delivery",
    "Event",
    "Firing",
    "Hold",
    "Job",
    "Pause",
    "Schedule",
    "SetChange",
    "Share",
    "ShareLink",
    "seen_whole",
]
