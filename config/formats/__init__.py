"""How Django writes dates where no tag of ours does: the admin."""
