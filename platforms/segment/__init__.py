"""Twilio Segment: spaces, audiences, their destinations and activations, through the Public API."""

from platforms.segment.client import SegmentClient
from platforms.segment.config import SegmentConfig

__all__ = ["SegmentClient", "SegmentConfig"]
