"""What was seen and what was expected, as JSON: a line for each difference."""

import json
from decimal import Decimal


def parse(text):
    """JSON whose numbers are compared as they are written."""
    return json.loads(text, parse_float=Decimal)


def several(seen, expected, key, place):
    """In any order, since what one batch brings is done side by side."""
    left = list(seen)
    for item in expected:
        alike = next((one for one in left if one.get(key) == item[key]), None)
        if alike is None:
            yield f"{place}: missing: {show(item)}"
            continue
        left.remove(alike)
        yield from differ(alike, item, f"{place}[{item[key]}]")
    for item in left:
        yield f"{place}: beyond what is expected: {show(item)}"


def differ(seen, expected, place):
    """Every field that is expected must be there and equal; lists are compared whole."""
    if isinstance(seen, dict) and isinstance(expected, dict):
        for name, member in expected.items():
            if name in seen:
                yield from differ(seen[name], member, f"{place}.{name}")
            else:
                yield f"{place}.{name}: is missing in {show(seen)}"
    elif type(seen) is not type(expected) or seen != expected:
        yield f"{place}: {show(seen)} instead of {show(expected)}"


def show(value):
    return json.dumps(value, default=float)
