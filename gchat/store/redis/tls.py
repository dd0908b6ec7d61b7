"""A connection to Redis inside TLS (`rediss://`).

The standard library's ssl is not patched (see gchat/__main__.py): its sockets would hold the event
loop while they wait. These are gevent's own.
"""

import ssl
from typing import Any

from gevent.ssl import SSLContext
from redis.connection import SSLConnection


class TlsConnection(SSLConnection):
    """Checks the certificate and the name of the Redis that it connects to.

    `ssl_ca_certs` is the file of who may have signed it, by default the system's; `ssl_certfile`
    and `ssl_keyfile` are this server's own certificate, if Redis wants one.
    """

    def _wrap_socket_with_ssl(self, sock: Any) -> Any:
        context = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca_certs:
            context.load_verify_locations(self.ca_certs)
        else:
            context.load_default_certs()
        if self.certfile:
            context.load_cert_chain(self.certfile, self.keyfile)
        return context.wrap_socket(sock, server_hostname=self.host)
