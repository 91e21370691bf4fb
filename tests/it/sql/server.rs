//! Servers of the tests' own, which end with this process.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::database::{Database, open};

/// A kind of server that tests/peers/database.py starts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    #[cfg(feature = "mysql")]
    MariaDb,
    #[cfg(feature = "postgres")]
    Postgres,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "mysql")]
            Self::MariaDb => "mariadb",
            #[cfg(feature = "postgres")]
            Self::Postgres => "postgres",
        }
    }

    /// The server that all tests of this kind share.
    fn shared(self) -> &'static Server {
        #[cfg(feature = "mysql")]
        static MARIADB: OnceLock<Server> = OnceLock::new();
        #[cfg(feature = "postgres")]
        static POSTGRES: OnceLock<Server> = OnceLock::new();
        match self {
            #[cfg(feature = "mysql")]
            Self::MariaDb => MARIADB.get_or_init(|| Server::start(self)),
            #[cfg(feature = "postgres")]
            Self::Postgres => POSTGRES.get_or_init(|| Server::start(self)),
        }
    }

    /// The path of the certificate of the shared server's authority.
    pub(crate) fn authority(self) -> &'static str {
        &self.shared().authority
    }
}

/// Its databases are on the server that all tests of this kind share.
impl Database for Kind {
    const MISSING: &'static str = "its tables are missing; run `taskback ledger init --apply`";
    const OWNERS: usize = 16;

    async fn database(&self) -> String {
        let kind = *self;
        let server = tokio::task::spawn_blocking(move || kind.shared()).await.unwrap();
        server.database().await
    }
}

/// A server. It ends when its standard input closes, hence with this process.
pub(crate) struct Server {
    child: Child,
    /// Closed before the end is awaited.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    url: String,
    /// The path of the certificate of its authority.
    pub(crate) authority: String,
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/database.py");
        let mut child = Command::new("python3")
            .args([script, kind.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("no python3");
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut server =
            Self { child, stdin: Some(stdin), stdout, url: String::new(), authority: String::new() };
        let line = server.line();
        let expected = "it is a Debian package, and tests/run leaves these tests out where it is absent";
        let Some((url, authority)) = line.split_once(' ') else {
            panic!("{kind:?} does not start: {expected}")
        };
        (server.url, server.authority) = (url.to_owned(), authority.to_owned());
        server
    }

    /// Ends it as SIGKILL does.
    pub(crate) fn kill(&mut self) {
        self.obey("kill");
    }

    /// Starts it again on the same data.
    pub(crate) fn restart(&mut self) {
        self.obey("start");
    }

    /// The URL of an empty database.
    pub(crate) async fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        open(&self.url).raw(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (server, _) = self.url.rsplit_once('/').unwrap();
        format!("{server}/{name}")
    }

    fn obey(&mut self, word: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{word}").unwrap();
        assert_eq!(self.line(), word);
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.child.wait().ok();
    }
}
