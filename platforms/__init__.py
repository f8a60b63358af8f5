"""What the vendors' APIs can do, in plain Python and httpx. Knows nothing of Django."""
