use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;

#[cfg(any(feature = "mysql", feature = "postgres"))]
use super::sql::DatabaseServer;

/// The store of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerConfig {
    /// `memory`: in this process.
    #[default]
    Memory,
    /// `dynamodb:TABLE`: in a DynamoDB table, whose form [`DynamoDb`](super::DynamoDb) describes.
    #[cfg(feature = "dynamodb")]
    DynamoDb {
        /// The name of the table.
        table: String,
    },
    /// `mysql://…`: in a database of MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    MySql(DatabaseServer),
    /// `postgres://…`: in a database of PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(DatabaseServer),
    /// `sqlite:PATH`: in a file that the processes of one machine share.
    #[cfg(feature = "sqlite")]
    Sqlite {
        /// The path of the file.
        path: PathBuf,
    },
}

impl LedgerConfig {
    /// Parses the value of `TASKBACK_LEDGER`; the error is what was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            #[cfg(feature = "dynamodb")]
            Some(("dynamodb", table)) => {
                super::dynamodb::parse_table(table).map(|table| Self::DynamoDb { table })
            }
            #[cfg(not(feature = "dynamodb"))]
            Some(("dynamodb", _)) => Err("memory; dynamodb:TABLE needs the feature dynamodb"),
            #[cfg(feature = "mysql")]
            Some(("mysql", rest)) => DatabaseServer::parse(rest, super::sql::MYSQL_PORT).map(Self::MySql),
            #[cfg(not(feature = "mysql"))]
            Some(("mysql", _)) => Err("memory; mysql://… needs the feature mysql"),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", rest)) => {
                DatabaseServer::parse(rest, super::sql::POSTGRES_PORT).map(Self::Postgres)
            }
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => Err("memory; postgres://… needs the feature postgres"),
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) => parse_path(path).map(|path| Self::Sqlite { path }),
            #[cfg(not(feature = "sqlite"))]
            Some(("sqlite", _)) => Err("memory; sqlite:PATH needs the feature sqlite"),
            _ => Err("memory, dynamodb:TABLE, mysql://…, postgres://… or sqlite:PATH"),
        }
    }

    /// Returns whether it takes clients of AWS to connect.
    pub fn needs_aws(&self) -> bool {
        match self {
            Self::Memory => false,
            #[cfg(feature = "dynamodb")]
            Self::DynamoDb { .. } => true,
            #[cfg(feature = "mysql")]
            Self::MySql(server) => server.needs_aws(),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => server.needs_aws(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite { .. } => false,
        }
    }
}

/// As it is written in the settings; of a server only host, port and database.
impl fmt::Display for LedgerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            #[cfg(feature = "dynamodb")]
            Self::DynamoDb { table } => write!(f, "dynamodb:{table}"),
            #[cfg(feature = "mysql")]
            Self::MySql(server) => write!(f, "mysql://{server}"),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => write!(f, "postgres://{server}"),
            #[cfg(feature = "sqlite")]
            Self::Sqlite { path } => write!(f, "sqlite:{}", path.display()),
        }
    }
}

/// A file's path. SQLite's own names for databases that end with their process are not files.
#[cfg(feature = "sqlite")]
fn parse_path(path: &str) -> Result<PathBuf, &'static str> {
    if path.is_empty() || path.starts_with(':') || path.starts_with("//") || path.starts_with("file:") {
        return Err("sqlite:PATH, where PATH is that of a file, such as sqlite:/var/lib/taskback/ledger.db");
    }
    Ok(PathBuf::from(path))
}
