"""Runs the image of the queue worker against moto and the local services: see `run`, which calls this."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "sam"))
from processes import LOG  # noqa: E402
from services import KEYS  # noqa: E402
from stack import Stack  # noqa: E402

NAME = "taskback-container-test"
TOKEN = "fnf-token-of-the-container+/=="
# It leaves two orphans: one of its process group, which is ended with it, and one that outlives it.
STEP = ["/bin/sh", "-c", "sleep 60 & setsid sleep 1 & echo '{}'"]


def main(image):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    LOG.mkdir(parents=True, exist_ok=True)
    docker("rm", "--force", NAME, check=False)
    with Stack.running() as stack, stack.services() as services:
        services.open([TOKEN])
        body = {"service": "fnf", "taskToken": TOKEN, "input": {}}
        stack.aws("sqs").send_message(QueueUrl=stack.queue, MessageBody=json.dumps(body))
        start(image, stack)
        try:
            check(services)
        except BaseException:
            print(docker("logs", NAME))
            raise
        finally:
            docker("rm", "--force", NAME)


def start(image, stack):
    """As a cluster with strict rules would: no capability, nothing to write."""
    key, secret = KEYS.values()
    variables = {
        "TASKBACK_QUEUE_URL": stack.queue,
        "TASKBACK_STEP": "command:" + json.dumps(STEP),
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_ENDPOINT_URL": f"http://{stack.host}:{stack.moto}",
        "FNF_ENDPOINT": stack.url,
        "FNF_ALLOW_HTTP_HOST": stack.host,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
    }
    environment = [text for name, value in variables.items() for text in ("--env", f"{name}={value}")]
    strict = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    docker("run", "--detach", "--name", NAME, *strict, *environment, image)


def check(services):
    wait("is ready", lambda: status("readyz") == 200 and status("livez") == 200)
    reports = wait("reports the task", lambda: list(services.reports()))
    same("reports", [report["operation"] for report in reports], ["ReportTaskSucceeded"])
    wait("is alone, without orphans and zombies", lambda: len(processes()) == 1)
    same("user and command", processes()[0][:2], ["65532", "taskback"])
    begun = time.monotonic()
    docker("kill", "--signal", "TERM", NAME)
    same("exit code after SIGTERM", docker("wait", NAME), "0")
    print(f"  ended {time.monotonic() - begun:.1f} s after SIGTERM")
    log = docker("logs", NAME)
    same("token in its log", TOKEN in log, False)
    same("its log names the host", '"runtime":"queue"' in log, True)


def processes():
    """User, command and state of each."""
    lines = docker("top", NAME, "-eo", "pid,uid,comm,stat").splitlines()[1:]
    return [line.split()[1:] for line in lines]


def status(path):
    address = docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", NAME)
    try:
        with urllib.request.urlopen(f"http://{address}:8080/{path}", timeout=2) as answer:
            return answer.status
    except OSError:
        return None


def wait(what, seen):
    until = time.monotonic() + 60
    while not (value := seen()):
        if time.monotonic() > until:
            raise SystemExit(f"the container never {what}")
        time.sleep(0.1)
    print(f"  it {what}")
    return value


def same(what, value, expected):
    if value != expected:
        raise SystemExit(f"{what}: {value!r} instead of {expected!r}")
    print(f"  {what}: {value}")


def docker(*arguments, check=True):
    done = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True)
    if check and done.returncode:
        raise SystemExit(f"docker {arguments[0]}: {done.stderr}")
    return (done.stdout + done.stderr).strip() if arguments[0] == "logs" else done.stdout.strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
