//! Members that taskback reads: each at most once, their names in any case, null counting as absent.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::members::{Members, Repeated, is_null};

/// A member that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldError {
    /// There is more than one of that name.
    Repeated(&'static str),
    /// It has another type than expected.
    WrongType(&'static str),
}

/// A member that may be null.
pub(crate) fn optional<'a>(
    members: &Members<'a>,
    name: &'static str,
) -> Result<Option<&'a RawValue>, FieldError> {
    members.in_any_case(name).map_err(|Repeated| FieldError::Repeated(name))
}

/// A member of which null counts as absent.
pub(crate) fn given<'a>(
    members: &Members<'a>,
    name: &'static str,
) -> Result<Option<&'a RawValue>, FieldError> {
    Ok(optional(members, name)?.filter(|value| !is_null(value)))
}

/// A member of that type.
pub(crate) fn field<'a, T: Deserialize<'a>>(
    members: &Members<'a>,
    name: &'static str,
) -> Result<Option<T>, FieldError> {
    let Some(value) = given(members, name)? else { return Ok(None) };
    serde_json::from_str(value.get()).map(Some).map_err(|_| FieldError::WrongType(name))
}

/// A member of that type that must be there.
pub(crate) fn required<'a, T: Deserialize<'a>>(
    members: &Members<'a>,
    name: &'static str,
) -> Result<T, FieldError> {
    field(members, name)?.ok_or(FieldError::WrongType(name))
}
