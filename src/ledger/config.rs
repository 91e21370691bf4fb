use std::fmt;

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
            _ => Err("memory or dynamodb:TABLE"),
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
        }
    }
}
