//! What the reference says of each setting; its accepted values and its error come from the parser.

/// The meaning of a setting that is not set.
pub(super) enum Unset {
    /// As this value, which the test compares.
    Is(&'static str),
    /// Described in words.
    Means(&'static str),
}

use Unset::{Is, Means};

pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) settings: &'static [(&'static str, Unset, &'static str)],
}

/// All settings that taskback reads, in the order of the page.
pub(super) const GROUPS: &[Group] = &[
    Group {
        title: "Messages",
        settings: &[
            (
                "TASKBACK_SERVICE",
                Means("none"),
                "The service of a token whose message names none. Whole envelopes and SWF poll answers name their own.",
            ),
            (
                "TASKBACK_TOKEN_POINTER",
                Means("none"),
                "JSON pointer to the token, where the flow's author chose another name.",
            ),
            (
                "TASKBACK_INPUT_POINTER",
                Means("none"),
                "JSON pointer to the input, where the flow's author chose another name.",
            ),
        ],
    },
    Group {
        title: "Steps",
        settings: &[
            (
                "TASKBACK_STEP",
                Means("the shipped worker does not start"),
                "The step of the shipped worker: a command, a Lambda handler, an HTTP endpoint, a JSON object of several, or `verify-card`, the example, which takes `{\"cardNumber\": \"4111 1111 1111 1111\"}`. See [Steps in other languages](../guides/external-steps.md).",
            ),
            (
                "TASKBACK_STEP_ALLOW_HTTP_HOST",
                Means("none"),
                "The one host beside loopback that a step may be called at in plain HTTP.",
            ),
            (
                "TASKBACK_TERMINAL_ERRORS",
                Means("none"),
                "Exit codes, statuses and errors of handlers that fail a task for good, beside 65 and 400, 410, 422: for example `exit:3, http:409, CardDeclined`. `exit:N` takes N 1–125 or 128–255, `http:N` takes N 400–599. An error is named whole or by the last part of its name.",
            ),
            (
                "TASKBACK_HANDLERS",
                Is("1"),
                "Processes of a step `handler:…`, each with one task at a time. See [Lambda handlers](../guides/layer.md).",
            ),
            (
                "TASKBACK_HANDLER_SECONDS",
                Means("the time for steps"),
                "The time of one task of a step `handler:…`. A process that does not answer in time is killed, and the task is retried.",
            ),
            (
                "TASKBACK_EXEC_WRAPPER",
                Means("none"),
                "The path of another wrapper, in the Lambda layer: it is run between the layer and the function's runtime. See [Another wrapper](../guides/layer.md#another-wrapper).",
            ),
            ("TASKBACK_CONCURRENCY", Is("10"), "Concurrent steps in one invocation, or in one queue worker."),
            (
                "TASKBACK_MAX_RECEIVES",
                Means("retryable errors are never reported, and a worker warns of it at start"),
                "The queue's maxReceiveCount. On that delivery a retryable error is reported as a failure.",
            ),
        ],
    },
    Group {
        title: "Ledger",
        settings: &[
            (
                "TASKBACK_LEDGER",
                Is("memory"),
                "The store of leases and outcomes. A store beside `memory` needs the feature of its name. See [Ledger](../guides/ledger.md).",
            ),
            (
                "TASKBACK_LEASE_SECONDS",
                Is("60"),
                "The longest lease of a task, in seconds, the same for all workers of a ledger. Shorter: the task of a killed worker is free earlier. Longer: a step survives a longer outage of the ledger. See [Leases](../guides/ledger.md#leases).",
            ),
            (
                "TASKBACK_LEDGER_FAILURE",
                Is("fail-closed"),
                "Whether a step runs where the ledger does not answer. See [When the ledger does not answer](../guides/ledger.md#when-the-ledger-does-not-answer).",
            ),
        ],
    },
    Group {
        title: "Heartbeats and closed tasks",
        settings: &[
            (
                "TASKBACK_HEARTBEAT_SECONDS",
                Is("30"),
                "Seconds between SWF heartbeats where the message has no `heartbeatSeconds`. With it, a third of that.",
            ),
            (
                "TASKBACK_HEARTBEAT_FIRST",
                Is("off"),
                "Sends one heartbeat before the step, which shows whether the task is still open.",
            ),
            (
                "TASKBACK_ASK_HISTORY",
                Is("off"),
                "Reads the workflow's history to find out who closed a task, where the message brings `execution`: for SWF with domain, workflowId, runId and startedEventId, for Step Functions with the ARN of the execution, for durable functions with durableExecutionArn. FnF is not asked: no event of its histories is known to show the token.",
            ),
            (
                "TASKBACK_ON_CLOSED",
                Is("ack"),
                "Whether the message of a task that another party closed is acknowledged, also where it is unknown who closed it.",
            ),
        ],
    },
    Group {
        title: "Metrics",
        settings: &[(
            "TASKBACK_METRICS",
            Is("off"),
            "Whether a function writes a line of metrics after each invocation, in CloudWatch's embedded metric format. Processes have the same numbers at `/metrics`, without a setting. See [Metrics](../guides/metrics.md).",
        )],
    },
    Group {
        title: "Queue worker and poller",
        settings: &[
            (
                "TASKBACK_QUEUE_URL",
                Means("must be given, also by the option `--queue-url`"),
                "The queue of `taskback work`, and the queue to which the poller sends.",
            ),
            (
                "TASKBACK_SWF_DOMAIN",
                Means("must be given where no activity is, also by the option `--domain`"),
                "The domain that the poller polls, at most 256 characters.",
            ),
            (
                "TASKBACK_SWF_TASK_LIST",
                Means("must be given where no activity is, also by the option `--task-list`"),
                "The task list that the poller polls, at most 256 characters.",
            ),
            (
                "TASKBACK_ACTIVITY_ARN",
                Means("none"),
                "The activity of Step Functions that the poller polls, in place of domain and task list; also by the option `--activity-arn`.",
            ),
            ("TASKBACK_POLLERS", Is("2"), "Concurrent polls of the poller."),
            (
                "TASKBACK_SWF_HEARTBEAT_TIMEOUT",
                Means("none"),
                "The activities' heartbeat timeout in seconds, which a poll does not contain. It becomes the message's `heartbeatSeconds`.",
            ),
            (
                "TASKBACK_ACTIVITY_HEARTBEAT_TIMEOUT",
                Means("none"),
                "The same for the activity of `TASKBACK_ACTIVITY_ARN`: its state's HeartbeatSeconds.",
            ),
        ],
    },
    Group {
        title: "FnF",
        settings: &[
            (
                "FNF_REGION",
                Means("none"),
                "The region of FnF, such as `cn-hangzhou`. Credentials are those of every Alibaba Cloud SDK (`ALIBABA_CLOUD_…`).",
            ),
            (
                "FNF_ENDPOINT",
                Means("the region's endpoint"),
                "The endpoint of FnF, in place of the region's.",
            ),
            (
                "FNF_SECRET_ID",
                Means("none"),
                "ARN or name of the secret in AWS Secrets Manager with FnF's credentials (feature `secrets`): `{\"accessKeyId\":\"…\",\"accessKeySecret\":\"…\"}`, and `\"securityToken\"` where there is one.",
            ),
            (
                "FNF_MAX_OUTPUT_BYTES",
                Is("65536"),
                "The maximum of an output in bytes of UTF-8. The old service takes 32768.",
            ),
            (
                "FNF_REQUIRE_OBJECT_OUTPUT",
                Is("off"),
                "With `on` an output that is not a JSON object fails as `OutputNotObject`. With `off` it is reported as it is, with WARN `step.output_not_object`: FnF does not document what its flows do with such an output.",
            ),
            (
                "FNF_ALLOW_HTTP_HOST",
                Means("none"),
                "The one host beside loopback that FnF may be called at in plain HTTP.",
            ),
        ],
    },
    Group {
        title: "Function Compute",
        settings: &[
            (
                "TASKBACK_FC_TIMEOUT",
                Means("3, with a warning"),
                "The function's timeout in seconds, which Function Compute does not state.",
            ),
            (
                "TASKBACK_FC_INVOCATION",
                Is("sync"),
                "How direct events are invoked, which Function Compute does not state. See [Two settings](../deploy/function-compute.md#two-settings).",
            ),
        ],
    },
    Group {
        title: "Set by hosts and SDKs",
        settings: &[
            ("FC_SERVER_PORT", Is("9000"), "The port of the handler on Function Compute."),
            ("FC_CUSTOM_LISTEN_PORT", Is("9000"), "The former name of `FC_SERVER_PORT`."),
            (
                "FC_FUNCTION_MEMORY_SIZE",
                Means("256"),
                "The function's memory in MB, which bounds the events that are read at once.",
            ),
            (
                "AWS_REGION",
                Means("none"),
                "The region of SWF, Step Functions, durable functions, SQS, DynamoDB and Secrets Manager.",
            ),
            ("AWS_DEFAULT_REGION", Means("none"), "The same, where `AWS_REGION` is not set."),
            ("AWS_ACCESS_KEY_ID", Means("the other sources of the AWS SDKs"), "AWS credentials."),
            ("AWS_SECRET_ACCESS_KEY", Means("the other sources of the AWS SDKs"), "AWS credentials."),
            ("AWS_SESSION_TOKEN", Means("none"), "AWS credentials, where they are temporary."),
            (
                "HTTPS_PROXY",
                Means("none"),
                "The proxy for `https` URLs: `http://HOST:PORT` or `https://HOST:PORT`, also with `USER:PASSWORD@`. See [Proxies and authorities](../guides/network.md).",
            ),
            (
                "HTTP_PROXY",
                Means("none"),
                "The same for `http` URLs. Not read where `REQUEST_METHOD` is set.",
            ),
            ("ALL_PROXY", Means("none"), "The proxy for URLs that have none of their own."),
            (
                "NO_PROXY",
                Means("none"),
                "The hosts that are reached without a proxy, separated by commas: names with their subdomains, addresses, networks such as `10.0.0.0/8`, or `*`.",
            ),
            (
                "AWS_CA_BUNDLE",
                Means("`SSL_CERT_FILE`, then the machine's root certificates"),
                "A file of certificates in PEM that replaces the root certificates, for every service.",
            ),
            (
                "SSL_CERT_FILE",
                Means("the machine's root certificates"),
                "The same, where `AWS_CA_BUNDLE` is not set.",
            ),
            (
                "ALIBABA_CLOUD_ACCESS_KEY_ID",
                Means("the other sources of the Alibaba Cloud SDKs"),
                "FnF's credentials.",
            ),
            (
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                Means("the other sources of the Alibaba Cloud SDKs"),
                "FnF's credentials.",
            ),
            ("ALIBABA_CLOUD_SECURITY_TOKEN", Means("none"), "FnF's credentials, where they are temporary."),
        ],
    },
];
