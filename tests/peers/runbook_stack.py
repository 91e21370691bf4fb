"""Makes a stack at moto for the commands of the runbooks, and beside it a secret and an execution.

One JSON line on stdout: the physical id of each resource by its name in template.yaml, and `Secret`, `StateMachine` and
`Execution`. moto does not know the functions of SAM's transform: the stack has those resources that the commands name,
with plain functions. They run nothing: an invocation is answered with its own payload.
"""

import argparse
import json
import sys

from botocore.exceptions import BotoCoreError, ClientError

from sfn_machines import client, configure

ROLE = "arn:aws:iam::123456789012:role/states"
FUNCTIONS = ["Worker", "FlowControl"]
STATES = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="URL of moto")
    endpoint = parser.parse_args().endpoint
    try:
        configure(endpoint, "lambda", use_docker=False)
        resources = create_stack(client("cloudformation", endpoint))
        secret = client("secretsmanager", endpoint).create_secret(Name="fnf", SecretString="{}")["Name"]
        machine, execution = start(client("stepfunctions", endpoint))
        print(json.dumps({**resources, "Secret": secret, "StateMachine": machine, "Execution": execution}))
    except (BotoCoreError, ClientError, OSError) as error:
        sys.exit(f"runbook_stack: {error}")


def create_stack(cloudformation):
    body = json.dumps({"Resources": template()})
    cloudformation.create_stack(StackName="taskback", TemplateBody=body)
    listed = cloudformation.describe_stack_resources(StackName="taskback")["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}


def template():
    queues = {name: resource("SQS::Queue") for name in ("DeadLetters", "FailedFlowRequests")}
    redrive = {"deadLetterTargetArn": arn("DeadLetters"), "maxReceiveCount": 5}
    ledger = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "fingerprint", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "fingerprint", "KeyType": "HASH"}],
    }
    code = {"Code": {"ZipFile": "-"}, "Handler": "none.none", "Runtime": "python3.13", "Role": arn("WorkerRole")}
    source = {"FunctionName": {"Ref": "Worker"}, "EventSourceArn": arn("Tasks")}
    return {
        **queues,
        "Tasks": resource("SQS::Queue", RedrivePolicy=redrive),
        "LedgerTable": resource("DynamoDB::Table", **ledger),
        "WorkerLogs": resource("Logs::LogGroup", LogGroupName="/aws/lambda/worker"),
        "WorkerRole": resource("IAM::Role", AssumeRolePolicyDocument={}),
        **{name: resource("Lambda::Function", **code) for name in FUNCTIONS},
        "WorkerTasks": resource("Lambda::EventSourceMapping", **source),
    }


def resource(kind, **properties):
    return {"Type": f"AWS::{kind}", "Properties": properties}


def arn(name):
    return {"Fn::GetAtt": [name, "Arn"]}


def start(states):
    machine = states.create_state_machine(name="waits", definition=json.dumps(STATES), roleArn=ROLE)["stateMachineArn"]
    return machine, states.start_execution(stateMachineArn=machine)["executionArn"]


if __name__ == "__main__":
    main()
