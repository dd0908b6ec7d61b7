"""A judge of what happened in a room: what clients sent, were shown, and what the file holds."""
