"""The cost of a Lambda handler behind the layer, a task: against the same handler called by awslambdaric directly, and
against a step in Rust with the same report. Then one batch of ten tasks: the layer against Powertools' batch processor.
Only the differences and ratios within one round count.

    cargo build --release --bin exec_wrapper --bin worker --features allocator
    python3 -m venv target/bench/venv && target/bench/venv/bin/pip install -r bench/requirements.txt
    target/bench/venv/bin/python bench/handler.py [ROUNDS]
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
RELEASE = ROOT / "target/release"
CLIENT = [sys.executable, "-m", "awslambdaric"]
PYTHON = [*CLIENT, "handlers.handle"]
CALLS, WARM = 1500, 200


class Connection:
    """One connection of a client: whole requests in, whole answers out."""

    def __init__(self, connection, answer):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = connection.makefile("rb")
        while line := self._requests.readline():
            connection.sendall(answer(line, self._body()))

    def _body(self):
        length = 0
        while (line := self._requests.readline().lower()) not in (b"\r\n", b""):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if line.startswith(b"transfer-encoding:"):
                length = None
        return self._chunks() if length is None else self._requests.read(length)

    def _chunks(self):
        body = b""
        while size := int(self._requests.readline(), 16):
            body += self._requests.read(size)
            self._requests.readline()
        self._requests.readline()
        return body


def serve(answer):
    """Listens on a free port and returns its address."""
    server = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=Connection, args=(connection, answer), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return f"127.0.0.1:{server.getsockname()[1]}"


def http(status, headers, body=b""):
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class RuntimeApi:
    """Sends the events one after another, and measures each until its answer."""

    def __init__(self, event):
        self.event, self.times, self.begun, self.done = event, [], 0.0, threading.Event()

    def answer(self, line, _body):
        if b"/invocation/next" not in line:
            self.times.append((time.perf_counter() - self.begun) * 1e6)
            return http(202, {"Content-Type": "application/json"}, b'{"status":"OK"}\n')
        if len(self.times) == CALLS:
            self.done.set()
            time.sleep(600)
        number = len(self.times)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": f"8476a536-e9f4-11e8-9739-{number:012}",
            "Lambda-Runtime-Deadline-Ms": int(time.time() * 1000) + 30_000,
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
        }
        body = json.dumps(self.event(number)).encode()
        self.begun = time.perf_counter()
        return http(200, headers, body)


def measure(name, command, event, variables=()):
    """The median in microseconds; prints it with the process's own memory."""
    api = RuntimeApi(event)
    swf = serve(lambda _line, _body: http(200, {"x-amzn-RequestId": "REQ-1"}))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'tests/peers'}:{ROOT / 'bench'}",
        "AWS_LAMBDA_RUNTIME_API": serve(api.answer),
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": f"http://{swf}",
        "RUST_LOG": "error",
        **dict(variables),
    }
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not api.done.wait(120):
            raise SystemExit(f"{name}: {len(api.times)} of {CALLS} calls were answered")
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
        memory = next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon"))
    finally:
        child.kill()
        child.wait()
    times = sorted(api.times[WARM:])
    median = times[len(times) // 2]
    print(f"{name}: {median:.0f} us, {memory} kB of its own memory")
    return median


CARD = {"cardNumber": "4111 1111 1111 1111"}


def task(step_input):
    return lambda number: {"service": "swf", "taskToken": f"token-{number:040}", "input": step_input}


def batch(number):
    """Ten messages of SQS, each with the task of a card."""
    return {"Records": [record(10 * number + index) for index in range(10)]}


def record(number):
    return {
        "messageId": f"8476a536-e9f4-11e8-9739-{number:012}",
        "receiptHandle": "handle",
        "body": json.dumps(task(CARD)(number)),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:cards",
        "awsRegion": "us-east-1",
    }


def main(rounds):
    layer = RELEASE / "exec_wrapper"
    for _ in range(rounds):
        direct = measure("awslambdaric", PYTHON, lambda _number: {"do": "echo"})
        behind = measure("the layer", [layer, *PYTHON], task({"do": "echo"}))
        rust = measure("a step in Rust", [RELEASE / "worker"], task(CARD), {"TASKBACK_STEP": "verify-card"})
        print(f"a task costs {behind - rust - direct:.0f} us beside the call and its report")
        ours = measure("ten tasks, the layer", [layer, *CLIENT, "plain_handler.handler"], batch)
        theirs = measure("ten tasks, Powertools", [*CLIENT, "powertools_batch.handler"], batch)
        print(f"the layer takes {ours / theirs:.2f} of Powertools' time")


main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
