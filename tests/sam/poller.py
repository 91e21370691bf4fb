"""The poller, with a task list of SWF: a schedule's event in, a message in the workers' queue out."""

import json
import time

from compare import show
from processes import MADE
from stack import DOMAIN, TASK_LIST

FUNCTION = "Poller"
EVENT = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
ANSWER = {"queued": 1, "failed": 0, "unconfirmed": 0, "lost": 0}


def check(stack, invoke):
    """Seconds; ends everything where what is polled is not what is queued."""
    path = MADE / "schedule.json"
    path.write_text(json.dumps(EVENT), encoding="utf-8")
    started = time.monotonic()
    with stack.services() as services:
        token = services.schedule(DOMAIN, TASK_LIST)
        # Once this poll is answered there is no time for another.
        services.delay("PollForActivityTask", 4000)
        answer = invoke(FUNCTION, path)
    if answer != ANSWER:
        raise SystemExit(f"{FUNCTION}: {show(answer)} instead of {show(ANSWER)}")
    queue = stack.aws("sqs")
    received = queue.receive_message(QueueUrl=stack.queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in received:
        queue.delete_message(QueueUrl=stack.queue, ReceiptHandle=message["ReceiptHandle"])
    if [json.loads(message["Body"]).get("taskToken") for message in received] != [token]:
        raise SystemExit(f"{FUNCTION}: the queue holds {len(received)} messages, and not the one of the task")
    return time.monotonic() - started
