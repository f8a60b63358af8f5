"""The intents: what people asked to be sent, what became of it, and why."""
