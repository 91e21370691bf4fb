use aliyun_fnf::{
    CreateFlow, DeleteFlow, DescribeExecution, DescribeFlow, Error, ErrorKind, ExecutionStatus,
    GetExecutionHistory, ListExecutions, Operation, ReportTaskFailed, ReportTaskSucceeded, StartExecution,
    StopExecution,
};

use crate::server::{REPORTED, Server, ok};

/// The message of the fault that keeps a request from being sent.
async fn fault(request: impl Operation) -> String {
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

async fn goes(request: impl Operation) {
    let server = Server::start(vec![ok(REPORTED)]).await;
    assert!(server.client().call(request).await.is_ok());
}

fn long(count: usize) -> String {
    "é".repeat(count)
}

#[tokio::test]
async fn a_report_is_refused_with_field_and_limit() {
    let token = "TaskToken has 4097 characters; 1 to 4096 are allowed";
    assert_eq!(fault(ReportTaskSucceeded::new(long(4097), "{}")).await, token);
    assert_eq!(fault(ReportTaskFailed::new(long(4097), "E")).await, token);
    assert_eq!(
        fault(ReportTaskSucceeded::new("", "{}")).await,
        "TaskToken has 0 characters; 1 to 4096 are allowed"
    );
    assert_eq!(fault(ReportTaskSucceeded::new("t", "")).await, "Output is empty");
    for count in [0, 129] {
        let message = format!("Error has {count} characters; 1 to 128 are allowed");
        assert_eq!(fault(ReportTaskFailed::new("t", long(count))).await, message);
    }
    for count in [0, 4097] {
        let message = format!("Cause has {count} characters; 1 to 4096 are allowed");
        assert_eq!(fault(ReportTaskFailed::new("t", "E").cause(long(count))).await, message);
    }
}

#[tokio::test]
async fn a_report_at_its_limits_is_sent() {
    goes(ReportTaskSucceeded::new(long(4096), "x")).await;
    goes(ReportTaskFailed::new("t", long(128)).cause(long(4096))).await;
}

#[tokio::test]
async fn a_token_of_four_byte_characters_fits_into_the_url() {
    goes(ReportTaskSucceeded::new("🚀".repeat(4096), "{}")).await;
}

#[tokio::test]
async fn a_body_over_the_services_limit_is_not_sent() {
    let error = unsent(ReportTaskSucceeded::new("t", "x".repeat(1 << 20))).await;
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.message(), "request body is 1048583 bytes; the service takes at most 1048576");
}

#[tokio::test]
async fn names_are_checked_wherever_they_are() {
    let rule = "must match [A-Za-z_][A-Za-z0-9_-]{0,127}";
    let (flow, execution, name) =
        (format!("FlowName {rule}"), format!("ExecutionName {rule}"), format!("Name {rule}"));
    assert_eq!(fault(StartExecution::new("1")).await, flow);
    assert_eq!(fault(StartExecution::new("f").execution_name("")).await, execution);
    assert_eq!(fault(StopExecution::new("a b", "e")).await, flow);
    assert_eq!(fault(StopExecution::new("f", "e/")).await, execution);
    assert_eq!(fault(DescribeExecution::new("", "e")).await, flow);
    assert_eq!(fault(DescribeExecution::new("f", "x".repeat(129))).await, execution);
    assert_eq!(fault(GetExecutionHistory::new("-", "e")).await, flow);
    assert_eq!(fault(GetExecutionHistory::new("f", "-")).await, execution);
    assert_eq!(fault(ListExecutions::new("é")).await, flow);
    assert_eq!(fault(CreateFlow::new("", "d", "x")).await, name);
    assert_eq!(fault(DescribeFlow::new("")).await, name);
    assert_eq!(fault(DeleteFlow::new("")).await, name);
}

#[tokio::test]
async fn the_other_fields_are_checked_too() {
    let object = "Input is not a JSON object";
    assert_eq!(fault(StartExecution::new("f").input("[]")).await, object);
    assert_eq!(fault(StartExecution::new("f").input("")).await, object);
    let token = "CallbackFnFTaskToken has 0 characters; 1 to 4096 are allowed";
    assert_eq!(fault(StartExecution::new("f").callback_task_token("")).await, token);
    assert_eq!(fault(StartExecution::new("f").qualifier("")).await, "Qualifier is empty");
    let error = "Error has 129 characters; 1 to 128 are allowed";
    assert_eq!(fault(StopExecution::new("f", "e").error(long(129))).await, error);
    let cause = "Cause has 4097 characters; 1 to 4096 are allowed";
    assert_eq!(fault(StopExecution::new("f", "e").cause(long(4097))).await, cause);
    let wait = "WaitTimeSeconds is 61; 0 to 60 are allowed";
    assert_eq!(fault(DescribeExecution::new("f", "e").wait_seconds(61)).await, wait);
    let limit = "Limit is 1001; 1 to 1000 are allowed";
    assert_eq!(fault(GetExecutionHistory::new("f", "e").limit(1001)).await, limit);
    assert_eq!(fault(ListExecutions::new("f").limit(0)).await, "Limit is 0; 1 to 100 are allowed");
    let status = ExecutionStatus::Unknown(String::new());
    assert_eq!(fault(ListExecutions::new("f").status(status)).await, "Status is empty");
    assert_eq!(fault(CreateFlow::new("f", "", "x")).await, "Definition is empty");
    assert_eq!(fault(CreateFlow::new("f", "d", "")).await, "Description is empty");
}
