"""External audiences: a file somewhere becomes an audience. The verbs of people and of workers."""
