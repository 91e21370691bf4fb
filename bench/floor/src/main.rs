//! The minimum cost of a report: one signed request after the other over one connection.
//!
//! `floor ADDRESS TOKEN COUNT`, where TOKEN gets a number appended; prints nanoseconds of CPU per report.

use std::error::Error;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use ring::{digest, hmac};

const TARGET: &str = "SimpleWorkflowService.RespondActivityTaskCompleted";
const RESULT: &str = r#"{"cardNumber":"**** **** **** 1111","valid":true}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("floor ADDRESS TOKEN COUNT");
    let (address, token, count) = (next()?, next()?, next()?.parse::<u64>()?);
    let stream = tokio::net::TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);

    let before = cpu()?;
    for number in 0..count {
        let report = serde_json::json!({ "taskToken": format!("{token}{number}"), "result": RESULT });
        let answer = sender.send_request(signed(&address, report.to_string())?).await?;
        if answer.status() != 200 {
            return Err(format!("answered {}", answer.status()).into());
        }
        answer.into_body().collect().await?;
        sender.ready().await?;
    }
    println!("{}", (cpu()? - before) / count);
    Ok(())
}

/// AWS Signature Version 4 with made-up keys.
fn signed(host: &str, body: String) -> Result<Request<Full<Bytes>>, Box<dyn Error>> {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &now[..8];
    let hash = |text: &str| hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    let names = "content-type;host;x-amz-date;x-amz-target";
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:{host}\nx-amz-date:{now}\n\
         x-amz-target:{TARGET}\n\n{names}\n{}",
        hash(&body)
    );
    let scope = format!("{day}/us-east-1/swf/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", hash(&canonical));
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let start = mac(b"AWS4bench", day);
    let key = ["us-east-1", "swf", "aws4_request"].iter().fold(start, |key, part| mac(key.as_ref(), part));
    let signature = hex(mac(key.as_ref(), &text).as_ref());
    let credential = format!("Credential=bench/{scope}, SignedHeaders={names}, Signature={signature}");
    Ok(Request::post("/")
        .header("host", host)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-date", &now)
        .header("x-amz-target", TARGET)
        .header("authorization", format!("AWS4-HMAC-SHA256 {credential}"))
        .body(Full::from(body))?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The CPU time of this thread, the only one, in nanoseconds.
fn cpu() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    Ok(stat.split(' ').next().unwrap_or_default().parse()?)
}
