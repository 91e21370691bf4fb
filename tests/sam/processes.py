"""Processes of this machine that the functions' run needs, each for the length of a `with` block."""

import contextlib
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import time

from events import ROOT

MADE = ROOT / "target" / "sam"
BUILD, LOG, SAM_HOME = MADE / "build", MADE / "log", MADE / "home"
VENV = ROOT / "target/venv/bin"
# No account, no proxy and no telemetry, for whatever is started here.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ} | {
    # Those of taskback local, which sam hands on to the functions.
    "AWS_ACCESS_KEY_ID": "taskback-local",
    "AWS_SECRET_ACCESS_KEY": "taskback-local-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "SAM_CLI_TELEMETRY": "0",
    "__SAM_CLI_APP_DIR": str(SAM_HOME),
}


def make_folders():
    """Without the logs of a former run."""
    shutil.rmtree(LOG, ignore_errors=True)
    for folder in (LOG, SAM_HOME):
        folder.mkdir(parents=True, exist_ok=True)
    # A time far ahead, with a fraction, or sam asks for a newer version of itself.
    metadata = {"telemetryEnabled": False, "lastVersionCheck": 9000000000.5}
    (SAM_HOME / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


def bridge():
    """This machine's address as a container sees it: where no gateway is set, the network's first address."""
    command = ["docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}"]
    network = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return network.get("Gateway") or str(next(ipaddress.ip_network(network["Subnet"]).hosts()))


def free_port(host):
    with socket.create_server((host, 0)) as server:
        return server.getsockname()[1]


def listens(host, port):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


@contextlib.contextmanager
def process(name, command, host, port, stop):
    """Runs from when it listens until the block ends, and is then sent the signal `stop`; its log has that name."""
    with open(LOG / name, "ab") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=ENVIRONMENT)
    try:
        until = time.monotonic() + 120
        while not listens(host, port):
            if child.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{name} did not start: see target/sam/log/{name}")
            time.sleep(0.02)
        yield
    finally:
        child.send_signal(stop)
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
