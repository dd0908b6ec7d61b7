"""Configuration: options, limits, passwords, the message of the day."""
