"""Random clients do random things to a real server, which has to do what a small model does."""
