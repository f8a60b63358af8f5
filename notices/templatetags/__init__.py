"""Tags of the bell."""
