//! One conditional write, and what came of it.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use taskback_core::Fingerprint;

use super::DynamoDb;
use super::item::{self, Item, Record};
use crate::aws::{Unsent, unsent};
use crate::ledger::{Hold, Unreachable};

/// Two expressions and their values. In them `#name` is the attribute of that name, since some of
/// ours are reserved words.
pub(super) struct Write {
    update: &'static str,
    condition: &'static str,
    values: HashMap<String, AttributeValue>,
    back: ReturnValue,
}

pub(super) enum Written {
    /// What was written, where the write hands it back.
    Yes(Item),
    /// The condition did not hold: what stands there instead, if anything.
    No(Option<Record>),
}

impl Write {
    pub(super) fn new(update: &'static str, condition: &'static str) -> Self {
        Self { update, condition, values: HashMap::new(), back: ReturnValue::None }
    }

    pub(super) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// The values that the condition of a held task needs.
    pub(super) fn with_hold(self, hold: &Hold) -> Self {
        self.with(":running", text(item::RUNNING))
            .with(":owner", text(&hold.owner))
            .with(":epoch", number(hold.epoch))
    }

    pub(super) fn hand_back_new(mut self) -> Self {
        self.back = ReturnValue::UpdatedNew;
        self
    }
}

impl DynamoDb {
    pub(super) async fn write(&self, key: &Fingerprint, write: Write) -> Result<Written, Unreachable> {
        let names = names(write.update).chain(names(write.condition)).collect();
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("fingerprint", text(&key.hex()))
            .update_expression(write.update)
            .condition_expression(write.condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(write.values))
            .return_values(write.back)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match call.send().await {
            Ok(answer) => return Ok(Written::Yes(answer.attributes.unwrap_or_default())),
            Err(error) => error,
        };
        if let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() {
            let old = failed.item().map(|item| Record::read(item).ok_or_else(|| self.unreadable()));
            return Ok(Written::No(old.transpose()?));
        }
        Err(self.unreachable(why(&error)))
    }
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Every `#name` of an expression: DynamoDB refuses those that are not used as well.
fn names(expression: &str) -> impl Iterator<Item = (String, String)> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '#');
    words.filter_map(|word| Some((word.to_owned(), word.strip_prefix('#')?.to_owned())))
}

/// The code or the kind of an error: its text may hold the request, and so the outcome.
fn why<R>(error: &SdkError<UpdateItemError, R>) -> String {
    if let Some(code) = error.code() {
        return code.to_owned();
    }
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be built or signed",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(failure) => match failure.as_connector_error().and_then(unsent) {
            Some(Unsent::NoConnection) => "no connection",
            Some(Unsent::NoCredentials) => "no credentials",
            Some(Unsent::CredentialsLate) => "the credentials did not come in time",
            None if failure.is_timeout() => "no answer in time",
            None => "the connection broke",
        },
        _ => "the reply could not be read",
    }
    .to_owned()
}
