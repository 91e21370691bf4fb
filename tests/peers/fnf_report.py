"""Reports an outcome with the official FnF client, to any HTTP endpoint.

    fnf_report.py --endpoint URL succeeded --output JSON < token
    fnf_report.py --endpoint URL failed --error NAME --cause TEXT < token

One JSON line on stdout: {"status", "code", "requestId", "eventId"}. An answer of the service's is a
result, also where it refuses; `code` is null where it accepts, `eventId` where it refuses. The exit
code is 1 where there is no such answer. The token comes by stdin or from a file, never by
argument, and is not printed: of a failure only the kind is shown, for its text holds the URL.
"""

import argparse
import json
import os
import sys
from urllib.parse import urlsplit

# Both would change what the client sends or prints.
for name in ("DEBUG", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
    os.environ.pop(name, None)

from alibabacloud_fnf20190315 import models
from alibabacloud_fnf20190315.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions


def main():
    arguments = parse()
    token = read_token(arguments.token_file)
    if arguments.outcome == "succeeded":
        request = models.ReportTaskSucceededRequest(task_token=token, output=arguments.output)
    else:
        request = models.ReportTaskFailedRequest(task_token=token, error=arguments.error, cause=arguments.cause)
    try:
        print(json.dumps(report(client(arguments), request)))
    except Exception as error:
        sys.exit(f"fnf_report: no answer of FnF's: {type(error).__module__}.{type(error).__name__}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True, help="http://HOST:PORT")
    parser.add_argument("--access-key-id", default="taskback-local")
    parser.add_argument("--access-key-secret", default="taskback-local-secret")
    parser.add_argument("--security-token", help="for temporary credentials")
    parser.add_argument("--token-file", default="-", help="file of the task token; - is stdin, the default")
    outcomes = parser.add_subparsers(dest="outcome", required=True)
    outcomes.add_parser("succeeded").add_argument("--output", required=True, help="JSON text")
    failed = outcomes.add_parser("failed")
    failed.add_argument("--error", required=True)
    failed.add_argument("--cause")
    return parser.parse_args()


def read_token(path):
    try:
        text = sys.stdin.read() if path == "-" else open(path, encoding="utf-8").read()
    except OSError as error:
        sys.exit(f"fnf_report: --token-file: {error.strerror}")
    token = text.removesuffix("\n")
    if not token:
        sys.exit("fnf_report: the task token is empty")
    return token


def client(arguments):
    url = urlsplit(arguments.endpoint)
    if url.scheme not in ("http", "https") or not url.netloc or url.path.strip("/"):
        sys.exit("fnf_report: --endpoint must be http://HOST:PORT or https://HOST:PORT")
    return Client(
        Config(
            access_key_id=arguments.access_key_id,
            access_key_secret=arguments.access_key_secret,
            security_token=arguments.security_token,
            endpoint=url.netloc,
            protocol=url.scheme.upper(),
        )
    )


def report(fnf, request):
    succeeded = isinstance(request, models.ReportTaskSucceededRequest)
    call = fnf.report_task_succeeded_with_options if succeeded else fnf.report_task_failed_with_options
    try:
        answer = call(request, RuntimeOptions(connect_timeout=2000, read_timeout=10000))
    except AlibabaCloudException as refused:
        return {"status": refused.status_code, "code": refused.code, "requestId": refused.request_id, "eventId": None}
    body = answer.body
    return {"status": answer.status_code, "code": None, "requestId": body.request_id, "eventId": body.event_id}


if __name__ == "__main__":
    main()
