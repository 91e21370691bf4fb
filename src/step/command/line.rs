//! The command of a step.

use std::fmt;

/// A program and its arguments, run as they are: there is no shell between.
///
/// ```
/// use taskback::CommandLine;
///
/// assert!(CommandLine::parse("./verify --strict").is_ok());
/// assert!(CommandLine::parse(r#"["/bin/sh", "-c", "sort | head -n 1"]"#).is_ok());
/// assert!(CommandLine::parse("./verify 'a word'").is_err(), "quotes need the JSON array");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CommandLine {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

impl CommandLine {
    /// The program, as a path or a name that is looked up in `PATH`.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The arguments of the program.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Parses words between white space, `python3 step.py`; or, where a word itself has white space or quotes,
    /// a JSON array of them, `["/bin/sh", "-c", "sort | head -n 1"]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let words: Vec<String> = if text.starts_with('[') {
            // The error's own text may show an argument.
            serde_json::from_str(text).map_err(|_| "is a command whose JSON is no array of texts")?
        } else if text.contains(['"', '\'', '\\']) {
            return Err(
                "is a command with quotes, which are not interpreted: write a JSON array of its words".into(),
            );
        } else {
            text.split_whitespace().map(str::to_owned).collect()
        };
        if words.iter().any(|word| word.contains('\0')) {
            return Err("is a command with a NUL character".into());
        }
        if words.first().is_some_and(|word| sets_a_variable(word)) {
            return Err("is a command that begins with a variable, which only a shell would set".into());
        }
        let mut words = words.into_iter();
        match words.next() {
            Some(program) if !program.is_empty() => {
                let arguments: Vec<_> = words.collect();
                if arguments.is_empty() && reads_program_from_stdin(&program) {
                    return Err(format!(
                        "is the command {program:?} without a script: it would run the task's input as its program"
                    ));
                }
                Ok(Self { program, arguments })
            }
            _ => Err("is a command without a program".into()),
        }
    }
}

/// Returns whether it is a shell or an interpreter, by its name, also with a version.
fn reads_program_from_stdin(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let names =
        ["sh", "bash", "dash", "ash", "ksh", "zsh", "fish", "python", "node", "ruby", "perl", "php", "lua"];
    names.contains(&name)
}

/// Returns whether it is `KEY=value`, which is not a program's name; the value may be a secret.
fn sets_a_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// The program's name: arguments may hold secrets.
impl fmt::Debug for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandLine({:?} and {} arguments)", self.program, self.arguments.len())
    }
}
