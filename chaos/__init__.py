"""Chaos: seeded rounds that run the real product against the simulator while things break, and let the
simulator's own ledger judge. `python -m chaos --help`; `docs/chaos.md` says what a round does.

`plan` decides from a seed what happens when; `troubles` does it to a stack (`embedded`, `services`) and to the
`platform`; `house` presses and looks through the product's own verbs; `judge` compares with the ledger.
"""
