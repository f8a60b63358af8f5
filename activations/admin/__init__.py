"""The administrator's pages of presses: what was asked, how it left, and pressing from the list of mappings."""

from activations.admin import ledger, links, mappings, pauses, presses, sets

__all__ = ["ledger", "links", "mappings", "pauses", "presses", "sets"]
