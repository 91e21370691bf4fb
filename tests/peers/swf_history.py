"""Prints the history of a workflow execution.

One JSON line on stdout: a list of {"eventId", "eventType", "timestamp", "attributes"}, in order;
`attributes` is the member of the event that bears its type's name.
"""

import argparse
import json
import sys

from botocore.exceptions import BotoCoreError, ClientError

from swf_tasks import client


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="URL of SWF")
    parser.add_argument("--domain", required=True)
    parser.add_argument("--workflow-id", required=True)
    parser.add_argument("--run-id", required=True)
    arguments = parser.parse_args()
    execution = {"workflowId": arguments.workflow_id, "runId": arguments.run_id}
    pages = client(arguments.endpoint).get_paginator("get_workflow_execution_history")
    try:
        events = pages.paginate(domain=arguments.domain, execution=execution)
        print(json.dumps([shown(event) for page in events for event in page["events"]]))
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"swf_history: {error}")


def shown(event):
    name = event["eventType"][0].lower() + event["eventType"][1:] + "EventAttributes"
    return {
        "eventId": event["eventId"],
        "eventType": event["eventType"],
        "timestamp": event["eventTimestamp"].isoformat(),
        "attributes": event.get(name, {}),
    }


if __name__ == "__main__":
    main()
