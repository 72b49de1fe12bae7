//! Witnesses: a finding's run, to be seen again.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use siglab_engine::{Command, Follow, FollowFrom, Options, Script, follow, run};
use siglab_model::{Injection, Policy, SigSet, Trace};

use crate::baseline::{LIMIT, VIRTUAL_LIMIT};
use crate::error::ExploreError;
use crate::finding::FindingKind;

/// The name and version of the serialised form.
pub const WITNESS_SCHEMA: &str = "siglab/witness/v1";

/// All that is needed to see a finding again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// [`WITNESS_SCHEMA`].
    pub schema: String,
    /// The finding; absent for an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FindingKind>,
    /// The program, as an absolute path.
    pub program: PathBuf,
    /// Its arguments, without its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The hash of the program's file, in hexadecimal digits.
    pub program_hash: String,
    /// Who runs next when several could.
    pub policy: Policy,
    /// What happens to it from outside besides.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub script: Script,
    /// Which signals are injected, and when.
    pub injections: Vec<Injection>,
    /// Whether handlers are followed, which some findings are seen by.
    #[serde(default)]
    pub followed: bool,
    /// The hash of the run's trace, in hexadecimal digits.
    pub trace_hash: String,
}

/// What replaying gave.
#[derive(Debug)]
pub struct Replayed {
    /// The run.
    pub trace: Trace,
    /// Whether its trace is the one that the witness was made from, byte for byte.
    pub same: bool,
}

impl Witness {
    /// From the run of `command` that `trace` is of.
    ///
    /// # Errors
    /// If the program can't be read.
    pub(crate) fn new(
        command: &Command,
        script: &Script,
        trace: &Trace,
        kind: Option<FindingKind>,
        followed: bool,
    ) -> Result<Self, ExploreError> {
        let program = fs::canonicalize(&command.program).map_err(|source| ExploreError::Read {
            path: command.program.clone(),
            source,
        })?;
        Ok(Self {
            schema: WITNESS_SCHEMA.to_owned(),
            kind,
            program_hash: hash_of(&program)?,
            program,
            args: trace.header.args.clone(),
            script: script.clone(),
            policy: trace.header.policy.clone(),
            injections: trace.header.injections.clone(),
            followed,
            trace_hash: format!("{:016x}", trace.hash()),
        })
    }

    /// Reads a witness.
    ///
    /// # Errors
    /// If the text isn't one.
    pub fn parse(text: &str) -> Result<Self, ExploreError> {
        let wrong = |what: String| ExploreError::NotAWitness(what);
        let witness: Self = serde_json::from_str(text).map_err(|error| {
            wrong(if error.is_eof() {
                "the file is cut short".to_owned()
            } else {
                error.to_string()
            })
        })?;
        if witness.schema != WITNESS_SCHEMA {
            return Err(wrong(format!(
                "its schema is `{}`, not `{WITNESS_SCHEMA}`",
                witness.schema
            )));
        }
        for hash in [&witness.program_hash, &witness.trace_hash] {
            if hash.len() != 16 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(wrong(format!(
                    "`{hash}` is not a hash of 16 hexadecimal digits"
                )));
            }
        }
        if !witness.program.is_absolute() {
            return Err(wrong("the program's path isn't absolute".to_owned()));
        }
        Ok(witness)
    }
}

/// Runs a witness again.
///
/// # Errors
/// If the program can't be run, or isn't the one that the witness was made with.
pub fn replay(witness: &Witness, options: &Options) -> Result<Replayed, ExploreError> {
    let found = hash_of(&witness.program)?;
    if found != witness.program_hash {
        return Err(ExploreError::Changed {
            path: witness.program.clone(),
            expected: witness.program_hash.clone(),
            found,
        });
    }
    let command = Command::new(&witness.program).args(witness.args.iter().map(OsString::from));
    let mut options = options.clone();
    options.policy = witness.policy.clone();
    options.injections = witness.injections.clone();
    options.explains = true;
    // A followed run takes long for what it is, and was made without a limit.
    options.limits.real_time = (!witness.followed).then_some(LIMIT);
    options.limits.virtual_time = options.limits.virtual_time.min(VIRTUAL_LIMIT);
    let trace = if witness.followed {
        follow(&command, &witness.script, &options, &HANDLERS)?.trace
    } else {
        run(&command, &witness.script, &options)?
    };
    let same = format!("{:016x}", trace.hash()) == witness.trace_hash;
    Ok(Replayed { trace, same })
}

/// Instructions of handlers that are followed at the most: a handler is short, unless it
/// panics and reads its own debug information.
pub(crate) const STEPS_IN_HANDLERS: u64 = 60_000;

/// How handlers are followed in a run that shows what they call.
pub(crate) const HANDLERS: Follow = Follow {
    from: FollowFrom::InHandlers,
    roles: Vec::new(),
    signals: SigSet::EMPTY,
    linker: false,
    moments: false,
    most_steps: STEPS_IN_HANDLERS,
};

fn is_empty(script: &Script) -> bool {
    script.steps.is_empty()
}

/// A hash of a file's content: 64-bit FNV-1a. It tells programs apart, and isn't meant to
/// withstand anybody.
fn hash_of(path: &Path) -> Result<String, ExploreError> {
    let bytes = fs::read(path).map_err(|source| ExploreError::Read {
        path: path.to_owned(),
        source,
    })?;
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Ok(format!("{hash:016x}"))
}
