"""How bytes get to many sockets: by one system call for each, or by one for all of them."""
