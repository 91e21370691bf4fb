//! Access control: pages in a browser, and other programs.

use std::io;

use serde_json::Value;
use taskback_core::Service;
use taskback_local::{Config, OpenTask, Server};

use crate::client::{Rpc, bind, open, send_as_it_is, server, swf};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Status and error of one request to every part of the server, which must all be the same.
async fn everywhere(server: &Server, headers: &[(&str, &str)]) -> (u16, String) {
    let target = ("x-amz-target", "SimpleWorkflowService.PollForActivityTask");
    let mut refusals = Vec::new();
    for (line, more, body) in [
        ("GET /_local/health", None, ""),
        ("GET /_local/tasks", None, ""),
        ("DELETE /_local/faults", None, ""),
        ("POST /_local/tasks", Some(JSON), r#"{"service":"fnf"}"#),
        ("POST /", Some(target), r#"{"domain":"d","taskList":{"name":"l"}}"#),
        ("POST /?Action=ReportTaskSucceeded", None, ""),
        ("GET /elsewhere", None, ""),
    ] {
        let headers = headers.iter().copied().chain(more).collect::<Vec<_>>();
        let answer = send_as_it_is(server, line, &headers, body).await.unwrap();
        assert_eq!(answer.header("content-type"), Some("application/json"), "{line}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{line}");
        refusals.push((answer.status, answer.json()["error"].as_str().unwrap().to_owned()));
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    refusals.remove(0)
}

#[tokio::test]
async fn foreign_host_is_refused_everywhere() {
    let server = server().await;
    for host in
        ["evil.example:9450", "EVIL.example", "evil.example.", "192.0.2.1", "[2001:db8::1]:9450", "local"]
    {
        let (status, error) = everywhere(&server, &[("host", host)]).await;
        assert_eq!(status, 403, "{host}");
        let expected = format!(
            "Host: {host:?} is not accepted, expected localhost, a loopback address, 127.0.0.1 or a host of --allow-host"
        );
        assert_eq!(error, expected);
    }
    assert_eq!(server.state().tasks(), []);
}

#[tokio::test]
async fn request_names_exactly_one_host() {
    let server = server().await;
    let missing = everywhere(&server, &[]).await;
    assert_eq!(missing, (400, "Host: expected one such header, found 0".to_owned()));
    let (local, evil) = (("host", "localhost"), ("host", "evil.example"));
    for hosts in [[local, evil], [evil, local], [local, local]] {
        let (status, error) = everywhere(&server, &hosts).await;
        assert_eq!((status, &*error), (400, "Host: expected one such header, found 2"));
    }
    let unreadable = everywhere(&server, &[("host", "localhöst")]).await;
    assert_eq!(unreadable.0, 403, "{}", unreadable.1);
    let endless = everywhere(&server, &[("host", &"x".repeat(5000))]).await;
    assert!(endless.0 == 403 && endless.1.len() < 300, "{}", endless.1);
}

/// Such a target replaces the header, and a page cannot choose either alone.
#[tokio::test]
async fn whole_url_as_target_is_checked_too() {
    let server = server().await;
    for (line, host, expected) in [
        ("GET http://localhost:1/_local/health", "localhost", 200),
        ("GET http://[::1]/_local/health", "localhost", 200),
        ("GET http://evil.example/_local/tasks", "localhost", 403),
        ("GET http://localhost/_local/tasks", "evil.example", 403),
        ("GET http://localhost@evil.example/_local/tasks", "localhost", 403),
        ("GET http://evil.example@localhost/_local/tasks", "localhost", 403),
        ("CONNECT evil.example:80", "localhost", 403),
        ("OPTIONS *", "localhost", 404),
    ] {
        let answer = send_as_it_is(&server, line, &[("host", host)], "").await.unwrap();
        assert_eq!(answer.status, expected, "{line} {host}: {}", answer.body);
    }
}

#[tokio::test]
async fn page_of_another_site_is_refused_everywhere() {
    let server = server().await;
    let local = ("host", "127.0.0.1");
    for origin in
        ["http://evil.example", "https://localhost.evil.example", "null", "file://", "", "localhost"]
    {
        let (status, error) = everywhere(&server, &[local, ("origin", origin)]).await;
        assert!(
            status == 403 && error.starts_with(&format!("Origin: {origin:?} is not accepted")),
            "{error}"
        );
    }
    let two = [local, ("origin", "http://localhost"), ("origin", "http://evil.example")];
    assert_eq!(everywhere(&server, &two).await.0, 403);
    for site in ["cross-site", "Cross-Site", "same-origin, cross-site", ""] {
        let (status, error) = everywhere(&server, &[local, ("sec-fetch-site", site)]).await;
        assert!(status == 403 && error.starts_with(&format!("Sec-Fetch-Site: {site:?} is not")), "{error}");
    }
    assert_eq!(server.state().tasks(), []);
}

#[tokio::test]
async fn pages_of_this_machine_are_accepted() {
    let server = server().await;
    for headers in [
        [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")],
        [("origin", "http://127.0.0.1"), ("sec-fetch-site", "same-origin")],
        [("origin", "https://[::1]:1"), ("sec-fetch-site", "none")],
    ] {
        let headers = [&[("host", "localhost:9450")], &headers[..]].concat();
        let answer = send_as_it_is(&server, "GET /_local/health", &headers, "").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

/// Otherwise a page's form could open, cancel and receive, because browsers send its content types without a preflight.
#[tokio::test]
async fn local_posts_must_be_declared_as_json() {
    let server = server().await;
    let task = open(&server, OpenTask::new(Service::Fnf));
    let cancel = format!("POST /_local/tasks/{}/cancel", task.fingerprint);
    for line in ["POST /_local/tasks", "POST /_local/faults", "POST /_local/queues/q/receive", &cancel] {
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("text/plain; application/json"),
            Some("application/jsonp"),
        ] {
            let headers =
                [("host", "localhost")].into_iter().chain(content_type.map(|kind| ("content-type", kind)));
            let headers: Vec<_> = headers.collect();
            let answer = send_as_it_is(&server, line, &headers, "{}").await.unwrap();
            let error = "Content-Type: expected application/json for a POST to /_local";
            assert_eq!(
                (answer.status, &answer.json()["error"]),
                (415, &Value::from(error)),
                "{line} {content_type:?}"
            );
        }
    }
    let headers = [("host", "localhost"), ("content-type", "Application/JSON; charset=utf-8")];
    assert_eq!(send_as_it_is(&server, &cancel, &headers, "").await.unwrap().status, 200);
}

#[tokio::test]
async fn allowed_host_reaches_every_service() {
    let config = Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        allow_hosts: vec!["host.docker.internal".to_owned(), "172.17.0.1".to_owned()],
        ..Config::default()
    };
    let server = bind(config).await;
    for host in
        ["host.docker.internal:9450", "Host.Docker.Internal.", "172.17.0.1:9450", "0.0.0.0:1", "localhost"]
    {
        let answer = send_as_it_is(&server, "GET /_local/health", &[("host", host)], "").await.unwrap();
        assert_eq!(answer.status, 200, "{host}: {}", answer.body);
    }
    assert_eq!(everywhere(&server, &[("host", "docker.internal")]).await.0, 403);

    let task = open(&server, OpenTask::new(Service::Fnf));
    assert_eq!(Rpc::succeeded(&task, "{}").send(&server).await.unwrap().status, 200);
    let body = serde_json::json!({ "domain": "taskback", "taskList": { "name": "none" } });
    assert_eq!(swf(&server, "RegisterDomain", body).await.status, 400, "the service itself answers");
}

#[tokio::test]
async fn unusable_allowed_host_ends_the_start() {
    let config = Config { allow_hosts: vec!["http://host".to_owned()], ..Config::default() };
    let error = Server::bind(config).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    let expected = "\"http://host\": expected the name or address of a host, without a port";
    assert_eq!(error.to_string(), expected);
}
