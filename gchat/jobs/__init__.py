"""Background jobs: record, checkpoint, index, delete, disconnect idle and dead clients."""
