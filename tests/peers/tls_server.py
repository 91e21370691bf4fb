"""TLS in front of plain servers on loopback: `tls_server.py CA_FILE NAME=PORT...`.

Writes the authority's certificate to CA_FILE, and prints "NAME listens on PORT" for each name."""

import socket
import ssl
import sys
import threading

import trustme


def forward(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(listener, context, port):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=handle, args=(connection, context, port), daemon=True).start()


def handle(connection, context, port):
    try:
        inner = context.wrap_socket(connection, server_side=True)
    except (OSError, ssl.SSLError):
        return
    upstream = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=forward, args=(upstream, inner), daemon=True).start()
    forward(inner, upstream)


authority = trustme.CA()
authority.cert_pem.write_to_path(sys.argv[1])
threads = []
for target in sys.argv[2:]:
    name, port = target.split("=")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))
    print(name, "listens on", listener.getsockname()[1], flush=True)
    threads.append(threading.Thread(target=serve, args=(listener, context, int(port)), daemon=True))
for thread in threads:
    thread.start()
threads[0].join()
