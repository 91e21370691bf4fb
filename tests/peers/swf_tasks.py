"""Opens activity tasks at an SWF endpoint, polls them and prints the poll answers.

One JSON line on stdout: a list in order of scheduling, each PollForActivityTask's answer
with `domain` and `taskList` added. With --unpolled the tasks are left to another poller, and the line
is {"domain", "taskList", "workflowExecution"}. All names are fresh, so that runs do not meet. Written
for moto; a real endpoint would work too and would keep the domain.
"""

import argparse
import json
import sys
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

VERSION = "1.0"
CARD = '{"cardNumber":"4111 1111 1111 1111"}'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="URL of SWF")
    parser.add_argument("--count", type=int, default=1, help="number of tasks, 1 to 100")
    parser.add_argument("--heartbeat", type=int, help="heartbeat timeout in seconds; none by default")
    parser.add_argument("--input", action="append", help="input of a task; given more than once, tasks take turns")
    parser.add_argument("--unpolled", action="store_true", help="do not poll the tasks")
    arguments = parser.parse_args()
    if not 1 <= arguments.count <= 100:
        parser.error("--count must be 1 to 100")
    inputs = arguments.input or [CARD]
    inputs = [inputs[n % len(inputs)] for n in range(arguments.count)]
    try:
        swf = client(arguments.endpoint)
        opened = open_tasks(swf, inputs, arguments.heartbeat)
        if not arguments.unpolled:
            opened = [poll(swf, opened["domain"], opened["taskList"]) for _ in inputs]
        print(json.dumps(opened))
    except (BotoCoreError, ClientError, Unexpected) as error:
        sys.exit(f"swf_tasks: {error}")


class Unexpected(Exception):
    """An answer that SWF would not give here."""


def client(endpoint):
    return boto3.client(
        "swf",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        # SWF holds a poll for 60 s.
        config=Config(read_timeout=70, retries={"total_max_attempts": 1}),
    )


def open_tasks(swf, inputs, heartbeat):
    run = uuid.uuid4().hex[:12]
    domain, task_list, workflow_id = f"taskback-{run}", f"tasks-{run}", f"workflow-{run}"
    workflow, activity = ({"name": name, "version": VERSION} for name in ("Order", "VerifyCard"))
    swf.register_domain(name=domain, workflowExecutionRetentionPeriodInDays="1")
    swf.register_workflow_type(domain=domain, **workflow)
    swf.register_activity_type(domain=domain, **activity)
    started = swf.start_workflow_execution(
        domain=domain,
        workflowId=workflow_id,
        workflowType=workflow,
        taskList={"name": task_list},
        childPolicy="TERMINATE",
        executionStartToCloseTimeout="86400",
        taskStartToCloseTimeout="300",
    )
    decision = swf.poll_for_decision_task(domain=domain, taskList={"name": task_list})
    if not decision.get("taskToken"):
        raise Unexpected("no decision task after StartWorkflowExecution")
    decisions = [schedule(n, activity, task_list, text, heartbeat) for n, text in enumerate(inputs)]
    swf.respond_decision_task_completed(taskToken=decision["taskToken"], decisions=decisions)
    execution = {"workflowId": workflow_id, "runId": started["runId"]}
    return {"domain": domain, "taskList": task_list, "workflowExecution": execution}


def schedule(number, activity, task_list, text, heartbeat):
    return {
        "decisionType": "ScheduleActivityTask",
        "scheduleActivityTaskDecisionAttributes": {
            "activityId": f"activity-{number}",
            "activityType": activity,
            "taskList": {"name": task_list},
            "input": text,
            "heartbeatTimeout": "NONE" if heartbeat is None else str(heartbeat),
            "scheduleToStartTimeout": "NONE",
            "scheduleToCloseTimeout": "NONE",
            "startToCloseTimeout": "NONE",
        },
    }


def poll(swf, domain, task_list):
    task = swf.poll_for_activity_task(domain=domain, taskList={"name": task_list})
    if not task.get("taskToken"):
        raise Unexpected("PollForActivityTask answered without a task")
    del task["ResponseMetadata"]
    return {**task, "domain": domain, "taskList": task_list}


if __name__ == "__main__":
    main()
