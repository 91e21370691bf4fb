//! A database on a server: the connections of a process to it.
//!
//! No pool of a client library, since theirs lose a permit for ever where the peer is silent. Here a permit ends with the
//! call, and a connection whose call did not end is closed with all that wait: after a freeze, or a failover, none of them
//! can be trusted.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::dialect::Dialect;
use super::driver::{Answer, Driver, Failure, Value};
use super::password::Password;
use super::server::DatabaseServer;
use crate::aws::Clients;
use crate::deadline::before;
use crate::future::BoxFuture;

/// A client library's part: it makes a connection, and runs a statement on it.
pub(super) trait Connector: Send + Sync + 'static {
    type Connection: Send;

    /// The kind of server, for errors.
    const KIND: &'static str;

    const DIALECT: &'static Dialect;

    fn connect(login: &Login) -> BoxFuture<'_, Result<Self::Connection, Failure>>;

    fn execute<'a>(
        connection: &'a mut Self::Connection,
        sql: &'a str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, Result<Answer, Failure>>;
}

/// What a connection takes.
pub(super) struct Login {
    pub(super) server: DatabaseServer,
    pub(super) password: Password,
}

/// Connections, each for one statement at a time.
pub(super) struct Connections<C: Connector> {
    place: String,
    login: Login,
    permits: Semaphore,
    idle: Mutex<Vec<(C::Connection, Instant)>>,
}

/// The most connections of a process: few, since a server has some hundred for all processes.
const MAX: usize = 8;

/// The time of a statement, with its connection where it needs a new one. Half of it is lost at a silent peer before the
/// caller's own patience of 3 s ends.
const ATTEMPT: Duration = Duration::from_secs(2);

/// The age at which an unused connection is not tried again: networks forget it silently after some minutes.
const IDLE: Duration = Duration::from_secs(60);

impl<C: Connector> Connections<C> {
    pub(super) fn new(server: &DatabaseServer, clients: &Clients) -> Self {
        Self {
            place: format!("{} database {server}", C::KIND),
            login: Login { server: server.clone(), password: Password::new(server, clients) },
            permits: Semaphore::new(MAX),
            idle: Mutex::default(),
        }
    }

    async fn run_once(&self, sql: &str, values: &[Value<'_>]) -> Result<Answer, Failure> {
        // It is never closed.
        let _permit = self.permits.acquire().await;
        let mut guard = Guard { connections: self, is_done: false };
        let work = async {
            let mut connection = match self.take() {
                Some(connection) => connection,
                None => C::connect(&self.login).await?,
            };
            let answer = C::execute(&mut connection, sql, values).await;
            Ok((answer, connection))
        };
        let in_time = before(Instant::now() + ATTEMPT, work).await;
        let silent = || Err(Failure::Broken(format!("no answer within {} s", ATTEMPT.as_secs())));
        let (answer, connection) = in_time.unwrap_or_else(silent)?;
        if matches!(answer, Ok(_) | Err(Failure::Conflict(_) | Failure::Refused(_))) {
            guard.is_done = true;
            self.idle().push((connection, Instant::now()));
        }
        answer
    }

    fn take(&self) -> Option<C::Connection> {
        let mut idle = self.idle();
        let now = Instant::now();
        idle.retain(|(_, since)| now.saturating_duration_since(*since) < IDLE);
        idle.pop().map(|(connection, _)| connection)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(C::Connection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Connector> Driver for Connections<C> {
    fn dialect(&self) -> &'static Dialect {
        C::DIALECT
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn run<'a>(&'a self, sql: &'a str, values: Vec<Value<'a>>) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move { self.run_once(sql, &values).await })
    }
}

/// A call in flight. Where it fails or is dropped, the connections that wait are closed too.
struct Guard<'a, C: Connector> {
    connections: &'a Connections<C>,
    is_done: bool,
}

impl<C: Connector> Drop for Guard<'_, C> {
    fn drop(&mut self) {
        if !self.is_done {
            // Closed after the lock is free.
            let _closed = std::mem::take(&mut *self.connections.idle());
        }
    }
}
