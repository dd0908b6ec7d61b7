"""The users of the load test, by what they do in the chat."""
