"""General parts of a gevent program: loop, log, faults, watchdog, signals; no chat in here."""
