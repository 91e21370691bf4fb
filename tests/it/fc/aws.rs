//! A function without a variable of AWS does not look for AWS.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use taskback::Service;
use taskback_local::TaskState;
use tokio::net::TcpListener;

use super::host::Host;
use super::{CARD, card, good_keys, local, open, state, worker};

/// An endpoint for EC2's metadata, named by a profile file and no variable. Counts its connections.
async fn metadata(home: &Path) -> Arc<AtomicU32> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    fs::create_dir_all(home.join(".aws")).unwrap();
    let profile = format!("[default]\nec2_metadata_service_endpoint = {endpoint}\n");
    fs::write(home.join(".aws/config"), profile).unwrap();
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    count
}

/// The worker in the environment of Function Compute, which sets no variable of AWS.
fn without_aws(services: &str, home: &Path) -> Command {
    let mut command = worker(services);
    for name in command.get_envs().map(|(name, _)| name.to_owned()).collect::<Vec<_>>() {
        if name.to_str().unwrap().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command.env("HOME", home);
    command
}

#[tokio::test]
async fn nothing_looks_for_aws_without_its_variables() {
    let server = local().await;
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fc-without-aws");
    let calls = metadata(&home).await;
    let host = Host::start(&mut without_aws(&server.url(), &home)).await;
    let token = open(&server, Service::Fnf);
    let answer = host.invoke("r-1", good_keys(), &card(&token, CARD)).await;
    assert_eq!((answer.failed, state(&server, &token)), (false, TaskState::Succeeded), "{answer:?}");
    assert_eq!(calls.load(Ordering::Relaxed), 0, "{}", host.process.printed());
    // The same with any variable of AWS, so that the count is one.
    let mut command = without_aws(&server.url(), &home);
    let _host = Host::start(command.env("AWS_PROFILE", "default")).await;
    assert!(calls.load(Ordering::Relaxed) > 0);
}
