"""The mirror: workspaces and what the platform holds in them. Asks the platform; never changes it."""
