"""What whoever runs the server decides: options, limits, passwords, the message of the day."""
