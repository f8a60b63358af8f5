"""What a round looks like on the terminal: one line, and the story of every delivery that went wrong."""

from __future__ import annotations

from chaos.house import House
from chaos.judge import Verdict

HEAD = (
    f"{'stack':<9} {'seed':>6} {'asked':>6} {'sent':>6} {'twice':>6} {'lost':>5} {'wrong':>6} {'unknown':>8} "
    f"{'longest':>8}  troubles"
)
TOLD_AT_MOST = 5


def line(stack: str, seed: str, verdict: Verdict, troubles: str) -> str:
    """One round."""
    return (
        f"{stack:<9} {seed:>6} {verdict.asked:>6,} {verdict.sent:>6,} {verdict.duplicates:>6} {verdict.lost:>5} "
        f"{verdict.wrong:>6} {verdict.unknown:>8} {verdict.longest:>6.0f} s  {troubles}"
    )


def complaints(verdict: Verdict, house: House) -> list[str]:
    """What is wrong, with the story of the first few deliveries concerned."""
    lines = []
    for number, (delivery, words) in enumerate(verdict.complaints):
        lines.append(f"  ! {words}")
        if delivery is not None and number < TOLD_AT_MOST:
            lines += [f"      {event}" for event in house.ask("story", delivery=delivery)]
    return lines


def again(stack: str, seed: int, size: str, outage: float | None = None) -> str:
    """The command that repeats a round."""
    more = f" --outage {outage:g}" if outage else ""
    return f"  repeat: python -m chaos --stack {stack} --rounds 1 --seed {seed} --size {size}{more}"


def summary(stack: str, rounds: int, verdict: Verdict) -> list[str]:
    """The figures the promise is measured by."""
    ended = ", ".join(f"{count:,} {state}" for state, count in verdict.words.most_common())
    return [
        f"{stack}: {rounds} rounds · deliveries asked {verdict.asked:,} · exports sent {verdict.sent:,} · "
        f"duplicates {verdict.duplicates} · lost {verdict.lost} · wrong final states {verdict.wrong} · "
        f"unknown {verdict.unknown} · longest time to a true state {verdict.longest:.0f} s",
        f"  ended: {ended}",
    ]
