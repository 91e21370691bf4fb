use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use reqsign_core::{Env, Error, FileRead, HttpSend, Result};
use taskback_http::{Failure, HttpClient};
use tokio::time::Instant;

/// An environment as the official SDKs read it: an empty variable is unset, and those that only
/// OSS knows are not there.
#[derive(Clone, Debug)]
pub(crate) struct OfficialEnv(pub(crate) Arc<dyn Env>);

impl Env for OfficialEnv {
    fn var(&self, key: &str) -> Option<String> {
        self.0.var(key).filter(|value| counts(key, value))
    }

    fn vars(&self) -> HashMap<String, String> {
        let mut vars = self.0.vars();
        vars.retain(|key, value| counts(key, value));
        vars
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.0.home_dir()
    }
}

fn counts(key: &str, value: &str) -> bool {
    !value.is_empty() && !key.starts_with("OSS_")
}

/// Reads files without blocking the runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader;

impl FileRead for Reader {
    async fn file_read(&self, path: &str) -> Result<Vec<u8>> {
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || std::fs::read(path));
        let read = read.await.map_err(|_| Error::unexpected("reading a file was cut off"))?;
        Ok(read?)
    }
}

/// Asks the sources of credentials over the service's own connections.
#[derive(Clone, Debug)]
pub(crate) struct Asker(pub(crate) HttpClient);

impl HttpSend for Asker {
    async fn http_send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let read_timeout = Duration::from_secs(5);
        let by = Instant::now() + self.0.connect_timeout() + read_timeout;
        match self.0.send(request.map(Full::new), read_timeout, by).await {
            Ok(answer) => Ok(Response::builder().status(answer.status).body(answer.body)?),
            Err(Failure::Unreached(why) | Failure::NoAnswer(why, _)) => Err(Error::unexpected(why)),
        }
    }
}
