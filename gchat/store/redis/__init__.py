"""The store that several servers share: the rooms' logs as streams of Redis."""
