//! `taskback dead-letters list|redrive`: the messages of a dead-letter queue.

mod pass;
mod printed;

use std::error::Error;
use std::sync::Arc;

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use taskback::ledger::LedgerRecords;
use taskback::{Clients, DeadLetterQueue, MessageFormat, Settings};
use taskback_core::printable;

use crate::exit::CommandResult;
use crate::records::LedgerArgs;
use pass::{Action, Pass};

/// Shows what the messages of a dead-letter queue are by the ledger, and moves those back for which that is useful.
///
/// Each message that is looked at is received once, which counts as a receive of it, and is visible again afterwards.
/// While the command runs, and for 5 minutes if it is killed, no other reader of the queue has these messages.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: LettersCommand,
}

#[derive(Subcommand)]
enum LettersCommand {
    List(ListArgs),
    Redrive(RedriveArgs),
}

/// Shows each message: what it is, and what a redrive of it would do.
///
/// It needs sqs:ReceiveMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes and sqs:ListDeadLetterSourceQueues on
/// the queue, and dynamodb:GetItem on the table of the ledger, or SELECT on taskback_ledger.
#[derive(clap::Args)]
#[command(after_help = EXIT_CODES)]
struct ListArgs {
    #[command(flatten)]
    queue: QueueArgs,
}

/// Moves the messages back for which that is useful: each is sent to the other queue, then deleted here.
///
/// Without --apply it only shows what it would do. Messages that stay are those of finished tasks, of tasks that a worker
/// runs, and those that no worker can read. A start of a flow without a name gets the name of its first message, so that it
/// starts nothing twice. It works on FIFO queues, whose groups stay in order.
///
/// It needs the permissions of `list`, and with --apply sqs:DeleteMessage on the queue and sqs:SendMessage on the other.
#[derive(clap::Args)]
#[command(after_help = EXIT_CODES)]
struct RedriveArgs {
    #[command(flatten)]
    queue: QueueArgs,
    /// The queue that gets the messages; the one whose redrive policy names the dead-letter queue, unless set.
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    to: Option<String>,
    /// Moves them.
    #[arg(long)]
    apply: bool,
    /// Deletes the messages of tasks that have a receipt, with --apply.
    #[arg(long)]
    delete_reported: bool,
}

#[derive(clap::Args)]
struct QueueArgs {
    /// The dead-letter queue.
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    queue_url: String,
    #[command(flatten)]
    ledger: LedgerArgs,
    /// Number of messages to look at, 1 to 100000.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max: u32,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  some messages could not be moved or deleted, or an error ended the pass early; stderr says which
  2  an invalid argument or setting, or the queue or the ledger cannot be used";

pub(crate) async fn run(args: Args) -> CommandResult {
    match args.command {
        LettersCommand::List(args) => list(args).await,
        LettersCommand::Redrive(args) => redrive(args).await,
    }
}

async fn list(args: ListArgs) -> CommandResult {
    let Connected { queue, records, format } = args.queue.connect().await?;
    // Only for the name of a start: a role that may not ask looks at all the rest.
    let source_arn = match queue.sources().await.unwrap_or_default().as_slice() {
        [source] => queue.arn_of(source).await.ok(),
        _ => None,
    };
    let pass = Pass {
        queue,
        records,
        format,
        source_arn,
        action: Action::Look,
        max: args.queue.max,
        json: args.queue.json,
    };
    pass.run().await?.print(None, args.queue.json)
}

async fn redrive(args: RedriveArgs) -> CommandResult {
    let Connected { queue, records, format } = args.queue.connect().await?;
    let sources = match &args.to {
        Some(_) => queue.sources().await.unwrap_or_default(),
        None => queue.sources().await?,
    };
    let to = match (args.to, sources.as_slice()) {
        (Some(to), _) => to,
        (None, [source]) => source.clone(),
        (None, []) => {
            return Err("no queue's redrive policy names this queue: expected --to URL".into());
        }
        (None, sources) => {
            return Err(format!(
                "the redrive policies of {} queues name this queue: expected --to URL",
                sources.len()
            )
            .into());
        }
    };
    // One queue has several URLs. A queue that does not exist is found here, before anything is looked at.
    let target =
        queue.arn_of(&to).await.map_err(|error| format!("--to {}: {error}", printable(&to, CHARS)))?;
    let own = queue.arn_of(&args.queue.queue_url).await.map_err(|error| format!("--queue-url: {error}"))?;
    if target == own {
        return Err("--to: expected another queue than --queue-url".into());
    }
    if !sources.is_empty() && !sources.iter().any(|source| is_url_of(source, &target)) {
        eprintln!("taskback: warning: --to: its redrive policy does not name the queue of --queue-url");
    }
    let source_arn = match sources.as_slice() {
        [source] => queue.arn_of(source).await.ok(),
        _ => None,
    };
    let action = Action::Redrive { to: to.clone(), apply: args.apply, delete_reported: args.delete_reported };
    let pass =
        Pass { queue, records, format, source_arn, action, max: args.queue.max, json: args.queue.json };
    pass.run().await?.print(Some((&to, args.apply)), args.queue.json)
}

/// Whether a URL of SQS, whose path is account and name, is that of an ARN of the same region.
fn is_url_of(url: &str, arn: &str) -> bool {
    let mut parts = arn.rsplitn(3, ':');
    let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    url.ends_with(&format!("/{account}/{name}"))
}

/// The longest URL that is printed.
const CHARS: usize = 256;

struct Connected {
    queue: DeadLetterQueue,
    records: Arc<dyn LedgerRecords>,
    format: MessageFormat,
}

impl QueueArgs {
    async fn connect(&self) -> Result<Connected, Box<dyn Error>> {
        let settings: Settings = self.ledger.settings()?;
        let clients = Clients::connect(&settings).await;
        if !clients.has_aws_region() {
            return Err("AWS_REGION: not set; the queue is in SQS".into());
        }
        let queue = DeadLetterQueue::new(clients.sqs_at(&self.queue_url)?, &self.queue_url);
        let records = taskback::ledger::open_records(&clients)?;
        Ok(Connected { queue, records, format: settings.message_format })
    }
}
