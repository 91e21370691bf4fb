"""A fresh taskback local: tasks and flows before an event, and what is seen after it."""

import json
import sys
import urllib.error
import urllib.request
from types import SimpleNamespace

from compare import parse
from events import ROOT

sys.path.append(str(ROOT / "tests" / "peers"))
from alibabacloud_fnf20190315 import models  # noqa: E402
from fnf_report import client  # noqa: E402

# What taskback local wants FnF's requests signed with, as a secret holds it.
KEYS = {"accessKeyId": "taskback-local", "accessKeySecret": "taskback-local-secret"}
# The services, with their words for FnF's.
WORDS = {
    "fnf": {},
    "swf": {"output": "result", "error": "reason", "cause": "details"},
    "sfn": {},
    "durable": {"output": "result", "error": "errorType", "cause": "errorMessage"},
}


class Services:
    def __init__(self, url):
        self.url = url
        key, secret = KEYS.values()
        keys = {"access_key_id": key, "access_key_secret": secret, "security_token": None}
        self._fnf = client(SimpleNamespace(endpoint=url, **keys))

    def open(self, tokens):
        """At every service, since an event only says whose a token is when it is read. Some refuse what can be no token
        of theirs."""
        for token in tokens:
            for service in WORDS:
                self.ask("/_local/tasks", {"service": service, "taskToken": token}, allowed=400)

    def schedule(self, domain, task_list):
        """A task of SWF that waits to be polled; its token."""
        task = {"service": "swf", "domain": domain, "taskList": task_list, "input": {"cardNumber": "4111"}}
        return self.ask("/_local/tasks", task)["taskToken"]

    def delay(self, operation, milliseconds):
        self.ask("/_local/faults", {"operation": operation, "kind": f"delay:{milliseconds}"})

    def reports(self):
        """What the services took, each in its own words."""
        for task in self.ask("/_local/tasks")["tasks"]:
            words = WORDS[task["service"]]
            for report in task["reports"]:
                if report["accepted"]:
                    fields = {words.get(name, name): text for name, text in task["outcome"].items()}
                    fields |= {name: task[name] for name in ("service", "fingerprint")}
                    yield {"operation": report["operation"], **fields}

    def prepare_flows(self, before):
        """Two flows: `order` waits for a report, `audit` ends at once. And the executions that the event finds."""
        message = {"taskToken.$": "$Context.Current.TaskToken", "input.$": "$Input"}
        parameters = {"resourceArn": "acs:mns:cn-hangzhou:1:/queues/order/messages", "message": message}
        waits = {"Type": "Task", "Action": "MNS:SendMessage", "TaskMode": "WaitForCustomCallback", "Timeout": 600}
        for flow, state in {"order": {**waits, "Parameters": parameters}, "audit": {"Type": "Pass"}}.items():
            states = [{**state, "Name": flow, "End": True}]
            definition = json.dumps({"Type": "StateMachine", "SpecVersion": "v1", "StartAt": flow, "States": states})
            self._fnf.create_flow(
                models.CreateFlowRequest(name=flow, definition=definition, description="for tests", type="FDL")
            )
        for execution in before:
            names = {"flow_name": execution["flowName"], "execution_name": execution["executionName"]}
            text = json.dumps(execution["input"], default=float)
            self._fnf.start_execution(models.StartExecutionRequest(**names, input=text))

    def executions(self):
        for flow in ("order", "audit"):
            for execution in self._fnf.list_executions(models.ListExecutionsRequest(flow_name=flow)).body.executions:
                seen = {"flowName": flow, "executionName": execution.name, "status": execution.status}
                texts = {"input": execution.input, "output": execution.output}
                yield seen | {name: parse(text) for name, text in texts.items() if text}

    def ask(self, path, body=None, allowed=None):
        data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == allowed:
                return None
            raise SystemExit(f"{path}: {error.code}") from None
