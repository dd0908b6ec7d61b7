"""A model of clients that resume: what they said, were sent and have acknowledged."""
