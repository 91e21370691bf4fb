"""Signs requests as the official FnF client does (RPC signature 1.0).

One JSON line on stdin a request: {"method", "params": {name: value}, "secret"}, where `params` are
query and form body together, unencoded and without the signature. One JSON line on stdout for each,
at once: {"signature"}.
"""

import json
import sys

from alibabacloud_tea_openapi.utils import Utils


def main():
    for number, line in enumerate(sys.stdin, 1):
        try:
            request = json.loads(line)
            signature = Utils.get_rpcsignature(request["params"], request["method"], request["secret"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            sys.exit(f"fnf_sign: line {number}: {type(error).__name__}")
        print(json.dumps({"signature": signature}), flush=True)


if __name__ == "__main__":
    main()
