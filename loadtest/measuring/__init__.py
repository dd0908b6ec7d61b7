"""What `measure.py` is made of. Plain sockets and epoll: nothing here is shared with the server."""
