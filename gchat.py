#!/usr/bin/env python3
"""gchat: a chat server that anyone joins with nothing but `nc`.

The shape of it: everything here waits in greenlets. A `StreamServer` accepts
clients, each of which gets a greenlet of its own (`ChatServer.handle`) that reads
what it says. The hub holds the shared dict of clients, guarded by a semaphore. One
more greenlet, the broadcaster, sends all of them what was said.

The program itself is the package `gchat/`, beside this file. This file starts it where it
is not installed; installed, it is the command `gchat`, or `python -m gchat`.
"""

import os
import sys

# Isolated Pythons (-I, -P) do not look for packages beside the file that they run.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from gchat.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
