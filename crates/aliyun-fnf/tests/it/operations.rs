use aliyun_fnf::{
    CreateFlow, DeleteFlow, DescribeExecution, DescribeFlow, ErrorKind, ExecutionMode, ExecutionStatus,
    GetExecutionHistory, ListExecutions, ReportTaskFailed, StartExecution, StopExecution,
};
use futures_util::{StreamExt, TryStreamExt, pin_mut};

use crate::server::{REPORTED, Request, SECRET, Server, TOKEN, ok, refusal};

const EXECUTION: &str = r#"{"FlowDefinition":"","FlowName":"flow","Input":"{\"a\":1}","Name":"e1",
    "Output":"","RequestId":"R","StartedTime":"2019-01-01T01:01:01.001Z","Status":"","StoppedTime":""}"#;

/// The parameters of the operation in a request: of the query, then of the body.
fn own(request: &Request) -> (Vec<String>, String) {
    let common = "Action Format Version Timestamp SignatureNonce SignatureMethod SignatureVersion AccessKeyId Signature";
    let query = request.line.split(['?', ' ']).nth(2).unwrap();
    let query =
        query.split('&').filter(|pair| !common.split(' ').any(|name| pair.starts_with(&format!("{name}="))));
    assert!(request.is_signed_with(SECRET));
    (query.map(str::to_owned).collect(), request.body.clone())
}

async fn sent<T>(body: &str, call: impl AsyncFnOnce(aliyun_fnf::Client) -> T) -> (T, Request) {
    let server = Server::start(vec![ok(body)]).await;
    let answer = call(server.client()).await;
    (answer, server.seen().remove(0))
}

fn none() -> Vec<String> {
    Vec::new()
}

#[tokio::test]
async fn report_task_failed_sends_error_and_cause() {
    let report = ReportTaskFailed::new("a+b", "Refused").cause("over limit");
    let (answer, request) = sent(REPORTED, async |client| client.call(report).await).await;
    assert_eq!(answer.unwrap().event_id, Some(7));
    assert!(request.line.starts_with("POST /?Action=ReportTaskFailed&"));
    assert_eq!(
        own(&request),
        (vec!["TaskToken=a%2Bb".to_owned()], "Cause=over+limit&Error=Refused".to_owned())
    );
}

#[tokio::test]
async fn start_execution_accepts_empty_texts() {
    let start = StartExecution::new("flow").execution_name("e1").input(r#"{"a":1}"#).qualifier("LATEST");
    let (answer, request) = sent(EXECUTION, async |client| client.call(start).await).await;
    let execution = answer.unwrap();
    assert_eq!(execution.status, ExecutionStatus::Unknown(String::new()));
    assert!(!execution.status.is_final());
    assert_eq!(execution.name.as_deref(), Some("e1"));
    assert_eq!(execution.input.as_deref(), Some(r#"{"a":1}"#));
    assert_eq!((execution.output, execution.stopped_time), (None, None));
    assert_eq!(execution.request_id.as_deref(), Some("R"));
    let body = "ExecutionName=e1&FlowName=flow&Input=%7B%22a%22%3A1%7D&Qualifier=LATEST";
    assert_eq!(own(&request), (none(), body.to_owned()));
}

#[tokio::test]
async fn stop_execution_sends_error_and_cause() {
    let stop = StopExecution::new("flow", "e1").error("E").cause("c");
    let (answer, request) = sent(EXECUTION, async |client| client.call(stop).await).await;
    assert!(answer.is_ok());
    assert_eq!(own(&request), (none(), "Cause=c&Error=E&ExecutionName=e1&FlowName=flow".to_owned()));
}

#[tokio::test]
async fn describe_execution_sends_its_wait() {
    let body = EXECUTION.replace(r#""Status":"""#, r#""Status":"TimedOut""#);
    let describe = DescribeExecution::new("flow", "e1").wait_seconds(60);
    let (answer, request) = sent(&body, async |client| client.call(describe).await).await;
    let status = answer.unwrap().status;
    assert!(status == ExecutionStatus::TimedOut && status.is_final());
    assert!(request.line.starts_with("GET /?"));
    let query = ["ExecutionName=e1", "FlowName=flow", "WaitTimeSeconds=60"].map(str::to_owned).to_vec();
    assert_eq!(own(&request), (query, String::new()));
}

#[tokio::test]
async fn statuses_are_parsed() {
    for word in ["Starting", "Running", "Stopped", "Succeeded", "Failed", "TimedOut"] {
        let status = ExecutionStatus::from(word);
        assert_eq!(status.as_str(), word);
        assert!(!matches!(status, ExecutionStatus::Unknown(_)), "{word}");
    }
    assert_eq!(ExecutionStatus::from("Paused"), ExecutionStatus::Unknown("Paused".to_owned()));
}

#[tokio::test]
async fn history_has_its_events() {
    let body = r#"{"RequestId":"R","NextToken":"","Events":[{"Type":"TaskSucceeded","EventId":3,
        "ScheduleEventId":2,"StepName":"s","Time":"2019-01-01T01:01:01.001Z","EventDetail":"{\"x\":1}"}]}"#;
    let get = GetExecutionHistory::new("flow", "e1").limit(1000);
    let (answer, request) = sent(body, async |client| client.call(get).await).await;
    let history = answer.unwrap();
    assert_eq!(history.next_token, None);
    let event = &history.events[0];
    assert_eq!(event.event_type.as_deref(), Some("TaskSucceeded"));
    assert_eq!((event.event_id, event.schedule_event_id), (Some(3), Some(2)));
    assert_eq!(event.detail.as_deref(), Some(r#"{"x":1}"#));
    let query = ["ExecutionName=e1", "FlowName=flow", "Limit=1000"].map(str::to_owned).to_vec();
    assert_eq!(own(&request), (query, String::new()));
}

#[tokio::test]
async fn stream_requests_page_after_page() {
    let page = |names: &str, token: &str| {
        ok(&format!(r#"{{"RequestId":"R","Executions":[{names}],"NextToken":"{token}"}}"#))
    };
    let script =
        vec![page(r#"{"Name":"a"},{"Name":"b"}"#, "t 1"), page("", "t2"), page(r#"{"Name":"c"}"#, "")];
    let server = Server::start(script).await;
    let list = ListExecutions::new("flow").limit(2).status(ExecutionStatus::Running);
    let all: Vec<_> = server.client().call(list).stream().try_collect().await.unwrap();
    let names: Vec<_> = all.iter().map(|execution| execution.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let tokens: Vec<_> = server.seen().iter().map(|request| request.param("NextToken")).collect();
    assert_eq!(tokens, [None, Some("t 1".to_owned()), Some("t2".to_owned())]);
    assert!(server.seen().iter().all(|request| request.param("Status").as_deref() == Some("Running")));
}

#[tokio::test]
async fn stream_ends_after_first_error() {
    let first = r#"{"RequestId":"R","Events":[{"EventId":1}],"NextToken":"n"}"#;
    let server = Server::start(vec![ok(first), refusal(404, "ExecutionNotExists")]).await;
    let stream = server.client().call(GetExecutionHistory::new("flow", "e1")).stream();
    pin_mut!(stream);
    assert_eq!(stream.next().await.unwrap().unwrap().event_id, Some(1));
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind(), ErrorKind::NotFound);
    assert!(stream.next().await.is_none());
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn repeated_page_ends_the_stream() {
    let page = || ok(r#"{"RequestId":"R","Events":[{"EventId":1}],"NextToken":"same"}"#);
    let server = Server::start(vec![page(), page(), page(), page()]).await;
    let read = server.client().call(GetExecutionHistory::new("flow", "e1")).stream();
    let error = read.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn flows_are_created_described_deleted() {
    let flow = r#"{"RequestId":"R","Name":"f","Id":"1","Type":"FDL","Definition":"d","Description":"x","RoleArn":"",
        "CreatedTime":"t"}"#;
    let create = CreateFlow::new("f", "type: flow", "text").role_arn("acs:ram::1:role/r");
    let create = create.execution_mode(ExecutionMode::Standard);
    let (answer, request) = sent(flow, async |client| client.call(create).await).await;
    assert_eq!(answer.unwrap().id.as_deref(), Some("1"));
    let body = "Definition=type%3A+flow&Description=text&ExecutionMode=Standard&Name=f&RoleArn=acs%3Aram%3A%3A1%3Arole%2Fr&Type=FDL";
    assert_eq!(own(&request), (none(), body.to_owned()));

    let (answer, request) = sent(flow, async |client| client.call(DescribeFlow::new("f")).await).await;
    assert_eq!(answer.unwrap().definition.as_deref(), Some("d"));
    assert_eq!(own(&request), (vec!["Name=f".to_owned()], String::new()));

    let gone = r#"{"RequestId":"R"}"#;
    let (answer, request) = sent(gone, async |client| client.call(DeleteFlow::new("f")).await).await;
    assert_eq!(answer.unwrap().request_id.as_deref(), Some("R"));
    assert_eq!(own(&request), (none(), "Name=f".to_owned()));
}

#[tokio::test]
async fn callback_token_is_in_the_body() {
    let start = StartExecution::new("flow").callback_task_token(TOKEN);
    let (_, request) = sent(EXECUTION, async |client| client.call(start).await).await;
    assert!(!request.line.contains("djEj"));
    assert_eq!(request.param("CallbackFnFTaskToken").as_deref(), Some(TOKEN));
}
