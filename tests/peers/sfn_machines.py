"""Starts executions of state machines at a Step Functions endpoint, whose states wait for a task token.

One JSON line on stdout: {"queueUrl", "executions": {NAME: ARN}}. All tokens arrive in the one queue: `sqs`, `declined` and
`caught` by SQS as envelopes, `sns` by a topic, as an object beside the token. `caught` has a Catch for CardDeclined.
Written for moto, whose Step Functions run nothing unless the setting below is on.
"""

import argparse
import json
import sys
import urllib.request

import boto3
from botocore.exceptions import BotoCoreError, ClientError

GOOD = {"cardNumber": "4111 1111 1111 1111"}
BAD = {"cardNumber": "4111 1111 1111 1112"}
CATCH = {"Catch": [{"ErrorEquals": ["CardDeclined"], "Next": "Declined"}]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="URL of moto")
    endpoint = parser.parse_args().endpoint
    try:
        configure(endpoint, "stepfunctions", execute_state_machine=True)
        sqs, sns, sfn = (client(name, endpoint) for name in ("sqs", "sns", "stepfunctions"))
        queue = sqs.create_queue(QueueName="tasks")["QueueUrl"]
        topic = sns.create_topic(Name="tasks")["TopicArn"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        executions = {
            "sqs": start(sfn, "sqs", by_sqs(queue), GOOD),
            "declined": start(sfn, "declined", by_sqs(queue), BAD),
            "caught": start(sfn, "caught", {**by_sqs(queue), **CATCH}, BAD),
            "sns": start(sfn, "sns", by_sns(topic), GOOD),
        }
        print(json.dumps({"queueUrl": queue, "executions": executions}))
    except (BotoCoreError, ClientError, OSError) as error:
        sys.exit(f"sfn_machines: {error}")


def configure(endpoint, service, **settings):
    setting = json.dumps({service: settings}).encode()
    request = urllib.request.Request(f"{endpoint}/moto-api/config", setting, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=20).close()


def client(name, endpoint):
    return boto3.client(
        name,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def by_sqs(queue):
    envelope = {
        "service": "sfn",
        "taskToken.$": "$$.Task.Token",
        "input.$": "$",
        "execution": {"executionArn.$": "$$.Execution.Id", "stateName.$": "$$.State.Name"},
    }
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue, "MessageBody": envelope},
        "TimeoutSeconds": 60,
        "End": True,
    }


def by_sns(topic):
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish.waitForTaskToken",
        "Parameters": {
            "TopicArn": topic,
            "Message": {"TaskToken.$": "$$.Task.Token", "cardNumber.$": "$.cardNumber"},
        },
        "TimeoutSeconds": 60,
        "End": True,
    }


def start(sfn, name, task, data):
    states = {"Verify": task, "Declined": {"Type": "Pass", "End": True}}
    definition = json.dumps({"StartAt": "Verify", "States": states})
    role = "arn:aws:iam::123456789012:role/states"
    machine = sfn.create_state_machine(name=name, definition=definition, roleArn=role)
    return sfn.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(data))["executionArn"]


if __name__ == "__main__":
    main()
