//! The records of the workers' ledger, for the commands that look at them.

use std::error::Error;
use std::sync::Arc;

use taskback::ledger::{LedgerConfig, LedgerRecords};
use taskback::{Clients, Settings};

use crate::environment;

/// The option that names the ledger.
#[derive(clap::Args)]
pub(crate) struct LedgerArgs {
    /// The workers' ledger.
    #[arg(long = "ledger", value_name = "STORE", env = "TASKBACK_LEDGER", hide_env_values = true)]
    store: Option<String>,
}

impl LedgerArgs {
    /// Opens the records. Of the other settings only those of AWS are read, so they may be invalid.
    pub(crate) async fn open(&self) -> Result<Arc<dyn LedgerRecords>, Box<dyn Error>> {
        let settings =
            Settings::from_os_vars(environment::vars_with_prefix(&["AWS_"]).chain([self.variable()?]))?;
        let clients = match settings.ledger.needs_aws() {
            true => Clients::connect(&settings).await,
            false => Clients::without_aws(&settings),
        };
        Ok(taskback::ledger::open_records(&clients)?)
    }

    /// All settings of the environment, with this ledger.
    pub(crate) fn settings(&self) -> Result<Settings, Box<dyn Error>> {
        Ok(Settings::from_os_vars(environment::vars().chain([self.variable()?]))?)
    }

    /// The setting as a variable. Memory has no records that another process could see.
    fn variable(&self) -> Result<(std::ffi::OsString, std::ffi::OsString), &'static str> {
        let store = self.store.as_deref().filter(|store| !store.is_empty());
        let store = store.ok_or("TASKBACK_LEDGER is not set, and there is no --ledger")?;
        if LedgerConfig::parse(store) == Ok(LedgerConfig::Memory) {
            return Err(
                "TASKBACK_LEDGER or --ledger: expected the workers' shared ledger; memory ends with its process",
            );
        }
        Ok(("TASKBACK_LEDGER".into(), store.into()))
    }
}
