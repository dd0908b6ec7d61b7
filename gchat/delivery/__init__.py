"""Bytes out: rounds, batches, reading back; the only code that writes to clients."""
