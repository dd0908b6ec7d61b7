"""What measures several servers that share their rooms through a Redis."""
