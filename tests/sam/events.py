"""Which function gets which events, and what is expected of it."""

import hashlib
import json
import re
from base64 import b64decode
from pathlib import Path

from compare import differ, parse, several

ROOT = Path(__file__).resolve().parents[2]
EVENTS, EXPECTED = ROOT / "events", ROOT / "tests" / "events"

# What a queue can deliver to the dead-letter handler, by the first word of an event's name.
QUEUED = {"sqs", "empty", "foreign", "unknown"}

# Members that hold a task token, in lower case; a message may write them in any.
TOKENS = {"tasktoken", "task_token", "callbackfnftasktoken", "callbackid", "callback_id"}


class Case:
    """An event for a function; `answer` is None where nothing is expected."""

    def __init__(self, function, path):
        self.function, self.path, self.name = function, path, path.stem
        self.event = read(path)
        self.before = self.answer = self.reports = self.executions = None
        folder = EXPECTED / self.name
        if path.resolve().parent != EVENTS or not folder.is_dir():
            return
        self.answer = read(folder / "answer.json")
        if (folder / "flow.json").exists():
            self.before, self.executions = read(folder / "flow.json"), read(folder / "executions.json")
        else:
            self.reports = [self._reported(report) for report in read(folder / "reports.json")]

    def kind(self):
        return self.function, self.name.split("-")[0]

    def brings(self):
        return len(self.reports if self.executions is None else self.executions)

    def tokens(self):
        """Whatever stands in the event as a task token, however deep."""
        return sorted(set(found(self.event)))

    def _named_by_invocation(self):
        named = {"executionName", "callbackFnFTaskToken", "Records"}
        return self.executions is not None and not named & set(self.event)

    def _reported(self, report):
        """As a service shows it, without the token. The dead-letter handler reads the same tasks and fails all of
        them, since their step never ran."""
        report = dict(report)
        service = report["service"]
        report["fingerprint"] = fingerprint(service, report.pop("taskToken"))
        if self.function != "DeadLetterHandler":
            return report
        failed = {
            "fnf": {"operation": "ReportTaskFailed", "error": "DeadLettered"},
            "swf": {"operation": "RespondActivityTaskFailed", "reason": "DeadLettered"},
            "sfn": {"operation": "SendTaskFailure", "error": "DeadLettered"},
            "durable": {"operation": "SendDurableExecutionCallbackFailure", "errorType": "DeadLettered"},
        }
        return {"service": service, "fingerprint": report["fingerprint"], **failed[service]}

    def differences(self, answer, reports, executions):
        """One line each; none where all is as expected."""
        response = answer if isinstance(answer, dict) else {}
        name = response.get("executionName") if self._named_by_invocation() else None
        if re.fullmatch("tb-[0-9a-f]{64}", name or ""):
            # Of an invocation whose id could not be known before.
            expected = {"executionName": self.answer["executionName"]}
            answer = answer | expected
            executions = [one | expected if one["executionName"] == name else one for one in executions]
        lines = list(differ(answer, self.answer, "answer"))
        if self.reports is not None:
            lines += several(reports, self.reports, "fingerprint", "reports")
        if self.executions is not None:
            lines += several(executions, self.executions, "executionName", "executions")
        return lines


def cases(functions):
    """Every event for the function that it is meant for, and what a queue brings for the dead-letter handler too."""
    paths = sorted(EVENTS.glob("*.json"))
    flows = {path for path in paths if (EXPECTED / path.stem / "flow.json").exists()}
    for function in functions:
        for path in paths:
            queued = path.stem.split("-")[0] in QUEUED
            fits = {"Worker": path not in flows, "FlowControl": path in flows, "DeadLetterHandler": queued}
            if fits.get(function):
                yield Case(function, path)


def fingerprint(service, token):
    return hashlib.sha256(f"{service}:{token}".encode()).hexdigest()


def read(path):
    return parse(path.read_text(encoding="utf-8"))


def found(value):
    if isinstance(value, dict):
        for name, member in value.items():
            if name.lower() in TOKENS and isinstance(member, str):
                yield member
            yield from found(member)
    elif isinstance(value, list):
        for member in value:
            yield from found(member)
    elif isinstance(value, str):
        yield from found_in_text(value)


def found_in_text(text):
    """In a message within the event: JSON, or that as base64."""
    for decode in (str.encode, lambda text: b64decode(text, validate=True)):
        try:
            inner = json.loads(decode(text))
        except ValueError:
            continue
        if isinstance(inner, (dict, list)):
            yield from found(inner)
