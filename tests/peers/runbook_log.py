"""Puts the lines of stdin into a log group of CloudWatch Logs, as Lambda does with those of a function."""

import argparse
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from sfn_machines import client


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="URL of moto")
    parser.add_argument("--group", required=True)
    arguments = parser.parse_args()
    logs, stream = client("logs", arguments.endpoint), "2026/01/01/[$LATEST]1"
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line.rstrip("\n")} for line in sys.stdin]
    try:
        logs.create_log_stream(logGroupName=arguments.group, logStreamName=stream)
        logs.put_log_events(logGroupName=arguments.group, logStreamName=stream, logEvents=events)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"runbook_log: {error}")


if __name__ == "__main__":
    main()
