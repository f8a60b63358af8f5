"""The mirror: workspaces and what the platform holds in them, and what people ask to be changed there.

Only what somebody asked for changes the platform (`wishes`, `external`); syncing reads.
"""
