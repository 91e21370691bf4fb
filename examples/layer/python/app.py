"""A step as an ordinary Lambda handler: the task's input in, its output out."""


class CardDeclined(Exception):
    """Fails the task: TASKBACK_TERMINAL_ERRORS names it."""


def handler(event, context):
    facts = context.client_context.custom
    print(f"attempt {facts.get('taskback.attempt')} of task {facts['taskback.fingerprint'][:8]}")
    if event["total"] > 1000:
        raise CardDeclined("more than 1000")
    return {"approved": event["total"]}
