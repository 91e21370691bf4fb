"""What the functions reach, at this machine's address on Docker's bridge, and the template that points at it."""

import contextlib
import json
import os
import signal

import boto3
from samcli.yamlhelper import yaml_dump, yaml_parse

from processes import BUILD, VENV, bridge, free_port, process
from services import KEYS, Services

TABLE, TASK_LIST, DOMAIN = "LedgerTable", "cards", "taskback"


class Stack:
    """moto, and a taskback local of its own for each `services()`."""

    def __init__(self):
        self.host = bridge()
        self.moto, self.local = free_port(self.host), free_port(self.host)
        self.url = f"http://{self.host}:{self.local}"

    @classmethod
    @contextlib.contextmanager
    def running(cls):
        stack = cls()
        moto = [VENV / "moto_server", "--host", stack.host, "--port", str(stack.moto)]
        with process("moto", moto, stack.host, stack.moto, signal.SIGTERM):
            # The queue of the events, where kept messages are given back.
            stack.queue = stack.aws("sqs").create_queue(QueueName="taskback-tasks")["QueueUrl"]
            secret = stack.aws("secretsmanager").create_secret(Name="fnf", SecretString=json.dumps(KEYS))
            stack.secret = secret["ARN"]
            yield stack

    def aws(self, service):
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        return boto3.client(service, endpoint_url=f"http://{self.host}:{self.moto}", **keys)

    def parameters(self):
        named = {"Service": "fnf", "Step": "verify-card", "FnfRegion": "cn-hangzhou", "FnfSecretArn": self.secret}
        named |= {"SwfDomain": DOMAIN, "SwfTaskList": TASK_LIST}
        return [f"{name}={value}" for name, value in named.items()]

    def template(self):
        """The built template with the places of moto and taskback local, and the names of its functions. sam local
        sets no variable that the template does not declare, and a deployed one needs none of these."""
        template = yaml_parse((BUILD / "template.yaml").read_text(encoding="utf-8"))
        variables = {
            "AWS_ENDPOINT_URL": f"http://{self.host}:{self.moto}",
            "AWS_ENDPOINT_URL_SWF": self.url,
            "AWS_ENDPOINT_URL_SFN": self.url,
            "AWS_ENDPOINT_URL_LAMBDA": self.url,
            "FNF_ENDPOINT": self.url,
            "FNF_ALLOW_HTTP_HOST": self.host,
        }
        template["Globals"]["Function"]["Environment"] = {"Variables": variables}
        made = template["Resources"].items()
        functions = {name: resource for name, resource in made if resource["Type"] == "AWS::Serverless::Function"}
        if poller := functions.get("Poller"):
            # Time to begin one poll, by one poller: it is held for a minute at most, and begun with 90 s left.
            poller["Properties"]["Timeout"] = 93
            own = {"TASKBACK_QUEUE_URL": self.queue, "TASKBACK_POLLERS": "1"}
            poller["Properties"]["Environment"]["Variables"] |= own
        path = BUILD / "local.yaml"
        path.write_text(yaml_dump(template), encoding="utf-8")
        return path, list(functions)

    def forget(self):
        """The ledger, so that an event that comes a second time is new."""
        ledger = self.aws("dynamodb")
        if TABLE in ledger.list_tables()["TableNames"]:
            ledger.delete_table(TableName=TABLE)
        key = {"AttributeName": "fingerprint"}
        ledger.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{**key, "AttributeType": "S"}],
            KeySchema=[{**key, "KeyType": "HASH"}],
        )

    @contextlib.contextmanager
    def services(self):
        command = [os.environ["TASKBACK_CLI"], "local", "--listen", f"{self.host}:{self.local}"]
        command += ["--allow-host", self.host]
        with process("services", command, self.host, self.local, signal.SIGTERM):
            yield Services(self.url)
