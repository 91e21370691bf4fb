"""A batch of ten tasks for a handler in Python behind the layer, in a container: each is reported by its own end, and
what was not reported is redelivered."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from processes import ENVIRONMENT, LOG, VENV, bridge, free_port, make_folders, process

# What the handler does, and the end of the task; None = no report.
TASKS = [
    ({"do": "echo", "n": 0}, "Succeeded"),
    ({"do": "declined"}, "CardDeclined"),
    ({"do": "error"}, None),
    ({"do": "sleep"}, None),
    ({"do": "echo", "n": 4}, "Succeeded"),
    ({"do": "exit"}, None),
    ({"do": "kill"}, None),
    ({"do": "nan"}, "InvalidOutput"),
    ({"do": "large cause"}, "CardDeclined"),
    ({"do": "echo", "n": 9}, "Succeeded"),
]

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Taskback: {{Type: AWS::Serverless::LayerVersion, Properties: {{LayerName: taskback, ContentUri: layer/}}}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: handlers.handle
      Runtime: python3.11
      Timeout: 60
      Layers: [!Ref Taskback]
      Environment:
        Variables:
          AWS_LAMBDA_EXEC_WRAPPER: /opt/taskback
          TASKBACK_TERMINAL_ERRORS: CardDeclined
          TASKBACK_HANDLER_SECONDS: "6"
          AWS_ENDPOINT_URL: {url}
"""


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + "/_local/tasks", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def event(url):
    for index, (task, _) in enumerate(TASKS):
        token = ask(url, {"service": "swf"})["taskToken"]
        body = json.dumps({"service": "swf", "taskToken": token, "input": task})
        attributes = {"ApproximateReceiveCount": "1"}
        yield {"eventSource": "aws:sqs", "messageId": str(index), "attributes": attributes, "body": body}


def invoke(folder, image):
    command = [VENV / "sam", "local", "invoke", "Worker", "--template", folder / "template.yaml"]
    command += ["--event", folder / "event.json", "--skip-pull-image", "--invoke-image", image]
    command += ["--layer-cache-basedir", folder / "cache"]
    with open(LOG / "layer", "ab") as log:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=ENVIRONMENT, timeout=300
        )
    return json.loads(run.stdout.decode().strip().splitlines()[-1])


def main(folder, image):
    make_folders()
    host = bridge()
    port = free_port(host)
    url = f"http://{host}:{port}"
    command = [os.environ["TASKBACK_CLI"], "local", "--listen", f"{host}:{port}"]
    with process("layer-local", command, host, port, signal.SIGTERM):
        (folder / "template.yaml").write_text(TEMPLATE.format(url=url), encoding="utf-8")
        (folder / "event.json").write_text(json.dumps({"Records": list(event(url))}), encoding="utf-8")
        answer = invoke(folder, image)
        tasks = ask(url)["tasks"]
    nacked = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    for index, ((what, end), task) in enumerate(zip(TASKS, tasks, strict=True)):
        outcome = task.get("outcome") or {}
        seen = outcome.get("error") or (task["state"] if outcome else None)
        print(f"{index} {what}: {seen}, {'redelivered' if str(index) in nacked else 'acknowledged'}")
        if seen != end or (str(index) in nacked) != (end is None):
            raise SystemExit(f"expected {end}: see target/sam/log/layer")


main(Path(sys.argv[1]), sys.argv[2])
