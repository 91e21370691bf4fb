"""Handlers as users of Lambda write them. The event says what they do."""

import http.client
import os
import signal
import sys
import time


RUNS = []


class CardDeclined(Exception):
    pass


def handle(event, context):
    do = event["do"] if isinstance(event, dict) else "echo"
    if do == "echo":
        return event
    if do == "context":
        return {
            "id": context.aws_request_id,
            "arn": context.invoked_function_arn,
            "remaining": context.get_remaining_time_in_millis(),
            "custom": context.client_context.custom,
            "all": repr([event, dict(os.environ), sys.argv]),
        }
    if do == "count":
        RUNS.append(event)
        return len(RUNS)
    if do == "variable":
        return os.environ.get(event["name"])
    if do == "pid":
        return os.getpid()
    if do == "declined":
        raise CardDeclined("no luck \u00e9 \U0001f980")
    if do == "error":
        raise ValueError("busy")
    if do == "large cause":
        raise CardDeclined("\u00e9" * 200_000)
    if do == "nan":
        return {"n": float("nan")}
    if do == "bytes":
        return b"\xff bytes"
    if do == "object":
        return object()
    if do == "large output":
        return "x" * 2_000_000
    if do == "large input":
        return len(event["text"])
    if do == "sleep":
        time.sleep(600)
    if do == "exit":
        sys.exit(3)
    if do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "meet":
        return _meet(event["mine"], event["other"])
    if do == "register extension":
        return _register()
    if do == "write":
        return os.write(event["descriptor"], b"written")
    if do == "hang":
        return _hang(event)
    raise KeyError(do)


def _register():
    """As an extension within the runtime does."""
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    headers = {"Lambda-Extension-Name": "within"}
    connection.request("POST", "/2020-01-01/extension/register", '{"events":[]}', headers)
    response = connection.getresponse()
    return [response.status, response.read().decode()]


def _meet(mine, other):
    """Ends only while another handler runs too."""
    with open(mine, "w", encoding="utf-8"):
        pass
    while not os.path.exists(other):
        time.sleep(0.01)
    return "met"


def _hang(event):
    """With a child of its own, which ends with it."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
    # After the fork, so that the signal ends the child, and before the file, which the signal waits for.
    if event.get("stops"):
        signal.signal(signal.SIGTERM, _stop)
    try:
        with open(event["file"] + ".part", "w", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {child}")
        os.rename(event["file"] + ".part", event["file"])
        time.sleep(600)
    except InterruptedError:
        return "stopped"
    return None


def _stop(_signal, _frame):
    raise InterruptedError
