"""A database server of a test's own: starts PostgreSQL or MariaDB in a new folder, without root and without a password.

    database.py postgres|mariadb

Prints the URL of its database and the path of its authority's certificate, which signed one for `localhost`. Then obeys
one word a line: `kill` ends the server as SIGKILL does, `start` starts it on the same data. Each is answered with the word
itself. Everything ends, and the folder with it, when its input does. Other users than the URL's need their password.
"""

import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


# The user and the group that own nothing, on every Linux.
UNPRIVILEGED = 65534


def find(name):
    """The path of a server's program; Debian keeps PostgreSQL's out of the path."""
    return shutil.which(name) or max(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), default=None) or shutil.which(
        name, path="/usr/sbin:/usr/local/sbin"
    )


class Server:
    """One server, its folder and its port. Root is given up, since neither server runs as root."""

    def __init__(self, kind):
        self.kind = kind
        self.folder = tempfile.mkdtemp(prefix="taskback-", dir="/tmp")
        self.data = f"{self.folder}/data"
        self.as_user = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if os.getuid() == 0 else {}
        if self.as_user:
            shutil.chown(self.folder, UNPRIVILEGED, UNPRIVILEGED)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = None

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self.as_user)
        if done.returncode:
            sys.exit(f"{command[0]}: {done.stdout}{done.stderr}")

    def certify(self):
        """A certificate for localhost, and one of the authority that signed it."""
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        self.run("openssl", "req", "-x509", *new_key, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
        self.run("openssl", "req", *new_key, "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr")
        with open(f"{self.folder}/names", "w", encoding="utf-8") as names:
            names.write("subjectAltName=DNS:localhost")
        self.run("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                 "-extfile", "names", "-days", "2", "-out", "server.pem")

    def create(self):
        self.certify()
        if self.kind == "postgres":
            self.run(find("initdb"), "-D", self.data, "-A", "trust", "-U", "taskback", "-E", "UTF8", "--no-locale", "-N")
            with open(f"{self.data}/pg_hba.conf", "w", encoding="utf-8") as rules:
                rules.write("host all taskback 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        else:
            self.run(find("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}",
                     "--auth-root-authentication-method=normal", "--skip-test-db")

    def start(self):
        if self.kind == "postgres":
            command = [find("postgres"), "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", "",
                       "-c", "max_connections=300", "-c", "ssl=on", "-c", f"ssl_cert_file={self.folder}/server.pem",
                       "-c", f"ssl_key_file={self.folder}/server.key"]
        else:
            command = [find("mariadbd"), "--no-defaults", f"--datadir={self.data}", f"--port={self.port}",
                       "--bind-address=127.0.0.1", f"--socket={self.folder}/socket", "--max-connections=300",
                       f"--ssl-cert={self.folder}/server.pem", f"--ssl-key={self.folder}/server.key"]
        # A signal to the test does not end it; its log is for a reader of a failure.
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, **self.as_user)
        for _ in range(600):
            if self.answers():
                return
            if self.process.poll() is not None:
                sys.exit(open(f"{self.folder}/log", encoding="utf-8", errors="replace").read())
            time.sleep(0.05)
        sys.exit("the server does not start")

    def answers(self):
        """MariaDB greets first; PostgreSQL answers the question for TLS with one byte once it takes connections."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as client:
                client.settimeout(1)
                if self.kind == "mariadb":
                    return client.recv(1) != b""
                client.sendall(b"\0\0\0\x08\x04\xd2\x16\x2f")
                return client.recv(1) == b"S" and self.is_ready()
        except OSError:
            return False

    def is_ready(self):
        status = open(f"{self.data}/postmaster.pid", encoding="utf-8").read().splitlines()
        return len(status) > 7 and status[7].strip() == "ready"

    def kill(self):
        # PostgreSQL's children are groups of their own, and a new server refuses to start beside them.
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        children = found.stdout.split()
        for process in [str(self.process.pid), *children]:
            try:
                os.kill(int(process), signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        while any(os.path.exists(f"/proc/{child}") for child in children):
            time.sleep(0.01)

    def url(self):
        if self.kind == "postgres":
            return f"postgres://taskback@127.0.0.1:{self.port}/postgres"
        return f"mysql://root@127.0.0.1:{self.port}/mysql"


def main(kind):
    server = Server(kind)
    try:
        server.create()
        server.start()
        print(server.url(), f"{server.folder}/ca.pem", flush=True)
        for line in sys.stdin:
            getattr(server, {"kill": "kill", "start": "start"}[line.strip()])()
            print(line.strip(), flush=True)
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)


main(sys.argv[1])
