"""The step of the functions in Python, and an ordinary handler of it for the layer."""


def verify(card):
    digits = [int(c) for c in card["cardNumber"] if c.isdigit()]
    doubled = [digit if at % 2 == 0 else digit * 2 - 9 * (digit > 4) for at, digit in enumerate(reversed(digits))]
    if not 12 <= len(digits) <= 19 or sum(doubled) % 10:
        raise ValueError("declined")
    return {"cardNumber": "**** **** **** " + "".join(map(str, digits[-4:])), "valid": True}


def handler(card, _context):
    return verify(card)
