"""The two ways in which sam runs a function in a container."""

import contextlib
import os
import signal
import subprocess

import boto3
from botocore.config import Config

from compare import parse
from processes import ENVIRONMENT, LOG, VENV, free_port, process

SAM = VENV / "sam"
# The base image that `image` makes; sam adds its emulator under another tag.
OURS = "taskback-sam-base"


class Invoke:
    """`sam local invoke`: a container for each event."""

    name = "sam local invoke"

    def __init__(self, stack, template):
        self.options = options(stack, template)

    def __call__(self, function, path):
        command = [SAM, "local", "invoke", function, "--event", path, *self.options]
        with open(LOG / function, "ab") as log:
            run = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=ENVIRONMENT, timeout=300
            )
        # Its exit code is 0 where the function fails.
        answer = run.stdout.decode().strip()
        if run.returncode != 0 or not answer:
            raise SystemExit(f"{self.name}: no answer, exit code {run.returncode}: see target/sam/log/{function}")
        return parse(answer.splitlines()[-1])


class StartLambda:
    """`sam local start-lambda`: a container for each function, which stays, for boto3 to call."""

    name = "sam local start-lambda"

    def __init__(self, port):
        # A call is never made again: its event is no longer new.
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120)
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        self._client = boto3.client("lambda", endpoint_url=f"http://127.0.0.1:{port}", config=config, **keys)

    @classmethod
    @contextlib.contextmanager
    def running(cls, stack, template):
        port = free_port("127.0.0.1")
        # A shell's background job ignores SIGINT and so would sam, which ends its containers by it.
        command = ["env", "--default-signal=INT", SAM, "local", "start-lambda", "--port", str(port)]
        command += ["--warm-containers", "EAGER", *options(stack, template)]
        with process("start-lambda", command, "127.0.0.1", port, signal.SIGINT):
            yield cls(port)

    def __call__(self, function, path):
        return parse(self._client.invoke(FunctionName=function, Payload=path.read_bytes())["Payload"].read())


@contextlib.contextmanager
def no_containers():
    """Afterwards there are none of ours, whatever became of sam."""
    try:
        yield
    finally:
        images = [f"ancestor={OURS}:rapid-{architecture}" for architecture in ("x86_64", "arm64")]
        listed = subprocess.run(
            ["docker", "ps", "--all", "--quiet", *(word for image in images for word in ("--filter", image))],
            stdout=subprocess.PIPE,
            text=True,
        )
        if left := listed.stdout.split():
            subprocess.run(["docker", "rm", "--force", *left], stdout=subprocess.DEVNULL)


def options(stack, template):
    return [
        *("--template-file", template),
        *("--invoke-image", os.environ["TASKBACK_SAM_IMAGE"], "--skip-pull-image"),
        *("--parameter-overrides", *stack.parameters()),
        *("--region", "us-east-1"),
    ]
