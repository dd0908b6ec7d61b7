"""What any gevent program needs: the loop, logs, faults, a watchdog, signals; it knows no chat."""
