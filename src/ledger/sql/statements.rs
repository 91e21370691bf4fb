//! The statements of a ledger, written once for all databases.
//!
//! Each is one statement in autocommit: a transaction would leave its locks behind with an owner that freezes. Each is
//! conditional on owner and epoch or on the outcome's digest, and compares times with the database's own clock.

use super::dialect::Dialect;
use super::driver::Value;

/// The statements in one database's SQL.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) insert: Statement,
    pub(super) take: Statement,
    pub(super) read: Statement,
    pub(super) renew: Statement,
    pub(super) release: Statement,
    pub(super) decide: Statement,
    pub(super) replace: Statement,
    pub(super) mark_reported: Statement,
    pub(super) look: Statement,
    pub(super) look_by_start: Statement,
    pub(super) look_by_id: Statement,
    pub(super) revoke: Statement,
}

/// A task that no owner ever claimed. No row is written where there is one.
const INSERT: &str = "INSERT INTO taskback_ledger \
    (fingerprint, state, owner, epoch, lease_until, input, execution, expires) \
    VALUES (:key, 'Running', :owner, 1, {now} + :lease, :input, :execution, {expires}){if_absent}";

/// A task that no owner holds. The writer's own claim does not count as free, so a repeated one keeps its epoch.
const TAKE: &str = "UPDATE taskback_ledger SET state = 'Running', owner = :owner, epoch = epoch + 1, \
    lease_until = {now} + :lease, input = COALESCE(input, :input), execution = COALESCE(:execution, execution), \
    expires = {expires} \
    WHERE fingerprint = :key AND (state = 'Released' OR (state = 'Running' AND lease_until <= {now} AND owner <> :owner))";

/// The columns that [`super::row`] reads.
const READ: &str = "SELECT {now}, state, owner, epoch, lease_until, input, outcome, digest, receipt \
    FROM taskback_ledger WHERE fingerprint = :key{locked}";

/// The row for people: read without a lock, which takes no permission but SELECT.
const LOOK: &str = "SELECT {now}, state, owner, epoch, lease_until, input, outcome, digest, receipt, \
    fingerprint, execution FROM taskback_ledger WHERE ";

const BY_KEY: &str = "fingerprint = :key";

/// The next row behind `:after`, in the order of the primary key.
const BY_START: &str = "fingerprint LIKE :pattern AND fingerprint > :after ORDER BY fingerprint LIMIT 1";

const BY_ID: &str = "execution LIKE :pattern ESCAPE '!' AND execution LIKE :part ESCAPE '!' \
    AND fingerprint > :after ORDER BY fingerprint LIMIT 1";

/// Ends the claim of an owner that is dead.
const REVOKE: &str = "UPDATE taskback_ledger SET state = 'Released', epoch = epoch + 1, lease_until = NULL, \
    expires = {expires} WHERE fingerprint = :key AND state = 'Running' AND epoch = :epoch";

/// A renewal that is performed late shortens no lease.
const RENEW: &str = "UPDATE taskback_ledger \
    SET lease_until = CASE WHEN lease_until > {now} + :lease THEN lease_until ELSE {now} + :lease END WHERE {held}";

const RELEASE: &str =
    "UPDATE taskback_ledger SET state = 'Released', lease_until = NULL, expires = {expires} WHERE {held}";

const DECIDE: &str = "UPDATE taskback_ledger SET state = 'Decided', outcome = :outcome, digest = :digest, \
    lease_until = NULL, expires = {expires} WHERE {held}";

const REPLACE: &str =
    "UPDATE taskback_ledger SET outcome = :outcome, digest = :digest, expires = {expires} WHERE {decided}";

const MARK_REPORTED: &str = "UPDATE taskback_ledger SET state = 'Reported', receipt = :receipt, outcome = NULL, \
    expires = {expires} WHERE {decided}";

/// The writer holds the lease.
const HELD: &str = "fingerprint = :key AND state = 'Running' AND owner = :owner AND epoch = :epoch";

/// The outcome of a digest is decided and not reported.
const DECIDED: &str = "fingerprint = :key AND state = 'Decided' AND digest = :decided";

/// 35 days after the last transition, as in DynamoDB: longer than a message can spend in a queue and then in its
/// dead-letter queue.
const EXPIRES: &str = "{now} + 3024000000";

impl Statements {
    pub(super) fn new(dialect: &Dialect) -> Self {
        let statement = |text| Statement::new(text, dialect);
        Self {
            insert: statement(INSERT),
            take: statement(TAKE),
            read: statement(READ),
            renew: statement(RENEW),
            release: statement(RELEASE),
            decide: statement(DECIDE),
            replace: statement(REPLACE),
            mark_reported: statement(MARK_REPORTED),
            look: statement(&format!("{LOOK}{BY_KEY}")),
            look_by_start: statement(&format!("{LOOK}{BY_START}")),
            look_by_id: statement(&format!("{LOOK}{BY_ID}")),
            revoke: statement(REVOKE),
        }
    }
}

/// A statement, and the name of each of its parameters in order.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sql: String,
    parameters: Vec<Parameter>,
}

#[derive(Clone, Copy, Debug)]
enum Parameter {
    Key,
    Owner,
    Epoch,
    Lease,
    Input,
    Execution,
    Outcome,
    Digest,
    Decided,
    Receipt,
    Pattern,
    Part,
    After,
}

const PARAMETERS: [(&str, Parameter); 13] = [
    (":key", Parameter::Key),
    (":owner", Parameter::Owner),
    (":epoch", Parameter::Epoch),
    (":lease", Parameter::Lease),
    (":input", Parameter::Input),
    (":execution", Parameter::Execution),
    (":outcome", Parameter::Outcome),
    (":digest", Parameter::Digest),
    (":decided", Parameter::Decided),
    (":receipt", Parameter::Receipt),
    (":pattern", Parameter::Pattern),
    (":part", Parameter::Part),
    (":after", Parameter::After),
];

/// The values of all parameters; a statement takes those that it names.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub(super) key: String,
    pub(super) owner: String,
    pub(super) epoch: i64,
    /// In milliseconds.
    pub(super) lease: i64,
    pub(super) input: Option<String>,
    pub(super) execution: Option<String>,
    pub(super) outcome: String,
    pub(super) digest: String,
    pub(super) decided: String,
    pub(super) receipt: String,
    /// What a search looks for, and behind which key.
    pub(super) pattern: String,
    pub(super) part: String,
    pub(super) after: String,
}

impl Statement {
    fn new(text: &str, dialect: &Dialect) -> Self {
        let text = text.replace("{held}", HELD).replace("{decided}", DECIDED).replace("{expires}", EXPIRES);
        let text = dialect.translate(&text);
        let (mut sql, mut parameters) = (String::new(), Vec::new());
        let mut rest = &*text;
        while let Some(at) = rest.find(':') {
            let (before, tail) = rest.split_at(at);
            sql.push_str(before);
            match PARAMETERS.iter().find(|(name, _)| tail.starts_with(name)) {
                Some((name, parameter)) => {
                    parameters.push(*parameter);
                    sql.push_str(&placeholder(dialect, parameters.len()));
                    rest = &tail[name.len()..];
                }
                None => {
                    sql.push(':');
                    rest = &tail[1..];
                }
            }
        }
        sql.push_str(rest);
        Self { sql, parameters }
    }

    /// The statement's parameters out of all values.
    pub(super) fn bind<'a>(&self, values: &'a Values) -> Vec<Value<'a>> {
        self.parameters.iter().map(|parameter| values.get(*parameter)).collect()
    }
}

fn placeholder(dialect: &Dialect, number: usize) -> String {
    if dialect.numbered { format!("${number}") } else { "?".to_owned() }
}

impl Values {
    fn get(&self, parameter: Parameter) -> Value<'_> {
        match parameter {
            Parameter::Key => Value::Text(Some(&self.key)),
            Parameter::Owner => Value::Text(Some(&self.owner)),
            Parameter::Epoch => Value::Number(self.epoch),
            Parameter::Lease => Value::Number(self.lease),
            Parameter::Input => Value::Text(self.input.as_deref()),
            Parameter::Execution => Value::Text(self.execution.as_deref()),
            Parameter::Outcome => Value::Text(Some(&self.outcome)),
            Parameter::Digest => Value::Text(Some(&self.digest)),
            Parameter::Decided => Value::Text(Some(&self.decided)),
            Parameter::Receipt => Value::Text(Some(&self.receipt)),
            Parameter::Pattern => Value::Text(Some(&self.pattern)),
            Parameter::Part => Value::Text(Some(&self.part)),
            Parameter::After => Value::Text(Some(&self.after)),
        }
    }
}

/// An epoch that no claim can have counts as none: it meets no condition.
pub(super) fn number(epoch: u64) -> i64 {
    i64::try_from(epoch).unwrap_or(-1)
}
