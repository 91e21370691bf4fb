//! The workflow services: their settings, permissions and binaries. No other file of the doctor names a service.

/// A workflow service. Texts say what happens without a permission.
pub(super) struct ServiceNeeds {
    /// The value of `TASKBACK_SERVICE`.
    pub(super) name: &'static str,
    /// True if a function may report to it without `TASKBACK_SERVICE`. The others are reported to by name only.
    pub(super) by_default: bool,
    /// The settings that configure its client. A service without any is always configured.
    pub(super) client_settings: &'static [&'static str],
    /// The beginning of its settings' names, unless they begin with `TASKBACK_`.
    pub(super) setting_prefix: Option<&'static str>,
    /// The settings with an endpoint URL.
    pub(super) endpoint_settings: &'static [&'static str],
    /// The settings with a host that plain HTTP is allowed to.
    pub(super) plain_http_settings: &'static [&'static str],
    /// The setting with the secret that holds its credentials, and the consequence of a missing permission.
    pub(super) secret: Option<(&'static str, &'static str)>,
    /// The resource of its IAM actions, for people. Only the tasks know which one it is, so any will do.
    pub(super) resource: &'static str,
    /// True if its reports have no resource type, so that a policy can only name `*`.
    pub(super) has_no_resources: bool,
    /// The actions for reports and heartbeats.
    pub(super) report_actions: &'static [(&'static str, &'static str)],
    /// The actions for `TASKBACK_ASK_HISTORY=on`.
    pub(super) history_actions: &'static [(&'static str, &'static str)],
    /// The beginning of its IAM actions.
    pub(super) action_prefix: Option<&'static str>,
    /// The condition key by which a policy names the function's own tasks.
    pub(super) own_condition: Option<&'static str>,
    /// AWS's managed policy with all of its actions.
    pub(super) full_access_policy: Option<&'static str>,
    /// AWS's managed policy with its history actions and no others.
    pub(super) read_only_policy: Option<&'static str>,
    pub(super) poller: Option<PollerNeeds>,
}

/// The function that polls a service for tasks.
pub(super) struct PollerNeeds {
    pub(super) binary: &'static str,
    /// The setting that only the poller has.
    pub(super) setting: &'static str,
    pub(super) actions: &'static [(&'static str, &'static str)],
}

pub(super) const SERVICES: [ServiceNeeds; 4] = [
    ServiceNeeds {
        name: "swf",
        by_default: true,
        client_settings: &[],
        setting_prefix: None,
        endpoint_settings: &[],
        plain_http_settings: &[],
        secret: None,
        resource: "the SWF domain",
        has_no_resources: false,
        report_actions: &[
            ("swf:RespondActivityTaskCompleted", "SWF tasks that succeeded are never reported"),
            ("swf:RespondActivityTaskFailed", "SWF tasks that failed are never reported"),
            ("swf:RespondActivityTaskCanceled", "cancellations that SWF requested are never reported"),
            (
                "swf:RecordActivityTaskHeartbeat",
                "SWF times out steps that are still running, and cannot cancel them",
            ),
        ],
        history_actions: &[(
            "swf:GetWorkflowExecutionHistory",
            "it stays unknown which worker closed a task that was found closed",
        )],
        action_prefix: Some("swf:"),
        own_condition: Some("swf:taskList.name"),
        full_access_policy: Some("SimpleWorkflowFullAccess"),
        read_only_policy: None,
        poller: Some(PollerNeeds {
            binary: "poller",
            setting: "TASKBACK_SWF_TASK_LIST",
            actions: &[
                ("swf:PollForActivityTask", "it receives no tasks"),
                (
                    "swf:RespondActivityTaskFailed",
                    "tasks that cannot be queued wait for their timeout without a report",
                ),
            ],
        }),
    },
    ServiceNeeds {
        name: "sfn",
        by_default: false,
        client_settings: &[],
        setting_prefix: None,
        endpoint_settings: &[],
        plain_http_settings: &[],
        secret: None,
        resource: "*",
        has_no_resources: true,
        report_actions: &[
            ("states:SendTaskSuccess", "Step Functions tasks that succeeded are never reported"),
            ("states:SendTaskFailure", "Step Functions tasks that failed are never reported"),
            (
                "states:SendTaskHeartbeat",
                "Step Functions times out steps that are still running, and aborted ones run on",
            ),
        ],
        history_actions: &[(
            "states:GetExecutionHistory",
            "it stays unknown which worker closed a task that was found closed",
        )],
        action_prefix: Some("states:"),
        own_condition: None,
        full_access_policy: Some("AWSStepFunctionsFullAccess"),
        read_only_policy: None,
        poller: Some(PollerNeeds {
            binary: "poller",
            setting: "TASKBACK_ACTIVITY_ARN",
            actions: &[
                ("states:GetActivityTask", "it receives no tasks"),
                (
                    "states:SendTaskFailure",
                    "tasks that cannot be queued wait for their timeout without a report",
                ),
            ],
        }),
    },
    ServiceNeeds {
        name: "durable",
        by_default: false,
        client_settings: &[],
        setting_prefix: None,
        endpoint_settings: &[],
        plain_http_settings: &[],
        secret: None,
        resource: "the function's executions, arn:aws:lambda:REGION:ACCOUNT:function:NAME:*",
        has_no_resources: false,
        report_actions: &[
            (
                "lambda:SendDurableExecutionCallbackSuccess",
                "callbacks of durable functions that succeeded are never reported",
            ),
            (
                "lambda:SendDurableExecutionCallbackFailure",
                "callbacks of durable functions that failed are never reported",
            ),
            (
                "lambda:SendDurableExecutionCallbackHeartbeat",
                "durable functions time out steps that are still running, and those of stopped executions run on",
            ),
        ],
        history_actions: &[(
            "lambda:GetDurableExecutionHistory",
            "it stays unknown which worker closed a callback that was found closed",
        )],
        action_prefix: Some("lambda:SendDurableExecutionCallback"),
        own_condition: None,
        full_access_policy: Some("AWSLambda_FullAccess"),
        read_only_policy: Some("AWSLambda_ReadOnlyAccess"),
        poller: None,
    },
    ServiceNeeds {
        name: "fnf",
        by_default: true,
        client_settings: &["FNF_REGION", "FNF_ENDPOINT"],
        setting_prefix: Some("FNF_"),
        endpoint_settings: &["FNF_ENDPOINT"],
        plain_http_settings: &["FNF_ALLOW_HTTP_HOST"],
        secret: Some(("FNF_SECRET_ID", "it does not start without the credentials of FnF")),
        resource: "",
        has_no_resources: false,
        report_actions: &[],
        history_actions: &[],
        action_prefix: None,
        own_condition: None,
        full_access_policy: None,
        read_only_policy: None,
        poller: None,
    },
];
