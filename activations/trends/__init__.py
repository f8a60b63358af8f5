"""What the deliveries of the past tell: outcomes, times and reasons, by the days of the viewer's zone."""

from activations.trends.by_length import Lengths, lately, lengths, times
from activations.trends.by_outcome import outcomes
from activations.trends.by_reason import Reason, reasons
from activations.trends.kept import kept_as
from activations.trends.span import Span

__all__ = ["Lengths", "Reason", "Span", "kept_as", "lately", "lengths", "outcomes", "reasons", "times"]
