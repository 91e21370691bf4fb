"""A client of Lambda's Runtime API that does what the event says, for clients that cannot be had here, and worse."""

import base64
import http.client
import json
import os
import socket
import sys
import time

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
ROOT = "/2018-06-01/runtime"
ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
STREAM = {"Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked"}


def call(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(API)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response, response.read()


def answer(task, body, headers=None, what="response"):
    return call("POST", f"{ROOT}/invocation/{task}/{what}", body, headers)[0].status


def fail(task, name="CardDeclined", headers=None):
    body = json.dumps({"errorType": name, "errorMessage": "no"})
    return answer(task, body, headers, "error")


def stream(task, trailers):
    """As Node's client writes a stream: its error comes behind the body."""
    names = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
    head = "".join(f"{name}: {value}\r\n" for name, value in STREAM.items())
    request = f"POST {ROOT}/invocation/{task}/response HTTP/1.1\r\nHost: {API}\r\n{head}\r\n"
    request += f'4\r\n{{"a"\r\n3\r\n:1}}\r\n0\r\n{names}\r\n'
    host, port = API.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request.encode())
        assert b" 202 " in connection.recv(1000)


def hang_up():
    """Asks for an invocation and leaves, as a client does that dies."""
    host, port = API.split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"GET {ROOT}/invocation/next HTTP/1.1\r\nHost: {API}\r\n\r\n".encode())
        time.sleep(0.1)


def refused(task, earlier):
    """The statuses of answers that are not the one to this invocation."""
    others = [("another", {}), (task, {"Lambda-Runtime-Invocation-Id": "another-run"})]
    others += [(task, {}) for task in earlier]
    return [answer(task, '"foreign"', headers) for task, headers in others]


def spellings(host):
    """The statuses of calls that would take the host's event or answer it, if they reached the host."""
    paths = [f"{ROOT}/invocation/next/", f"/{ROOT}/invocation/next", f"{ROOT}/./invocation/next"]
    paths += ["/2099-01-01/runtime/invocation/next", f"{ROOT}/%69nvocation/next", f"{ROOT}/next"]
    answers = [f"{ROOT}/invocation/{host}/{end}" for end in ("response/", "error/", "response/x")]
    return [call("GET", path)[0].status for path in paths] + [call("POST", path, "{}")[0].status for path in answers]


def rest(file):
    """The time in which a host has frozen this process."""
    while not os.path.exists(file):
        time.sleep(0.01)


def handle(event, task, run, earlier):
    do = event["do"]
    if do == "fail":
        fail(task)
    elif do == "fail and end":
        fail(task)
        sys.exit(129)
    elif do == "fail and hang":
        fail(task)
        time.sleep(600)
    elif do == "fail in ruby":
        fail(task, "Function<Shop::CardDeclined>")
    elif do == "fail with trace":
        cause = json.dumps({"message": "\u00e9" * 500_000}, ensure_ascii=False).encode()
        assert fail(task, headers={"Lambda-Runtime-Function-XRay-Error-Cause": cause}) == 202
    elif do == "succeed and end":
        answer(task, '"done"')
        sys.exit(1)
    elif do == "succeed hugely":
        assert answer(task, '"' + "x" * 20_000_000 + '"') == 202
    elif do == "answer all":
        statuses = refused(task, earlier)
        assert answer(task, json.dumps(statuses), {"Lambda-Runtime-Invocation-Id": run}) == 202
        assert answer(task, '"again"') == 400
    elif do == "stream":
        stream(task, {})
    elif do.startswith("stream and fail"):
        body = {"errorType": "CardDeclined", "errorMessage": "no", "trace": ["x" * 99] * (1000 if "trace" in do else 1)}
        body = base64.b64encode(json.dumps(body).encode()).decode()
        stream(task, {ERROR_TYPE: "CardDeclined", "Lambda-Runtime-Function-Error-Body": body})
    elif do == "other calls":
        others = ["/2020-01-01/extension/register", f"{ROOT}/restore/next", "/"]
        answer(task, json.dumps([call("POST", path, "{}")[0].status for path in others]))
    elif do == "web page":
        pages = [{"Origin": "https://page.example"}, {"Host": "page.example"}]
        answer(task, json.dumps([call("GET", f"{ROOT}/invocation/next", headers=page)[0].status for page in pages]))
    elif do == "hang up":
        hang_up()
        answer(task, '"after hanging up"')
    elif do == "other spellings":
        answer(task, json.dumps(spellings(event["host"])))
    elif do == "restore":
        answer(task, json.dumps(call("GET", f"{ROOT}/restore/next")[0].status))
    elif do == "pid":
        answer(task, str(os.getpid()))
    elif do == "rest":
        answer(task, str(os.getpid()))
        rest(event["file"])
    else:
        raise KeyError(do)


def main():
    earlier = []
    while True:
        response, event = call("GET", f"{ROOT}/invocation/next")
        task = response.headers["Lambda-Runtime-Aws-Request-Id"]
        run = response.headers["Lambda-Runtime-Invocation-Id"]
        assert response.headers["Content-Type"] == "application/json"
        handle(json.loads(event), task, run, earlier)
        earlier.append(task)


main()
