//! Witnesses: a finding's run, to be seen again.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use siglab_engine::{Command, Follow, FollowFrom, Options, Script, Stdio, follow, run};
use siglab_model::{Injection, Kind, Moment, Policy, SigSet, Time, Trace, WaitFor, Waiting};
use siglab_sandbox::regular;

use crate::error::ExploreError;
use crate::finding::FindingKind;
use crate::judge::{is_fault, is_write};
use crate::subject::{LIMIT, Subject, VIRTUAL_LIMIT, check_program};

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
    /// The path by which it was started, which the program sees: through a link, or
    /// relative to the working directory. `program` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_as: Option<PathBuf>,
    /// Its `argv[0]`: the name by which somebody started it, if that isn't its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its working directory, as an absolute path; that of who replays it if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
    /// Its arguments, without its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Whether its standard input is a pipe that nobody writes to and that stays open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stdin_stays_open: bool,
    /// The terminal that it has, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Window>,
    /// The hash of the program's file, in hexadecimal digits.
    pub program_hash: String,
    /// Who runs next when several could.
    pub policy: Policy,
    /// What happens to it from outside besides.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub script: Script,
    /// Which signals are injected, and when.
    pub injections: Vec<Injection>,
    /// At which moments others run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preemptions: Vec<Moment>,
    /// Whether handlers are followed, which some findings are seen by.
    #[serde(default)]
    pub followed: bool,
    /// Virtual time that the run may take, in nanoseconds; an hour if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_limit: Option<Time>,
    /// The hash of the run's trace, in hexadecimal digits.
    pub trace_hash: String,
    /// The hash of `kind` and `trace_hash`: what this run was found to show. It notices that
    /// one was changed, and is no protection against anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding_hash: Option<String>,
}

/// The size of a terminal's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Rows.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
}

/// What replaying gave.
#[derive(Debug)]
pub struct Replayed {
    /// The run.
    pub trace: Trace,
    /// Whether its trace is the one that the witness was made from, byte for byte.
    pub same: bool,
    /// Whether the run shows what the witness says that it shows.
    pub shows_it: bool,
}

impl Witness {
    /// From a run of the program that `trace` is of.
    ///
    /// # Errors
    /// If the program can't be read.
    pub(crate) fn new(
        subject: &Subject<'_>,
        trace: &Trace,
        kind: Option<FindingKind>,
        followed: bool,
    ) -> Result<Self, ExploreError> {
        let path = |path: &Path| {
            fs::canonicalize(path).map_err(|source| ExploreError::Read {
                path: path.to_owned(),
                source,
            })
        };
        let command = subject.command;
        // What is relative is so to the folder that it is started in.
        let dir = path(command.dir.as_deref().unwrap_or(Path::new(".")))?;
        let program = path(&dir.join(&command.program))?;
        let trace_hash = format!("{:016x}", trace.hash());
        Ok(Self {
            schema: WITNESS_SCHEMA.to_owned(),
            finding_hash: Some(finding_hash(kind, &trace_hash)),
            kind,
            program_hash: hash_of(&program)?,
            program,
            started_as: Some(command.program.clone()),
            name: command
                .name
                .as_ref()
                .filter(|name| **name != *command.program)
                .map(|name| name.to_string_lossy().into_owned()),
            dir: Some(dir),
            args: trace.header.args.clone(),
            stdin_stays_open: command.stdin_stays_open,
            terminal: match command.stdio {
                Stdio::Terminal { rows, columns } | Stdio::ShownTerminal { rows, columns } => {
                    Some(Window { rows, columns })
                }
                Stdio::Capture | Stdio::PassThrough => None,
            },
            script: subject.script.clone(),
            policy: trace.header.policy.clone(),
            injections: trace.header.injections.clone(),
            preemptions: trace.header.preemptions.clone(),
            followed,
            virtual_limit: (subject.virtual_limit != VIRTUAL_LIMIT)
                .then_some(subject.virtual_limit),
            trace_hash,
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
        if witness.dir.as_ref().is_some_and(|dir| !dir.is_absolute()) {
            return Err(wrong(
                "the working directory's path isn't absolute".to_owned(),
            ));
        }
        Ok(witness)
    }
}

/// Runs a witness again.
///
/// # Errors
/// If the program can't be run, or isn't the one that the witness was made with; if its
/// working directory is gone.
pub fn replay(witness: &Witness, options: &Options) -> Result<Replayed, ExploreError> {
    let command = witness.command()?;
    let mut options = options.clone();
    options.policy = witness.policy.clone();
    options.injections = witness.injections.clone();
    options.preemptions = witness.preemptions.clone();
    options.explains = true;
    // A followed run takes long for what it is, and was made without a limit.
    options.limits.real_time = (!witness.followed).then_some(LIMIT);
    let virtual_limit = witness.virtual_limit.unwrap_or(VIRTUAL_LIMIT);
    options.limits.virtual_time = options.limits.virtual_time.min(virtual_limit);
    let trace = if witness.followed {
        follow(&command, &witness.script, &options, &HANDLERS)?.trace
    } else {
        run(&command, &witness.script, &options)?
    };
    let same = format!("{:016x}", trace.hash()) == witness.trace_hash;
    let is_meant = witness
        .finding_hash
        .as_ref()
        .is_none_or(|hash| *hash == finding_hash(witness.kind, &witness.trace_hash));
    let shows_it = is_meant && witness.kind.is_none_or(|kind| shows(&trace, kind));
    Ok(Replayed {
        trace,
        same,
        shows_it,
    })
}

/// Whether a run shows something of this kind at all. That it does is no proof: what is
/// wrong with what a program wrote takes other runs to tell.
fn shows(trace: &Trace, kind: FindingKind) -> bool {
    let any = |test: &dyn Fn(&Kind) -> bool| trace.events.iter().any(|event| test(&event.kind));
    match kind {
        FindingKind::Deadlock => any(&|kind| match kind {
            Kind::Deadlock { waiting } => {
                let is_lock = |it: &Waiting| matches!(it.what, WaitFor::Lock { .. });
                waiting
                    .iter()
                    .any(|it| is_lock(it) || is_write(&it.syscall))
            }
            _ => false,
        }),
        FindingKind::LostWakeup => any(&|kind| matches!(kind, Kind::Deadlock { .. })),
        FindingKind::Hang => trace.outcome.limit.is_some(),
        FindingKind::Crash => {
            any(&|kind| matches!(kind, Kind::Killed { signal, .. } if is_fault(*signal)))
        }
        FindingKind::KilledByDefault => {
            let injected: Vec<_> = trace.header.injections.iter().map(|it| it.signal).collect();
            any(&|kind| matches!(kind, Kind::Killed { signal, .. } if injected.contains(signal)))
        }
        FindingKind::UnsafeCall => any(&|kind| matches!(kind, Kind::UnsafeCall { .. })),
        FindingKind::ErrnoClobbered => any(&|kind| matches!(kind, Kind::ErrnoChanged { .. })),
        FindingKind::OutputCorrupted => any(&|kind| matches!(kind, Kind::Output { .. })),
        FindingKind::CriterionFailed => true,
    }
}

impl Witness {
    /// What it runs, in the way in which it was run then.
    fn command(&self) -> Result<Command, ExploreError> {
        self.check_hash(&self.program)?;
        check_program(&self.program)?;
        let mut command = Command::new(&self.program).args(self.args.iter().map(OsString::from));
        command.name = self.name.as_ref().map(OsString::from);
        command.stdin_stays_open = self.stdin_stays_open;
        if let Some(Window { rows, columns }) = self.terminal {
            command.stdio = Stdio::Terminal { rows, columns };
        }
        if let Some(dir) = &self.dir {
            if let Err(source) = fs::metadata(dir.join(".")) {
                return Err(ExploreError::Folder {
                    path: dir.clone(),
                    source,
                });
            }
            command.dir = Some(dir.clone());
        }
        if let Some(started_as) = &self.started_as {
            // A link may lead elsewhere by now.
            let path = self
                .dir
                .as_deref()
                .unwrap_or(Path::new(""))
                .join(started_as);
            self.check_hash(&path)?;
            check_program(&path)?;
            command.program.clone_from(started_as);
        }
        Ok(command)
    }

    fn check_hash(&self, path: &Path) -> Result<(), ExploreError> {
        let found = hash_of(path)?;
        if found == self.program_hash {
            return Ok(());
        }
        Err(ExploreError::Changed {
            path: path.to_owned(),
            expected: self.program_hash.clone(),
            found,
        })
    }
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
    rounds: 1,
    revisits: false,
    libraries: true,
    moments: false,
    most_steps: STEPS_IN_HANDLERS,
};

fn is_empty(script: &Script) -> bool {
    script.steps.is_empty()
}

/// A hash of a file's content: 64-bit FNV-1a. It tells programs apart, and isn't meant to
/// withstand anybody.
fn hash_of(path: &Path) -> Result<String, ExploreError> {
    let bytes =
        regular::read(path, regular::MOST_PROGRAM).map_err(|source| ExploreError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(hash(&bytes))
}

/// The hash of what a run shows.
fn finding_hash(kind: Option<FindingKind>, trace_hash: &str) -> String {
    let kind = kind.map_or("outcome", FindingKind::id);
    hash(format!("{kind} {}", trace_hash.to_ascii_lowercase()).as_bytes())
}

fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use siglab_engine::{Action, Key, Step, When};
    use siglab_model::{Place, Role, Signal};

    use super::*;

    fn some<T: std::fmt::Debug>(
        strategy: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Vec<T>> {
        prop::collection::vec(strategy, 0..3)
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z_]{1,8}", any::<String>()]
    }

    fn role() -> impl Strategy<Value = Role> {
        "(main|child(\\.[2-9])?|child/thread)".prop_map(|name| Role::new(&name))
    }

    fn signal() -> impl Strategy<Value = Signal> {
        (1..=64).prop_map(|number| Signal::new(number).expect("it is in range"))
    }

    fn moment() -> impl Strategy<Value = Moment> {
        let instruction = (text(), any::<u64>(), any::<u32>());
        let place = prop_oneof![
            Just(Place::Waiting),
            instruction.prop_map(|(module, address, hit)| Place::Instruction {
                module,
                address,
                hit,
            }),
        ];
        let moment = (role(), any::<u64>(), place);
        moment.prop_map(|(role, calls, place)| Moment { role, calls, place })
    }

    fn when() -> impl Strategy<Value = When> {
        let syscall = prop::option::of(text());
        prop_oneof![
            Just(When::Now),
            any::<u64>().prop_map(|at| When::At(Time::from_nanos(at))),
            (any::<u64>(), 0..1_000_000_000_u32)
                .prop_map(|(secs, nanos)| When::After(Duration::new(secs, nanos))),
            text().prop_map(When::Output),
            (text(), syscall).prop_map(|(role, syscall)| When::Waiting { role, syscall }),
            text().prop_map(|role| When::Ended { role }),
            Just(When::Injected),
        ]
    }

    fn action() -> impl Strategy<Value = Action> {
        let keys = [Key::CtrlC, Key::CtrlBackslash, Key::CtrlZ, Key::CtrlD];
        prop_oneof![
            Just(Action::Nothing),
            (signal(), text()).prop_map(|(signal, to)| Action::Send { signal, to }),
            (signal(), text()).prop_map(|(signal, to)| Action::SendGroup { signal, to }),
            (signal(), any::<i32>(), text()).prop_map(|(signal, value, to)| Action::Queue {
                signal,
                value,
                to
            }),
            select(keys.to_vec()).prop_map(Action::Press),
            text().prop_map(Action::Type),
            Just(Action::CloseStdin),
            Just(Action::HangUp),
            any::<(u16, u16)>().prop_map(|(rows, columns)| Action::Resize { rows, columns }),
        ]
    }

    fn policy() -> impl Strategy<Value = Policy> {
        prop_oneof![
            Just(Policy::InOrder),
            Just(Policy::NewestFirst),
            any::<u64>().prop_map(|seed| Policy::Random { seed }),
            some(role()).prop_map(|choices| Policy::Replay { choices }),
        ]
    }

    fn witness() -> impl Strategy<Value = Witness> {
        let maybe = prop::option::of::<BoxedStrategy<String>>;
        let path = || text().prop_map(|name| format!("/{name}"));
        let program = (path(), maybe(text().boxed()), maybe(text().boxed()));
        let stdio = (any::<bool>(), prop::option::of(any::<(u16, u16)>()));
        let started = (program, maybe(path().boxed()), some(text()), stdio);
        let step = (when(), action()).prop_map(|(when, action)| Step { when, action });
        let injection =
            (moment(), signal()).prop_map(|(moment, signal)| Injection { moment, signal });
        let outside = (some(step), some(injection), some(moment()));
        let limit = prop::option::of(any::<u64>().prop_map(Time::from_nanos));
        let hashes = (
            "[0-9a-f]{16}",
            "[0-9a-fA-F]{16}",
            maybe("[0-9a-f]{16}".boxed()),
        );
        let run = (policy(), outside, any::<bool>(), limit);
        let kind = prop::option::of(select(FindingKind::ALL.to_vec()));
        (kind, started, run, hashes).prop_map(
            |(
                kind,
                ((program, started_as, name), dir, args, (stdin_stays_open, terminal)),
                (policy, (steps, injections, preemptions), followed, virtual_limit),
                (program_hash, trace_hash, finding_hash),
            )| Witness {
                schema: WITNESS_SCHEMA.to_owned(),
                kind,
                program: program.into(),
                started_as: started_as.map(PathBuf::from),
                name,
                dir: dir.map(PathBuf::from),
                args,
                stdin_stays_open,
                terminal: terminal.map(|(rows, columns)| Window { rows, columns }),
                program_hash,
                policy,
                script: Script { steps },
                injections,
                preemptions,
                followed,
                virtual_limit,
                trace_hash,
                finding_hash,
            },
        )
    }

    fn written(witness: &Witness) -> String {
        serde_json::to_string(witness).expect("its paths are UTF-8")
    }

    fn refused_or_written_back(text: &str) -> Result<(), TestCaseError> {
        if let Ok(witness) = Witness::parse(text) {
            let again = Witness::parse(&written(&witness));
            prop_assert_eq!(again.expect("it was just written"), witness);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_witness_reads_back(witness in witness()) {
            let back = Witness::parse(&written(&witness)).expect("it was just written");
            prop_assert_eq!(back, witness);
        }

        #[test]
        fn a_witness_that_is_cut_short_is_refused(witness in witness(), at in any::<Index>()) {
            let text = written(&witness);
            let at = at.index(text.chars().count());
            let cut: String = text.chars().take(at).collect();
            prop_assert!(Witness::parse(&cut).is_err());
        }

        #[test]
        fn a_witness_that_somebody_changed_is_refused_or_written_back(
            witness in witness(),
            at in any::<Index>(),
            length in 0..40_usize,
            piece in prop_oneof!["[]\\[{}\",:]{0,2}", "-?[0-9]{1,20}(e9)?", any::<String>()],
        ) {
            let mut characters: Vec<char> = written(&witness).chars().collect();
            let at = at.index(characters.len());
            let end = characters.len().min(at + length);
            characters.splice(at..end, piece.chars());
            refused_or_written_back(&characters.into_iter().collect::<String>())?;
        }

        #[test]
        fn any_text_is_refused_or_written_back(text in any::<String>()) {
            refused_or_written_back(&text)?;
        }
    }
}
