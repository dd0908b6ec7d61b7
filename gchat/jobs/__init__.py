"""What runs by itself: recording, saving, indexing, deleting what is old, finding the vanished."""
