"""What people ask the platform to do besides sending: the wish is a row, the table is the queue.

`actions` writes a wish down, `work` has it fulfilled by a worker, `moves` is the one place where its state
changes. A wish is sent at most once at a time, and what became of a lost answer is read before it goes again.
"""
