use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use reqsign_core::{Env, Error, FileRead, HttpSend, Result};
use taskback_http::{Failure, HttpClient, Limits};
use tokio::time::Instant;

/// An environment as the official SDKs read it: an empty variable is unset, and the variables of OSS are ignored.
#[derive(Clone, Debug)]
pub(crate) struct OfficialEnv(pub(crate) Arc<dyn Env>);

impl Env for OfficialEnv {
    fn var(&self, key: &str) -> Option<String> {
        self.0.var(key).filter(|value| is_relevant(key, value))
    }

    fn vars(&self) -> HashMap<String, String> {
        let mut vars = self.0.vars();
        vars.retain(|key, value| is_relevant(key, value));
        vars
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.0.home_dir()
    }
}

fn is_relevant(key: &str, value: &str) -> bool {
    !value.is_empty() && !key.starts_with("OSS_")
}

/// Reads files without blocking the runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileReader;

impl FileRead for FileReader {
    async fn file_read(&self, path: &str) -> Result<Vec<u8>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read(&path));
        let read = read.await.map_err(|_| Error::unexpected("reading a file was interrupted"))?;
        Ok(read?)
    }
}

/// The maximum size of a response or file with credentials.
const MAX_BYTES: usize = 1 << 20;

fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Sends the requests of credentials providers over the connections of the service.
#[derive(Clone, Debug)]
pub(crate) struct CredentialHttp(pub(crate) HttpClient);

impl HttpSend for CredentialHttp {
    async fn http_send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let read_timeout = Duration::from_secs(5);
        let deadline = Instant::now() + self.0.connect_timeout() + read_timeout;
        let limits = Limits { read_timeout, deadline, max_body: MAX_BYTES };
        match self.0.send(request.map(Full::new), limits).await {
            Ok(response) => Ok(Response::builder().status(response.status).body(response.body)?),
            Err(Failure::NotSent(reason) | Failure::NoResponse(reason, _)) => Err(Error::unexpected(reason)),
        }
    }
}
