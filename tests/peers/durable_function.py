"""Runs durable executions in AWS's local runner, whose function sends its callback ids to a queue.

Two JSON lines on stdout. At first {"endpoint", "queueUrl"}: the endpoint for reports, and the queue of the tasks, at the
given SQS. When all executions have ended, {"ended": {NAME: {"status", "result", "error", "task"}}}: `success` and `failure`
by the card number, `heartbeat` with a heartbeat timeout of 5 s; `task` is the message that was sent. The runner answers
until this process is killed.

Requests go through a forwarder that adds the service's id of a request to the runner's answers: the real service has one
in every answer, and without it no answer is a receipt. It also puts histories into the order that was asked for, which
the runner does not.
"""

import argparse
import http.server
import itertools
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

GOOD, BAD = "4111 1111 1111 1111", "4111 1111 1111 1112"
EXECUTIONS = {
    "success": {"card": GOOD},
    "failure": {"card": BAD},
    "heartbeat": {"card": GOOD, "heartbeat": 5},
}
ENDS = 120

# The runner's command, which ends with this process.
RUNNER = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from aws_durable_execution_sdk_python_testing.cli import main
main()
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sqs", required=True, help="URL of an SQS")
    sqs = parser.parse_args().sqs
    logging.disable(logging.CRITICAL)
    runner, function, forwarder = (f"http://127.0.0.1:{port}" for port in free_ports(3))
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
    os.environ.update(keys, AWS_DEFAULT_REGION="us-east-1", AWS_ENDPOINT_URL_LAMBDA=runner, AWS_ENDPOINT_URL_SQS=sqs)
    import boto3

    queue = boto3.client("sqs").create_queue(QueueName="callbacks")["QueueUrl"]
    tasks = {}
    serve(function, function_endpoint(durable_handler(boto3.client("sqs"), queue, tasks)))
    serve(forwarder, forwarding_to(runner))
    port = runner.rsplit(":", 1)[1]
    addresses = ["--host", "127.0.0.1", "--port", port, "--lambda-endpoint", function, "--local-runner-endpoint", runner]
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, "start-server", *addresses],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answers(runner + "/health"))
        # The clock of a heartbeat starts with its execution, and by then the worker should be on its way.
        print(json.dumps({"endpoint": forwarder, "queueUrl": queue}), flush=True)
        arns = {name: start(runner, name, data) for name, data in EXECUTIONS.items()}
        client = boto3.client("lambda")
        ends = {name: {**ended(client, arn), "task": tasks[name]} for name, arn in arns.items()}
        print(json.dumps({"ended": ends}), flush=True)
        threading.Event().wait()
    finally:
        process.terminate()
        process.wait()


def durable_handler(sqs, queue, tasks):
    from aws_durable_execution_sdk_python import durable_execution
    from aws_durable_execution_sdk_python.config import Duration, WaitForCallbackConfig

    @durable_execution
    def handler(event, context):
        def submit(callback_id, _):
            arn = context.execution_context.durable_execution_arn
            execution = {"durableExecutionArn": arn, "callbackName": "card"}
            task = {"callbackId": callback_id, "input": {"cardNumber": event["card"]}, "execution": execution}
            tasks[event["name"]] = json.dumps({"service": "durable", **task})
            sqs.send_message(QueueUrl=queue, MessageBody=tasks[event["name"]])

        heartbeat = Duration(seconds=event.get("heartbeat", 0))
        config = WaitForCallbackConfig(timeout=Duration(seconds=ENDS), heartbeat_timeout=heartbeat)
        return json.loads(context.wait_for_callback(submit, name="card", config=config))

    return handler


def function_endpoint(handler):
    from aws_durable_execution_sdk_python_testing.invoker import create_test_lambda_context

    class Function(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                answer, headers = handler(event, create_test_lambda_context()), {}
            except Exception as error:
                answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
                headers = {"X-Amz-Function-Error": "Unhandled"}
            respond(self, 200, headers, json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    return Function


def forwarding_to(runner):
    class Forwarder(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kind = {"Content-Type": self.headers["Content-Type"]} if "Content-Type" in self.headers else {}
            self.respond(*call("POST", runner + self.path, body, kind))

        def do_GET(self):
            status, answer = call("GET", runner + self.path, None, {})
            if status == 200 and "ReverseOrder=true" in self.path:
                history = json.loads(answer)
                answer = json.dumps({**history, "Events": history["Events"][::-1]}).encode()
            self.respond(status, answer)

        def respond(self, status, answer):
            respond(self, status, {"x-amzn-RequestId": str(uuid.uuid4())}, answer)

        def log_message(self, *_):
            pass

    return Forwarder


def respond(handler, status, headers, body):
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def serve(url, handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(url.rsplit(":", 1)[1])), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def start(runner, name, data):
    execution = {
        "AccountId": "123456789012",
        "FunctionName": "orders",
        "FunctionQualifier": "$LATEST",
        "ExecutionName": name,
        "ExecutionTimeoutSeconds": ENDS,
        "ExecutionRetentionPeriodDays": 1,
        "InvocationId": name,
        "Input": json.dumps({"name": name, **data}),
    }
    body = json.dumps(execution).encode()
    url = runner + "/start-durable-execution"
    status, answer = call("POST", url, body, {"Content-Type": "application/json"})
    if status not in (200, 201):
        sys.exit(f"durable_function: {status} {answer}")
    return json.loads(answer)["ExecutionArn"]


def ended(client, arn):
    execution = {}

    def is_over():
        execution.update(client.get_durable_execution(DurableExecutionArn=arn))
        return execution["Status"] != "RUNNING"

    wait_until(is_over)
    return {"status": execution["Status"], "result": execution.get("Result"), "error": execution.get("Error")}


def call(method, url, body, headers):
    # A type is sent only where there is one.
    request = urllib.request.Request(url, body, headers or {"Content-Type": ""}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_until(condition):
    end = time.monotonic() + ENDS
    while not condition():
        if time.monotonic() > end:
            sys.exit("durable_function: nothing happened in time")
        time.sleep(0.1)


def free_ports(number):
    """Ports below those that Linux gives to whatever asks for any port: none of them takes one meanwhile."""
    offset = os.getpid() * number % 2000
    ports = (30000 + (offset + index) % 2000 for index in range(2000))
    return list(itertools.islice(filter(is_free, ports), number))


def is_free(port):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


if __name__ == "__main__":
    main()
