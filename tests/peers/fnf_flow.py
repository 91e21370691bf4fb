"""Drives one execution of a flow with the official FnF client, from CreateFlow to its end.

    fnf_flow.py --endpoint URL --flow NAME --definition JSON --execution NAME --input JSON END

END is how it ends: `succeeded --output JSON` and `failed --error NAME --cause TEXT` report the task that the
flow sends to the queue --queue of taskback local, `stopped --error NAME --cause TEXT` stops the execution.

One JSON line on stdout: {"started", "running", "ended", "listed", "history", "again", "stopped"}. The first
four are answers of StartExecution, DescribeExecution before and after the end, and ListExecutions; `history`
has all events, read in pages of two; `again` and `stopped` are {"status", "code"} of another StartExecution
and another StopExecution, which both come too late. The exit code is 1 where FnF refuses anything else.
"""

import argparse
import json
import sys
import urllib.request

from fnf_report import client

from alibabacloud_fnf20190315 import models
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from darabonba.runtime import RuntimeOptions


def main():
    arguments = parse()
    fnf = Fnf(client(arguments))
    names = {"flow_name": arguments.flow, "execution_name": arguments.execution}
    try:
        print(json.dumps(drive(fnf, arguments, names)))
    except AlibabaCloudException as refused:
        sys.exit(f"fnf_flow: {refused.status_code} {refused.code}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True, help="http://HOST:PORT of taskback local")
    for name in ("flow", "definition", "execution", "input", "queue"):
        parser.add_argument(f"--{name}", required=True)
    ends = parser.add_subparsers(dest="end", required=True)
    ends.add_parser("succeeded").add_argument("--output", required=True)
    for name in ("failed", "stopped"):
        end = ends.add_parser(name)
        end.add_argument("--error", required=True)
        end.add_argument("--cause", required=True)
    parser.set_defaults(
        access_key_id="taskback-local", access_key_secret="taskback-local-secret", security_token=None
    )
    return parser.parse_args()


def drive(fnf, arguments, names):
    fnf.call(
        "create_flow",
        models.CreateFlowRequest(
            name=arguments.flow, definition=arguments.definition, description="for tests", type="FDL"
        ),
    )
    start = models.StartExecutionRequest(**names, input=arguments.input)
    started = fnf.call("start_execution", start)
    running = fnf.call("describe_execution", models.DescribeExecutionRequest(**names))
    token = received(arguments.endpoint, arguments.queue)
    if arguments.end == "succeeded":
        fnf.call("report_task_succeeded", models.ReportTaskSucceededRequest(task_token=token, output=arguments.output))
    elif arguments.end == "failed":
        reason = {"error": arguments.error, "cause": arguments.cause}
        fnf.call("report_task_failed", models.ReportTaskFailedRequest(task_token=token, **reason))
    else:
        reason = {"error": arguments.error, "cause": arguments.cause}
        fnf.call("stop_execution", models.StopExecutionRequest(**names, **reason))
    ended = fnf.call("describe_execution", models.DescribeExecutionRequest(**names, wait_time_seconds=30))
    return {
        "started": started,
        "running": running,
        "ended": ended,
        "listed": fnf.call("list_executions", models.ListExecutionsRequest(flow_name=arguments.flow))["Executions"],
        "history": history(fnf, names),
        "again": fnf.refusal("start_execution", start),
        "stopped": fnf.refusal("stop_execution", models.StopExecutionRequest(**names)),
    }


def received(endpoint, queue):
    """The token of the flow's task."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{endpoint}/_local/queues/{queue}/receive", b"{}", headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        [message] = json.load(answer)["messages"]
    return json.loads(message["body"])["taskToken"]


def history(fnf, names):
    events, token = [], None
    while True:
        request = models.GetExecutionHistoryRequest(**names, limit=2, next_token=token)
        page = fnf.call("get_execution_history", request)
        events += page["Events"]
        token = page.get("NextToken")
        if not token:
            return events


class Fnf:
    """The client, with a read timeout above every wait."""

    def __init__(self, inner):
        self.inner = inner

    def call(self, operation, request):
        options = RuntimeOptions(connect_timeout=2000, read_timeout=70000)
        return getattr(self.inner, f"{operation}_with_options")(request, options).body.to_map()

    def refusal(self, operation, request):
        try:
            self.call(operation, request)
        except AlibabaCloudException as refused:
            return {"status": refused.status_code, "code": refused.code}
        return {"status": 200, "code": None}


if __name__ == "__main__":
    main()
