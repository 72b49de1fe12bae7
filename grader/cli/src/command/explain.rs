//! `siglab explain`.

use serde::Serialize;
use siglab_lab::{CompileError, Diagnosis, ErrorKind, GradeError, GradeOptions};
use siglab_model::{DefaultAction, Event, Signal};
use siglab_tutor::signals::{self, Documented, Tried};
use siglab_tutor::{Found, Listing, Live, LiveError, Page, SignalTable, Topics};

use crate::args::{Explain, TextOrJson};
use crate::failure::Failure;
use crate::progress::Waiting;
use crate::{exit, explain, interrupt, output};

/// The name and version of the JSON form.
const SCHEMA: &str = "siglab/explain/v1";

/// The word for the table of all signals, which is no topic.
const TABLE: &str = "signals";

/// All topics.
#[derive(Serialize)]
struct All<'a> {
    schema: &'static str,
    groups: Vec<GroupEntry<'a>>,
}

#[derive(Serialize)]
struct GroupEntry<'a> {
    title: &'a str,
    topics: Vec<&'a str>,
}

/// One topic.
#[derive(Serialize)]
struct One<'a> {
    schema: &'static str,
    topic: &'a str,
    also: &'a [String],
    text: &'a str,
    see: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<SignalEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunEntry<'a>>,
    /// Why there is no run.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_run: Option<String>,
}

/// What a small program did.
#[derive(Serialize)]
struct RunEntry<'a> {
    file: &'a str,
    source: &'a str,
    /// Whether it shows what the text says.
    as_told: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<&'a Diagnosis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<&'a [Event]>,
}

/// A signal.
#[derive(Serialize)]
struct SignalEntry {
    number: i32,
    names: Vec<String>,
    default_action: DefaultAction,
    can_be_caught: bool,
    queues: bool,
    standard: String,
    sender: String,
    /// What was tried on the running kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    tried: Option<TriedEntry>,
}

#[derive(Serialize)]
struct TriedEntry {
    default_action: DefaultAction,
    /// Whether a core dump would have been seen.
    sees_cores: bool,
    can_be_caught: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    queues: Option<bool>,
}

/// All signals.
#[derive(Serialize)]
struct Table {
    schema: &'static str,
    signals: Vec<SignalEntry>,
}

impl SignalEntry {
    fn new(documented: Documented, tried: Option<&Tried>) -> Self {
        let signal: Signal = documented.signal;
        Self {
            number: signal.number(),
            names: documented.names,
            default_action: signal.default_action(),
            can_be_caught: signal.can_be_caught(),
            queues: signal.is_realtime(),
            standard: documented.standard,
            sender: documented.sender,
            tried: tried.map(|tried| TriedEntry {
                default_action: tried.action,
                sees_cores: tried.sees_cores,
                can_be_caught: tried.can_be_caught,
                queues: tried.queues,
            }),
        }
    }
}

pub(crate) fn run(args: &Explain) -> Result<u8, Failure> {
    if let Some(what) = &args.probe {
        return Ok(explain::probe(what));
    }
    let topics = Topics::read().map_err(|error| Failure::new(exit::INTERNAL, error))?;
    let word = args.words.join(" ");
    match word.trim() {
        "" => list(&topics, args.format),
        word if word.eq_ignore_ascii_case(TABLE) => table(&topics, args),
        word => one(&topics, word, args),
    }
}

fn list(topics: &Topics, format: TextOrJson) -> Result<u8, Failure> {
    match format {
        TextOrJson::Json => {
            let groups = topics.groups().iter().map(|group| GroupEntry {
                title: &group.title,
                topics: group.topics.iter().map(|topic| topic.id.as_str()).collect(),
            });
            let groups = groups.collect();
            output::print_json(&All {
                schema: SCHEMA,
                groups,
            })?;
        }
        TextOrJson::Text => {
            let columns = output::columns();
            output::print(Listing { topics, columns })?;
        }
    }
    Ok(exit::OK)
}

/// The table of all signals.
fn table(topics: &Topics, args: &Explain) -> Result<u8, Failure> {
    let tried = if args.no_run {
        Vec::new()
    } else {
        let waiting = Waiting::new("trying every signal");
        let tried = explain::try_all().map_err(|error| {
            let reason = crate::failure::reason(&error);
            Failure::new(
                exit::ENVIRONMENT,
                format_args!("can't try the signals out: {reason}"),
            )
        });
        drop(waiting);
        tried?
    };
    match args.format {
        TextOrJson::Json => {
            let entry = |signal| {
                let tried = tried.iter().find(|tried| tried.signal == signal);
                SignalEntry::new(signals::documented(topics, signal), tried)
            };
            let signals = Signal::all().map(entry).collect();
            output::print_json(&Table {
                schema: SCHEMA,
                signals,
            })?;
        }
        TextOrJson::Text => output::print(SignalTable {
            topics,
            tried: &tried,
            columns: output::columns(),
        })?,
    }
    let as_documented = tried.iter().all(|tried| tried.differs().is_none());
    Ok(if as_documented { exit::OK } else { exit::FOUND })
}

/// One topic.
fn one(topics: &Topics, word: &str, args: &Explain) -> Result<u8, Failure> {
    let found = topics
        .find(word)
        .map_err(|error| Failure::usage(error).hint("`siglab explain` lists what there is"))?;
    let (live, missing) = match live(topics, found, args)? {
        Ok(live) => (live, None),
        Err(why) => (None, Some(why)),
    };
    match args.format {
        TextOrJson::Json => output::print_json(&document(topics, found, live.as_ref(), missing))?,
        TextOrJson::Text => {
            output::print(Page {
                topics,
                found,
                live: live.as_ref(),
                unicode: output::unicode(),
                columns: output::columns(),
            })?;
            if let Some(why) = missing {
                output::tell(format_args!("siglab: the text only, without a run: {why}"));
            }
            if live.is_some_and(|live| !live.is_as_told()) {
                output::tell("siglab: on this machine, the run doesn't show what the text says");
            }
        }
    }
    Ok(exit::OK)
}

/// The topic's run, or why this machine can't have it.
fn live(
    topics: &Topics,
    found: Found<'_>,
    args: &Explain,
) -> Result<Result<Option<Live>, String>, Failure> {
    if args.no_run {
        return Ok(Ok(None));
    }
    let options = GradeOptions {
        cancel: interrupt::install().map_err(Failure::no_handlers)?,
        ..GradeOptions::default()
    };
    let waiting = Waiting::new("running a small program");
    let live = topics.live(found, &options);
    drop(waiting);
    if let Some(signal) = interrupt::received() {
        return Err(Failure::interrupted(signal));
    }
    match live {
        Ok(live) => Ok(Ok(live)),
        Err(LiveError::Grade(GradeError::Compile(CompileError::NoCompiler { .. }))) => Ok(Err(
            "there is no C compiler; install one, or set CC".to_owned(),
        )),
        Err(LiveError::Grade(error)) if error.kind() == ErrorKind::Environment => {
            Ok(Err(error.to_string()))
        }
        Err(LiveError::Grade(error)) => Err(error.into()),
        Err(error) => Err(Failure::new(exit::INTERNAL, error)),
    }
}

fn document<'a>(
    topics: &Topics,
    found: Found<'a>,
    live: Option<&'a Live>,
    no_run: Option<String>,
) -> One<'a> {
    let topic = found.topic;
    let signal = found.signal.filter(|_| topic.sender.is_some());
    One {
        schema: SCHEMA,
        topic: &topic.id,
        also: &topic.also,
        text: &topic.text,
        see: &topic.see,
        signal: signal.map(|signal| SignalEntry::new(signals::documented(topics, signal), None)),
        run: live.map(|live| RunEntry {
            file: &live.file,
            source: live.source,
            as_told: live.is_as_told(),
            diagnosis: live.told(),
            events: live.trace().map(|trace| &trace.events[..]),
        }),
        no_run,
    }
}
