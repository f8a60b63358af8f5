"""The administrator's pages of presses: what was asked, how it left, and pressing from the list of mappings."""

from activations.admin import ledger, links, mappings, pauses, presses, sets, words
from audiences.admin import words as of_the_mirror
from audiences.admin.naming import put_words

__all__ = ["ledger", "links", "mappings", "pauses", "presses", "sets"]

put_words("activations", words.MODELS, (*of_the_mirror.FIELDS, *words.FIELDS))
