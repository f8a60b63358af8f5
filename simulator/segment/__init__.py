"""The stand-in for Twilio Segment's Public API, beside Adobe's in the same process and on the same port."""
