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

PAUSE = int(os.environ.get("BENCH_STEP_MS", "0")) / 1000
swf = boto3.client("swf")
batch = BatchProcessor(event_type=EventType.SQS)
async_batch = AsyncBatchProcessor(event_type=EventType.SQS)


def verify(card):
    digits = [int(c) for c in card["cardNumber"] if c.isdigit()]
    doubled = [digit if at % 2 == 0 else digit * 2 - 9 * (digit > 4) for at, digit in enumerate(reversed(digits))]
    if not 12 <= len(digits) <= 19 or sum(doubled) % 10:
        raise ValueError("declined")
    return {"cardNumber": "**** **** **** " + "".join(map(str, digits[-4:])), "valid": True}


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
