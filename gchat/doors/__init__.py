"""How somebody gets in: listening, admission, the password, a client's greenlet, its pace."""
