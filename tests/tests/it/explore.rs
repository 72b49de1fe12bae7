//! The explorer against the labels of its corpus: what it misses, what it finds where there is
//! nothing, and whether each witness shows the same run again. What it writes to standard
//! output, cargo nextest shows with `--no-capture`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use siglab_engine::{Command, Options, Script};
use siglab_explore::{Exploration, ExploreOptions, Silent, Strategy, explore, replay};
use siglab_tests::build::c_program;
use siglab_tests::explore_corpus::{KINDS, Program, programs};
use siglab_tests::turn;

/// The environment variable that says which strategy: `fast`, which is tried if it isn't set
/// and under which misses are reported but don't fail, or `all`, which takes many minutes.
const STRATEGY: &str = "SIGLAB_EXPLORE";

/// The environment variable that says how often each witness is replayed.
const REPLAYS: &str = "SIGLAB_REPLAYS";

/// How often if it isn't set. By hand: 1000.
const FEW_REPLAYS: usize = 2;

/// What is not found although the label demands it: program, kind, why.
const KNOWN_MISSES: [(&str, &str, &str); 3] = [
    (
        "jump_out_of_lock",
        "output-corrupted",
        "a line that is written twice may be meant: the handler calls nothing that is unsafe",
    ),
    (
        "restarted_read",
        "lost-wakeup",
        "it waits on also if the signal comes while it waits, as daemons do on purpose",
    ),
    (
        "strtok_in_handler",
        "output-corrupted",
        "wherever the signal comes, the lines that follow are lost, as after a flag to stop",
    ),
];

/// What became of a program.
struct Explored {
    found: BTreeSet<&'static str>,
    moments: usize,
    complete: bool,
    /// Witnesses that don't show the same run again, and what is worse.
    wrong: Vec<String>,
}

#[test]
fn soak_the_corpus_is_judged_as_its_labels_say() {
    let _turn = turn::take();
    let strategy = match std::env::var(STRATEGY).as_deref() {
        Err(_) | Ok("fast") => Strategy::Fast,
        Ok("all") => Strategy::All,
        Ok(other) => panic!("{STRATEGY} is `all` or `fast`, not `{other}`"),
    };
    let replays = match std::env::var(REPLAYS) {
        Ok(text) => text.parse().expect("SIGLAB_REPLAYS is a number"),
        Err(_) => FEW_REPLAYS,
    };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = target.parent().expect("it is in the target folder");
    let programs: Vec<(Program, PathBuf)> = programs()
        .into_iter()
        .map(|program| {
            let executable = program.build(target);
            (program, executable)
        })
        .collect();
    let explored = explore_all(&programs, strategy, replays);
    let verdict = Verdict::new(&programs, &explored);
    let _ = writeln!(std::io::stdout(), "{}", verdict.table(&explored, strategy));
    let mut wrong: Vec<String> = explored
        .iter()
        .flat_map(|(name, explored)| explored.wrong.iter().map(move |it| format!("{name}: {it}")))
        .collect();
    wrong.extend(verdict.false_alarms.iter().map(|(name, kind)| {
        format!("{name}: {kind} was found, and its label doesn't permit that")
    }));
    if strategy == Strategy::All {
        let is_known = |name: &str, kind: &str| {
            KNOWN_MISSES
                .iter()
                .any(|(program, of, _)| (*program, *of) == (name, kind))
        };
        wrong.extend(
            verdict
                .misses
                .iter()
                .filter(|(name, kind)| !is_known(name, kind))
                .map(|(name, kind)| format!("{name}: {kind} was not found")),
        );
        wrong.extend(
            KNOWN_MISSES
                .iter()
                .filter(|(program, kind, _)| !verdict.misses.contains(&(*program, *kind)))
                .map(|(program, kind, _)| {
                    format!("{program}: {kind} was found: it is no known miss any more")
                }),
        );
    }
    assert!(
        wrong.is_empty(),
        "{}\n\n{}",
        verdict.table(&explored, strategy),
        wrong.join("\n")
    );
}

/// What an instruction does in the second round of a loop may be something else.
#[test]
fn a_second_round_is_tried_if_something_is_different_in_it() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = target.parent().expect("it is in the target folder");
    let program = programs()
        .into_iter()
        .find(|program| program.name == "freed_in_second_round")
        .expect("it is in the corpus");
    let explored = explore_one(&program.build(target), Strategy::Fast, FEW_REPLAYS);
    assert!(explored.found.contains("crash"), "{:?}", explored.found);
    assert!(explored.wrong.is_empty(), "{:?}", explored.wrong);
}

/// It dies of a signal that it sends to itself; and that it waits for keys for ever elsewhere is no
/// lost wake-up.
#[test]
fn a_signal_that_is_taken_for_another_is_found() {
    let program = c_program("resize_taken_for_interrupt", &[]);
    let explored = explore_one(&program, Strategy::Fast, FEW_REPLAYS);
    assert_eq!(explored.found, BTreeSet::from(["killed-by-default"]));
    assert!(explored.wrong.is_empty(), "{:?}", explored.wrong);
}

/// Explores the programs, on each processor one at a time.
fn explore_all(
    programs: &[(Program, PathBuf)],
    strategy: Strategy,
    replays: usize,
) -> BTreeMap<String, Explored> {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this).expect("a thread may ask for its processors");
    let processors = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu) == Ok(true));
    let next = AtomicUsize::new(0);
    let explored = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for processor in processors {
            let (next, explored) = (&next, &explored);
            scope.spawn(move || {
                // The engine counts among those processors that its thread may use.
                let mut one = CpuSet::new();
                one.set(processor)
                    .expect("it is in the set of allowed ones");
                sched_setaffinity(this, &one).expect("it is an allowed one");
                while let Some((program, executable)) =
                    programs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let result = explore_one(executable, strategy, replays);
                    let _ = writeln!(
                        std::io::stdout(),
                        "{}: {} moments; {}",
                        program.name,
                        result.moments,
                        result.found.iter().copied().collect::<Vec<_>>().join(", ")
                    );
                    explored
                        .lock()
                        .expect("nothing panics while it is locked")
                        .insert(program.name.clone(), result);
                }
            });
        }
    });
    explored.into_inner().expect("no thread panicked")
}

fn explore_one(executable: &Path, strategy: Strategy, replays: usize) -> Explored {
    let wanted = ExploreOptions {
        strategy,
        jobs: Some(NonZeroUsize::MIN),
        ..ExploreOptions::default()
    };
    let explored = explore(
        &Command::new(executable),
        &Script::default(),
        &Options::default(),
        &wanted,
        &Silent,
    );
    match explored {
        Ok(explored) => Explored {
            found: explored.findings.iter().map(|it| it.kind.id()).collect(),
            moments: explored.moments.tried,
            complete: explored.complete,
            wrong: replay_all(&explored, replays),
        },
        Err(error) => Explored {
            found: BTreeSet::new(),
            moments: 0,
            complete: false,
            wrong: vec![format!("it can't be explored: {error}")],
        },
    }
}

/// Replays the witnesses. Those that don't show what they were made from.
fn replay_all(explored: &Exploration, replays: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for finding in &explored.findings {
        let kind = finding.kind.id();
        let Some(witness) = &finding.witness else {
            wrong.push(format!("{kind} ({}) has no witness", finding.title));
            continue;
        };
        let mut hashes: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..replays {
            match replay(witness, &Options::default()) {
                Ok(replayed) => {
                    let hash = format!("{:016x}", replayed.trace.hash());
                    *hashes.entry(hash).or_default() += 1;
                }
                Err(error) => wrong.push(format!("{kind} can't be replayed: {error}")),
            }
        }
        hashes.remove(&witness.trace_hash);
        if !hashes.is_empty() {
            wrong.push(format!(
                "{kind} ({}): of {replays} replays, some gave other traces than {}: {hashes:?}",
                finding.title, witness.trace_hash
            ));
        }
    }
    wrong
}

/// How what was found compares with the labels.
struct Verdict<'a> {
    misses: BTreeSet<(&'a str, &'a str)>,
    false_alarms: BTreeSet<(&'a str, &'a str)>,
    /// For each kind, in how many programs it has to be found.
    demanded: BTreeMap<&'a str, usize>,
    programs: usize,
    clean: usize,
}

impl<'a> Verdict<'a> {
    fn new(programs: &'a [(Program, PathBuf)], explored: &'a BTreeMap<String, Explored>) -> Self {
        let mut verdict = Self {
            misses: BTreeSet::new(),
            false_alarms: BTreeSet::new(),
            demanded: BTreeMap::new(),
            programs: programs.len(),
            clean: programs
                .iter()
                .filter(|(it, _)| it.label.is_clean())
                .count(),
        };
        for (program, _) in programs {
            let found = &explored[&program.name].found;
            for kind in &program.label.finds {
                *verdict.demanded.entry(kind).or_default() += 1;
                if !found.contains(kind.as_str()) {
                    verdict.misses.insert((&program.name, kind));
                }
            }
            for kind in found {
                if !program.label.finds.contains(*kind) && !program.label.may.contains(*kind) {
                    verdict.false_alarms.insert((&program.name, kind));
                }
            }
        }
        verdict
    }

    /// Recall and false alarms of each kind.
    fn table(&self, explored: &BTreeMap<String, Explored>, strategy: Strategy) -> String {
        let mut table = format!(
            "{} programs, {} of them clean; {} moments tried, strategy {}\n\n\
             kind                 found     of  false alarms\n",
            self.programs,
            self.clean,
            explored.values().map(|it| it.moments).sum::<usize>(),
            strategy.name(),
        );
        let of_kind = |set: &BTreeSet<(&str, &str)>, kind: &str| {
            set.iter().filter(|(_, of)| *of == kind).count()
        };
        for kind in KINDS {
            let demanded = self.demanded.get(kind).copied().unwrap_or(0);
            let found = demanded - of_kind(&self.misses, kind);
            let alarms = of_kind(&self.false_alarms, kind);
            let _ = writeln!(table, "{kind:<18} {found:>7} {demanded:>6} {alarms:>13}");
        }
        for (name, kind) in &self.misses {
            let why = KNOWN_MISSES
                .iter()
                .find(|(program, of, _)| program == name && of == kind)
                .map_or("", |(.., why)| why);
            let _ = writeln!(table, "missed: {name}: {kind} {why}");
        }
        for (name, kind) in &self.false_alarms {
            let _ = writeln!(table, "false alarm: {name}: {kind}");
        }
        for (name, _) in explored.iter().filter(|(_, it)| !it.complete) {
            let _ = writeln!(table, "not all moments: {name}");
        }
        table
    }
}
