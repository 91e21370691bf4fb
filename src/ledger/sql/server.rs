//! The address of a database server, as a URL names it.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use taskback_http::is_loopback;

/// A database on a server: `USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`, where user, password and database are
/// percent-encoded. PORT is the server's own unless it is given.
///
/// | parameter | meaning |
/// |---|---|
/// | `password-file=PATH` | the file that holds the password, read for each connection; a line end at its end does not count |
/// | `password-secret=ID` | the secret in AWS Secrets Manager that holds the password, as text or as the member `password` of an object, read again when the password is refused (feature `secrets`) |
/// | `ca=PATH` | the certificates, in PEM, of which the server's must be; unset: those that the machine trusts |
/// | `tls=verify`, `tls=off` | TLS with a certificate for HOST, or none. Unset: `off` for loopback, `verify` for every other host |
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) password: PasswordSource,
    pub(super) ca: Option<PathBuf>,
    pub(super) tls: bool,
}

/// The source of a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum PasswordSource {
    None,
    Text(String),
    File(PathBuf),
    #[cfg(feature = "secrets")]
    Secret(String),
}

/// The ports that servers have unless a URL names another.
#[cfg(feature = "mysql")]
pub(crate) const MYSQL_PORT: u16 = 3306;
#[cfg(feature = "postgres")]
pub(crate) const POSTGRES_PORT: u16 = 5432;

const EXPECTED: &str = "mysql:// or postgres:// with USER:PASSWORD@HOST:PORT/DATABASE, and the parameters password-file, password-secret, ca and tls";

impl DatabaseServer {
    /// Parses what follows `scheme:`; the error is what was expected, and holds no part of the text.
    pub(crate) fn parse(text: &str, port: u16) -> Result<Self, &'static str> {
        let text = text.strip_prefix("//").ok_or("a URL with // after its scheme")?;
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (authority, database) = place.split_once('/').ok_or(EXPECTED)?;
        let (login, address) = authority.rsplit_once('@').ok_or(EXPECTED)?;
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, PasswordSource::Text(decode(password)?)),
            None => (login, PasswordSource::None),
        };
        let (host, port) = split_port(address, port)?;
        let server = Self {
            tls: !is_loopback(host),
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            user: decode(user)?,
            database: decode(database)?,
            password,
            ca: None,
        };
        if server.user.is_empty() || server.database.is_empty() || server.database.contains('/') {
            return Err(EXPECTED);
        }
        query.split('&').filter(|part| !part.is_empty()).try_fold(server, Self::with)
    }

    fn with(mut self, parameter: &str) -> Result<Self, &'static str> {
        let (name, value) = parameter.split_once('=').ok_or(EXPECTED)?;
        let value = decode(value)?;
        match (name, &*value) {
            (_, "") => return Err("a parameter with a value"),
            ("password-file" | "password-secret", _) if self.password != PasswordSource::None => {
                return Err("one of password, password-file and password-secret");
            }
            ("password-file", _) => self.password = PasswordSource::File(value.into()),
            #[cfg(feature = "secrets")]
            ("password-secret", _) => self.password = PasswordSource::Secret(value),
            #[cfg(not(feature = "secrets"))]
            ("password-secret", _) => return Err("password-file; password-secret needs the feature secrets"),
            ("ca", _) => (self.ca, self.tls) = (Some(value.into()), true),
            ("tls", "verify") => self.tls = true,
            ("tls", "off") => self.tls = false,
            _ => return Err(EXPECTED),
        }
        Ok(self)
    }

    /// Returns whether it takes clients of AWS to connect.
    pub(crate) fn needs_aws(&self) -> bool {
        #[cfg(feature = "secrets")]
        return matches!(self.password, PasswordSource::Secret(_));
        #[cfg(not(feature = "secrets"))]
        false
    }
}

fn split_port(address: &str, default: u16) -> Result<(&str, u16), &'static str> {
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            (host, port.parse().map_err(|_| "a port from 1 to 65535")?)
        }
        _ => (address, default),
    };
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte));
    let is_whole = !host.is_empty() && is_plain && (!host.contains(':') || host.starts_with('['));
    if is_whole && port > 0 { Ok((host, port)) } else { Err("one host, as a name or an address") }
}

fn decode(text: &str) -> Result<String, &'static str> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| "percent-encoded UTF-8")?.into_owned())
}

/// Host, port and database: neither user nor password, nor what could hold one.
impl fmt::Display for DatabaseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_v6 = self.host.contains(':');
        let (open, close) = if is_v6 { ("[", "]") } else { ("", "") };
        write!(f, "{open}{}{close}:{}/{}", self.host, self.port, self.database)
    }
}

/// As [`Display`](fmt::Display) shows it.
impl fmt::Debug for DatabaseServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseServer({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DatabaseServer, &'static str> {
        DatabaseServer::parse(text, 5432)
    }

    #[test]
    fn url_names_every_part() {
        let server = parse("//me%40x:p%2Fw%3F@db.test:6000/tasks?tls=off").unwrap();
        assert_eq!((&*server.host, server.port, &*server.user), ("db.test", 6000, "me@x"));
        assert_eq!((&*server.database, server.tls, server.ca), ("tasks", false, None));
        assert!(server.password == PasswordSource::Text("p/w?".into()));
        let server = parse("//me@[fd00::7]/tasks?password-file=/run/pw&ca=/etc/ca.pem").unwrap();
        assert_eq!((&*server.host, server.port, server.tls), ("fd00::7", 5432, true));
        assert!(server.password == PasswordSource::File("/run/pw".into()) && server.ca.is_some());
        assert_eq!(server.to_string(), "[fd00::7]:5432/tasks");
    }

    #[test]
    fn only_loopback_goes_without_tls() {
        for (host, tls) in [("127.0.0.1", false), ("[::1]", false), ("localhost", false), ("10.0.0.7", true)]
        {
            assert_eq!(parse(&format!("//me@{host}/d")).unwrap().tls, tls, "{host}");
        }
        assert!(parse("//me@127.0.0.1/d?tls=verify").unwrap().tls);
    }

    #[test]
    fn wrong_url_is_refused_without_its_text() {
        for text in [
            "me:hidden@h/d",
            "//h/d",
            "//me:hidden@h",
            "//me:hidden@h/",
            "//:hidden@h/d",
            "//me:hidden@/d",
            "//me:hidden@a,b/d",
            "//me:hidden@h:0/d",
            "//me:hidden@h:x/d",
            "//me:hidden@h/d/e",
            "//me:hidden@h/d?sslmode=disable",
            "//me:hidden@h/d?tls=maybe",
            "//me:hidden@h/d?ca=",
            "//me:hidden@h/d?password-file=/hidden",
            "//me:hidden%ff@h/d",
            "//me@h/d?tls",
        ] {
            let error = parse(text).map(|server| server.to_string()).unwrap_err();
            assert!(!error.contains("hidden"), "{text}: {error}");
        }
    }

    #[test]
    fn debug_and_display_hide_the_login() {
        let server = parse("//someone:hidden@db.test/tasks").unwrap();
        assert_eq!(format!("{server} {server:?}"), "db.test:5432/tasks DatabaseServer(db.test:5432/tasks)");
    }
}
