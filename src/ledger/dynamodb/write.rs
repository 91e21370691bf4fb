//! One conditional write.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use taskback_core::ledger::{Lease, Record};
use taskback_core::{Fingerprint, printable};

use super::item::{self, Item};
use crate::aws::{Unsent, no_response, unsent};
use crate::ledger::store::LedgerError;

/// Two expressions and their values. In them `#name` is the attribute of that name, since some of
/// ours are reserved words.
pub(super) struct Update {
    expression: Cow<'static, str>,
    condition: &'static str,
    values: HashMap<String, AttributeValue>,
    returned: ReturnValue,
}

pub(super) enum UpdateResult {
    /// The condition held. Holds the new item, where the update returns it.
    Applied(Item),
    /// The condition did not hold. The item is `None` where another program wrote or changed it, or DynamoDB did not
    /// return it: it says nothing, and least that the task is free.
    ConditionFailed(Option<Record>),
}

impl Update {
    pub(super) fn new(expression: impl Into<Cow<'static, str>>, condition: &'static str) -> Self {
        Self { expression: expression.into(), condition, values: HashMap::new(), returned: ReturnValue::None }
    }

    pub(super) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// The values of the condition that the writer holds the lease.
    pub(super) fn with_lease(self, lease: &Lease) -> Self {
        self.with(":running", text(item::RUNNING))
            .with(":owner", text(&lease.owner))
            .with(":epoch", number(lease.epoch))
    }

    pub(super) fn return_new_values(mut self) -> Self {
        self.returned = ReturnValue::AllNew;
        self
    }
}

/// A key that no task can have: fingerprints are 64 hex digits.
const NO_TASK: &str = "no-task";
/// There is no item of that key, and no epoch is below 0.
const NEVER: &str = "attribute_exists(#fingerprint) AND #epoch < :none";

/// The table, and the client that reaches it.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) client: Client,
    pub(super) name: String,
}

impl Table {
    /// Makes one `UpdateItem` whose condition never holds: it needs the permission of every other update, and writes
    /// nothing.
    pub(super) async fn check_access(&self) -> Result<(), LedgerError> {
        let update = Update::new("SET #state = :none", NEVER).with(":none", number(0));
        self.update_at(NO_TASK, update).await.map(|_| ())
    }

    pub(super) async fn update(
        &self,
        key: &Fingerprint,
        update: Update,
    ) -> Result<UpdateResult, LedgerError> {
        self.update_at(&key.hex(), update).await
    }

    async fn update_at(&self, key: &str, update: Update) -> Result<UpdateResult, LedgerError> {
        let names = names(&update.expression).chain(names(update.condition)).collect();
        let call = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("fingerprint", text(key))
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(update.values))
            .return_values(update.returned)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match call.send().await {
            // The SDK takes any 200 for a success, also that of a proxy.
            Ok(answer) if answer.request_id().is_none() => return Err(self.not_from_dynamodb()),
            Ok(answer) => return Ok(UpdateResult::Applied(answer.attributes.unwrap_or_default())),
            Err(error) => error,
        };
        if let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() {
            if error.request_id().is_none() {
                return Err(self.not_from_dynamodb());
            }
            return Ok(UpdateResult::ConditionFailed(failed.item().and_then(item::record)));
        }
        Err(self.error(&error, "dynamodb:UpdateItem"))
    }

    /// Only DynamoDB's own answer counts, and it always has a request id.
    pub(super) fn not_from_dynamodb(&self) -> LedgerError {
        self.unavailable("an answer without a request id is not DynamoDB's")
    }

    /// The error by its code or kind: its text may hold the request, and so the outcome.
    pub(super) fn error<E: ProvideErrorMetadata, R>(
        &self,
        error: &SdkError<E, R>,
        permission: &str,
    ) -> LedgerError {
        if let Some(code) = error.code().map(|code| printable(code, 128)) {
            let is_transient = TRANSIENT.iter().any(|part| code.contains(part));
            return if is_transient {
                self.unavailable(&*code)
            } else {
                self.refused(format!("{code}; check the table, the region and the permission {permission}"))
            };
        }
        match error {
            SdkError::ConstructionFailure(_) => self.refused("the request could not be built or signed"),
            SdkError::TimeoutError(_) => self.unavailable("no answer in time"),
            SdkError::DispatchFailure(failure) => {
                match failure.as_connector_error().map(|error| (unsent(error), error)) {
                    Some((Some(Unsent::NoCredentials(reason)), _)) => self.refused(reason),
                    Some((Some(Unsent::NoConnection(reason) | Unsent::CredentialsLate(reason)), _)) => {
                        self.unavailable(reason)
                    }
                    Some((None, error)) => self.unavailable(no_response(error)),
                    None => self.unavailable("the connection broke"),
                }
            }
            _ => self.unavailable("the reply could not be read"),
        }
    }

    pub(super) fn unavailable(&self, reason: impl Display) -> LedgerError {
        LedgerError::Unavailable(self.text(reason))
    }

    pub(super) fn refused(&self, reason: impl Display) -> LedgerError {
        LedgerError::Refused(self.text(reason))
    }

    fn text(&self, reason: impl Display) -> String {
        let region = self.client.config().region().map_or("no region", |region| region.as_ref());
        format!("DynamoDB table {} in {region}: {reason}", self.name)
    }
}

/// Parts of the codes of errors that end by themselves.
const TRANSIENT: [&str; 7] =
    ["Throttl", "Exceeded", "TooMany", "Internal", "Unavailable", "InProgress", "Timeout"];

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Every `#name` of an expression: DynamoDB refuses those that are not used as well.
pub(super) fn names(expression: &str) -> impl Iterator<Item = (String, String)> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '#');
    words.filter_map(|word| Some((word.to_owned(), word.strip_prefix('#')?.to_owned())))
}
