"""Access tokens: issued, expiring on the simulated clock, revocable."""

from simulator.ids import hex_for

LIFETIME = 86_399


class Tokens:
    """The tokens issued so far and when each ends."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._issued = 0
        self._ends: dict[str, float] = {}

    def issue(self, now: float) -> str:
        """A new token, unlike any before it."""
        self._issued += 1
        token = f"sim.{hex_for(32, 'token', self._seed, self._issued, now)}"
        self._ends[token] = now + LIFETIME
        return token

    def valid(self, token: str, now: float) -> bool:
        """Was it issued here, not revoked, and has it not ended?"""
        return self._ends.get(token, 0) > now

    def revoke_all(self) -> None:
        """No token issued so far is worth anything any more."""
        self._ends.clear()
