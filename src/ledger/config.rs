use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;

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
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) => parse_path(path).map(|path| Self::Sqlite { path }),
            #[cfg(not(feature = "sqlite"))]
            Some(("sqlite", _)) => Err("memory; sqlite:PATH needs the feature sqlite"),
            _ => Err("memory, dynamodb:TABLE or sqlite:PATH"),
        }
    }
}

/// As it is written in the settings.
impl fmt::Display for LedgerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            #[cfg(feature = "dynamodb")]
            Self::DynamoDb { table } => write!(f, "dynamodb:{table}"),
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
