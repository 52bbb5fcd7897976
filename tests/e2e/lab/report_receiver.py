# SPDX-License-Identifier: Apache-2.0
"""Somebody who takes TLS reports by HTTPS."""
import http.server
import ssl
import threading
from dataclasses import dataclass


@dataclass
class Posted:
    path: str
    content_type: str
    octets: bytes
    status: int  # that it was answered with


class ReportReceiver:
    """`status`: that posts are answered with from now on."""

    def __init__(self, address, pair, status=200):
        self.status, self.posts = status, []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                octets = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.status
                receiver.posts.append(Posted(self.path, self.headers["Content-Type"], octets, status))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        server = http.server.ThreadingHTTPServer((address, 443), Handler)
        server.handle_error = lambda request, client: None  # who does not trust the certificate hangs up
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def taken(self):
        return [post for post in self.posts if 200 <= post.status < 300]
