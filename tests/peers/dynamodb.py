"""Serves moto's DynamoDB, one request at a time: the real one's writes are atomic, and moto's are
only where none runs beside them.

Prints its URL, and ends when its standard input does, so that it never outlives the process that started it.
"""

import logging
import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=False)
    threading.Thread(target=end_with_stdin, daemon=True).start()
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
