"""A proxy on loopback that resolves every name to loopback: `proxy_server.py [--basic-auth USER:PASSWORD] [--refuse HOST]`.

Prints "proxy listens on PORT" and a line for each tunnel. SIGTERM ends it."""

import argparse
import signal

from proxy import Proxy
from proxy.http.exception import HttpRequestRejected
from proxy.http.proxy import HttpProxyBasePlugin


class Loopback(HttpProxyBasePlugin):
    refused = None

    def resolve_dns(self, host, port):
        return "127.0.0.1", None

    def before_upstream_connection(self, request):
        host = request.host.decode()
        print(request.method.decode(), host, request.port, flush=True)
        if host == Loopback.refused:
            raise HttpRequestRejected(status_code=403, reason=b"Forbidden")
        return request


parser = argparse.ArgumentParser()
parser.add_argument("--basic-auth")
parser.add_argument("--refuse")
args = parser.parse_args()
Loopback.refused = args.refuse
flags = ["--hostname", "127.0.0.1", "--port", "0", "--threaded", "--num-workers", "1", "--num-acceptors", "1"]
if args.basic_auth:
    flags += ["--basic-auth", args.basic_auth]
with Proxy(flags, plugins=[Loopback]) as proxy:
    print("proxy listens on", proxy.flags.port, flush=True)
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
