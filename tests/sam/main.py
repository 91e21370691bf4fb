"""Runs every function with its events, and compares. See `run`, which calls this."""

import signal
import sys
import time
from pathlib import Path

import poller
from compare import show
from events import Case, cases
from functions import Invoke, StartLambda, no_containers
from processes import LOG, make_folders
from stack import Stack


def main(arguments):
    # As any other end, so that what was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    make_folders()
    with no_containers(), Stack.running() as stack:
        template, functions = stack.template()
        if arguments not in ([], ["--each"]):
            function, path = arguments
            case = Case(function, Path(path))
            for checked in check(stack, Invoke(stack, template), case):
                print(show(checked))
            return
        every = list(cases(functions))
        missing = set(functions) - {case.function for case in every} - {poller.FUNCTION}
        if missing:
            raise SystemExit(f"functions without events: {sorted(missing)}")
        run(stack, Invoke(stack, template), functions, every if arguments else list(some(every)))
        with StartLambda.running(stack, template) as start_lambda:
            run(stack, start_lambda, functions, every)
        hidden(every)


def run(stack, invoke, functions, chosen):
    started = time.monotonic()
    print(f"\n{invoke.name}: {len(chosen)} events")
    for case in chosen:
        check(stack, invoke, case)
    if poller.FUNCTION in functions:
        line(poller.FUNCTION, "a schedule", "as expected", "1 message", poller.check(stack, invoke))
    print(f"{invoke.name}: all as expected, in {time.monotonic() - started:.0f} s")


def some(every):
    """Of each function's kinds of events the one that brings most, and one that brings nothing: a container for each
    event takes seconds, and start-lambda gets all of them."""
    kinds = {}
    for case in every:
        kinds.setdefault(case.kind(), []).append(case)
    for alike in kinds.values():
        alike.sort(key=Case.brings, reverse=True)
        yield alike[0]
        if len(alike) > 1 and alike[-1].brings() == 0:
            yield alike[-1]


def check(stack, invoke, case):
    """The answer and what the services saw of it; ends everything where that is not as expected."""
    stack.forget()
    with stack.services() as services:
        if case.before is None:
            services.open(case.tokens())
        else:
            services.prepare_flows(case.before)
        started = time.monotonic()
        answer = invoke(case.function, case.path)
        seconds = time.monotonic() - started
        reports = list(services.reports())
        executions = [] if case.before is None else list(services.executions())
    checked = [answer, *reports, *executions]
    if case.answer is None:
        print("not compared: no such folder in tests/events")
        return checked
    differences = case.differences(answer, reports, executions)
    seen = f"{len(reports)} reports" if case.before is None else f"{len(executions)} executions"
    same = "DIFFERS" if differences else "as expected"
    line(case.function, case.name, same, seen, seconds)
    if differences:
        text = "\n".join(f"  {difference}" for difference in differences)
        for token in case.tokens():
            text = text.replace(token, "(token)")
        raise SystemExit(f"{text}\nsee target/sam/log")
    return checked


def hidden(every):
    """No token stands in what the functions, sam and the services logged."""
    tokens = {token for case in every for token in case.tokens() if len(token) > 7}
    for log in LOG.iterdir():
        text = log.read_text(encoding="utf-8", errors="replace")
        if any(token in text for token in tokens):
            raise SystemExit(f"a task token stands in target/sam/log/{log.name}")
    print(f"\nnone of {len(tokens)} task tokens stands in a log")


def line(function, name, same, seen, seconds):
    print(f"  {function:<18} {name:<36} {same:<12} {seen:<13} {seconds:5.2f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
