//! Why exploring could not take place.

use std::io;
use std::path::PathBuf;

use siglab_model::Role;

/// Why exploring or replaying could not take place.
#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    /// The program can't be run.
    #[error(transparent)]
    Engine(#[from] siglab_engine::Error),
    /// The program can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is to be explored runs a program with the file's owner's rights, which a traced
    /// process doesn't get.
    #[error(
        "{} is set-user-ID or set-group-ID: under a tracer it runs without those rights, so \
         what is found says nothing; explore a copy without that bit",
        path.display()
    )]
    SetId {
        /// The program.
        path: PathBuf,
    },
    /// A script: its interpreter would be explored.
    #[error(
        "{} is a script for {interpreter}: siglab explores compiled programs, and what it \
         found would be about the interpreter; name the program that it runs",
        path.display()
    )]
    ScriptFile {
        /// The file.
        path: PathBuf,
        /// What runs it.
        interpreter: String,
    },
    /// It isn't a program for this processor in 64-bit mode.
    #[error("{} is {what}: siglab runs x86-64 programs only", path.display())]
    OtherMachine {
        /// The program.
        path: PathBuf,
        /// What it is, in words.
        what: String,
    },
    /// The dynamic linker can't load it.
    #[error("the program doesn't start: {message}")]
    NotLoaded {
        /// The dynamic linker's message.
        message: String,
    },
    /// Signals are to be sent to whom there isn't.
    #[error("no process or thread is called `{role}`; there {}", exist(roles))]
    NoSuchRole {
        /// The role that isn't there.
        role: Role,
        /// Those that are.
        roles: Vec<Role>,
    },
    /// The folder in which the program was started can't be used.
    #[error(
        "the working directory of the witness's program, {}, can't be used: {source}",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file isn't a witness.
    #[error("not a witness: {0}")]
    NotAWitness(String),
    /// The program isn't the one that the witness was made with.
    #[error(
        "{} has changed since the witness was made (it was {expected}, now it is {found}): \
         explore it again",
        path.display()
    )]
    Changed {
        /// The program.
        path: PathBuf,
        /// The hash in the witness.
        expected: String,
        /// The file's hash.
        found: String,
    },
}

/// `is main`, `are main and child`.
fn exist(roles: &[Role]) -> String {
    let names: Vec<String> = roles.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, [])) => format!("is {last}"),
        Some((last, others)) => format!("are {} and {last}", others.join(", ")),
        None => "are none".to_owned(),
    }
}
