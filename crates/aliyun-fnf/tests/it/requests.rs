use aliyun_fnf::{
    CreateFlow, DeleteFlow, DescribeExecution, DescribeFlow, Error, ErrorKind, ExecutionStatus,
    GetExecutionHistory, ListExecutions, Operation, ReportTaskFailed, ReportTaskSucceeded, StartExecution,
    StopExecution,
};

use crate::server::{REPORTED, Server, ok};

/// The message of the error that prevents a request.
async fn error_of(request: impl Operation) -> String {
    let error = unsent(request).await;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    error.message().to_owned()
}

async fn unsent(request: impl Operation) -> Error {
    let server = Server::start(vec![]).await;
    let error = server.client().call(request).await.err().expect("a fault");
    assert!(!error.may_have_been_sent());
    assert_eq!(server.connections(), 0);
    error
}

async fn is_sent(request: impl Operation) {
    let server = Server::start(vec![ok(REPORTED)]).await;
    assert!(server.client().call(request).await.is_ok());
}

fn long(count: usize) -> String {
    "é".repeat(count)
}

#[tokio::test]
async fn invalid_report_names_field_and_limit() {
    let token = "TaskToken has 4097 characters, expected 1 to 4096";
    assert_eq!(error_of(ReportTaskSucceeded::new(long(4097), "{}")).await, token);
    assert_eq!(error_of(ReportTaskFailed::new(long(4097), "E")).await, token);
    assert_eq!(
        error_of(ReportTaskSucceeded::new("", "{}")).await,
        "TaskToken has 0 characters, expected 1 to 4096"
    );
    assert_eq!(error_of(ReportTaskSucceeded::new("t", "")).await, "Output is empty, expected text");
    for count in [0, 129] {
        let message = format!("Error has {count} characters, expected 1 to 128");
        assert_eq!(error_of(ReportTaskFailed::new("t", long(count))).await, message);
    }
    for count in [0, 4097] {
        let message = format!("Cause has {count} characters, expected 1 to 4096");
        assert_eq!(error_of(ReportTaskFailed::new("t", "E").cause(long(count))).await, message);
    }
}

#[tokio::test]
async fn report_at_its_limits_is_sent() {
    is_sent(ReportTaskSucceeded::new(long(4096), "x")).await;
    is_sent(ReportTaskFailed::new("t", long(128)).cause(long(4096))).await;
}

#[tokio::test]
async fn four_byte_token_fits_the_url() {
    is_sent(ReportTaskSucceeded::new("🚀".repeat(4096), "{}")).await;
}

#[tokio::test]
async fn too_large_body_is_not_sent() {
    let error = unsent(ReportTaskSucceeded::new("t", "x".repeat(1 << 20))).await;
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.message(), "request body is 1048583 bytes, expected at most 1048576");
}

#[tokio::test]
async fn names_are_checked_everywhere() {
    let rule = "must match [A-Za-z_][A-Za-z0-9_-]{0,127}";
    let (flow, execution, name) =
        (format!("FlowName {rule}"), format!("ExecutionName {rule}"), format!("Name {rule}"));
    assert_eq!(error_of(StartExecution::new("1")).await, flow);
    assert_eq!(error_of(StartExecution::new("f").execution_name("")).await, execution);
    assert_eq!(error_of(StopExecution::new("a b", "e")).await, flow);
    assert_eq!(error_of(StopExecution::new("f", "e/")).await, execution);
    assert_eq!(error_of(DescribeExecution::new("", "e")).await, flow);
    assert_eq!(error_of(DescribeExecution::new("f", "x".repeat(129))).await, execution);
    assert_eq!(error_of(GetExecutionHistory::new("-", "e")).await, flow);
    assert_eq!(error_of(GetExecutionHistory::new("f", "-")).await, execution);
    assert_eq!(error_of(ListExecutions::new("é")).await, flow);
    assert_eq!(error_of(CreateFlow::new("", "d", "x")).await, name);
    assert_eq!(error_of(DescribeFlow::new("")).await, name);
    assert_eq!(error_of(DeleteFlow::new("")).await, name);
}

#[tokio::test]
async fn other_fields_are_checked() {
    let object = "Input is invalid, expected a JSON object";
    assert_eq!(error_of(StartExecution::new("f").input("[]")).await, object);
    assert_eq!(error_of(StartExecution::new("f").input("")).await, object);
    let token = "CallbackFnFTaskToken has 0 characters, expected 1 to 4096";
    assert_eq!(error_of(StartExecution::new("f").callback_task_token("")).await, token);
    assert_eq!(error_of(StartExecution::new("f").qualifier("")).await, "Qualifier is empty, expected text");
    let error = "Error has 129 characters, expected 1 to 128";
    assert_eq!(error_of(StopExecution::new("f", "e").error(long(129))).await, error);
    let cause = "Cause has 4097 characters, expected 1 to 4096";
    assert_eq!(error_of(StopExecution::new("f", "e").cause(long(4097))).await, cause);
    let wait = "WaitTimeSeconds is 61, expected 0 to 60";
    assert_eq!(error_of(DescribeExecution::new("f", "e").wait_seconds(61)).await, wait);
    let limit = "Limit is 1001, expected 1 to 1000";
    assert_eq!(error_of(GetExecutionHistory::new("f", "e").limit(1001)).await, limit);
    assert_eq!(error_of(ListExecutions::new("f").limit(0)).await, "Limit is 0, expected 1 to 100");
    let status = ExecutionStatus::Unknown(String::new());
    assert_eq!(error_of(ListExecutions::new("f").status(status)).await, "Status is empty, expected text");
    assert_eq!(error_of(CreateFlow::new("f", "", "x")).await, "Definition is empty, expected text");
    assert_eq!(error_of(CreateFlow::new("f", "d", "")).await, "Description is empty, expected text");
}
