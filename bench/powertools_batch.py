"""A function with Powertools for Python: one sync handler and one async handler."""

import asyncio
import json
import os
import time

import boto3
from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    BatchProcessor,
    EventType,
    async_process_partial_response,
    process_partial_response,
)
from plain_handler import verify

PAUSE = int(os.environ.get("BENCH_STEP_MS", "0")) / 1000
swf = boto3.client("swf")
batch = BatchProcessor(event_type=EventType.SQS)
async_batch = AsyncBatchProcessor(event_type=EventType.SQS)


def report(message):
    swf.respond_activity_task_completed(taskToken=message["taskToken"], result=json.dumps(verify(message["input"])))


def one(record):
    if PAUSE:
        time.sleep(PAUSE)
    report(json.loads(record.body))


async def one_async(record):
    if PAUSE:
        await asyncio.sleep(PAUSE)
    # boto3 blocks; a thread is how its users call it from async code.
    await asyncio.to_thread(report, json.loads(record.body))


def handler(event, context):
    return process_partial_response(event=event, record_handler=one, processor=batch, context=context)


def async_handler(event, context):
    return async_process_partial_response(event=event, record_handler=one_async, processor=async_batch, context=context)
