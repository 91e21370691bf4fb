"""A function with boto3 and nothing else: one record after the other, and one thread a record."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from plain_handler import verify

PAUSE = int(os.environ.get("BENCH_STEP_MS", "0")) / 1000
swf = boto3.client("swf", config=Config(max_pool_connections=10))
threads = ThreadPoolExecutor(max_workers=10)


def failed(record):
    """The id of a record without a report."""
    try:
        message = json.loads(record["body"])
        if PAUSE:
            time.sleep(PAUSE)
        result = json.dumps(verify(message["input"]))
        swf.respond_activity_task_completed(taskToken=message["taskToken"], result=result)
        return None
    except Exception:
        return record["messageId"]


def response(failures):
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures if message_id]}


def handler(event, context):
    return response(map(failed, event["Records"]))


def threads_handler(event, context):
    return response(threads.map(failed, event["Records"]))
