//! The programs of the explorer's corpus, before anything is tried out on them: they are
//! labelled, and alone or with one signal at a quiet moment they do what they say.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use siglab_engine::{Action, Command, Options, Script, When, run};
use siglab_model::{Kind, LimitKind, ProcessStatus, Signal, Trace};
use siglab_tests::explore_corpus::{Ending, KINDS, programs};
use siglab_tests::twin::output_of;

/// How long a program that computes for ever is let do so, in processor time.
const SPIN: Duration = Duration::from_millis(500);

#[test]
fn programs_do_what_their_labels_say() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = target.parent().expect("it is in the target folder");
    let mut seen = String::new();
    let mut wrong = Vec::new();
    for program in programs() {
        let executable = program.build(target);
        let _ = writeln!(seen, "{}", program.name);
        let alone = (None, program.label.alone);
        let sent = program.label.sent.iter();
        let runs = std::iter::once(alone).chain(sent.map(|(signal, it)| (Some(*signal), *it)));
        for (signal, expected) in runs {
            let trace = trace(&executable, signal, expected);
            let what = signal.map_or("alone".to_owned(), |signal| signal.to_string());
            if let Err(ending) = check(&trace, expected) {
                wrong.push(format!("{}, {what}: {ending}", program.name));
            }
            let _ = writeln!(seen, "  {what}: {expected}");
            for line in output_of(&trace).lines() {
                let _ = writeln!(seen, "    {line}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!("explore_corpus", seen);
    });
}

/// One signal, if any, as soon as nothing else can happen without the clock moving.
fn trace(executable: &Path, signal: Option<Signal>, expected: Ending) -> Trace {
    let script = match signal {
        None => Script::default(),
        Some(signal) => Script::default().then(
            When::Now,
            Action::Send {
                signal,
                to: "main".to_owned(),
            },
        ),
    };
    let mut options = Options::default();
    options.limits.real_time = Some(match expected {
        Ending::Spins => SPIN,
        Ending::Exits(_) | Ending::Waits => Duration::from_secs(60),
    });
    run(&Command::new(executable), &script, &options).expect("the program can be run")
}

/// Whether a run ended as expected; what happened instead, if not.
fn check(trace: &Trace, expected: Ending) -> Result<(), String> {
    for event in &trace.events {
        if let Kind::Unsupported { .. } | Kind::Denied { .. } | Kind::ScriptUnfinished { .. } =
            event.kind
        {
            return Err(format!("{event:?}"));
        }
    }
    let outcome = &trace.outcome;
    let is_as_expected = match expected {
        Ending::Exits(status) => outcome.status == Some(ProcessStatus::Exited(status)),
        // In no handler: in one, it would be a deadlock that no signal can end.
        Ending::Waits => {
            let deadlocked = trace.events.iter().any(|event| match &event.kind {
                Kind::Deadlock { waiting } => waiting.iter().all(|task| task.handler.is_none()),
                _ => false,
            });
            // Or with a time-out that is as good as none.
            let begun = |kind: &Kind| matches!(kind, Kind::WaitBegun { .. });
            let waits = trace
                .events
                .iter()
                .filter(|event| begun(&event.kind))
                .count();
            deadlocked || (outcome.limit == Some(LimitKind::VirtualTime) && waits == 1)
        }
        Ending::Spins => {
            outcome.limit.is_some()
                && trace
                    .events
                    .iter()
                    .any(|event| matches!(event.kind, Kind::BusyWaiting { .. }))
        }
    };
    if is_as_expected {
        Ok(())
    } else {
        Err(format!(
            "not `{expected}`, but {outcome:?}:\n{}",
            trace.to_jsonl()
        ))
    }
}

/// A corpus with nothing but clean programs, or one in which a kind never comes, would let an
/// explorer pass that finds nothing.
#[test]
fn every_kind_has_programs_and_so_have_clean_ones() {
    let programs = programs();
    let clean = programs.iter().filter(|it| it.label.is_clean()).count();
    assert!(clean >= 40, "{clean} clean programs");
    let others = programs.len() - clean;
    assert!(
        others >= 40,
        "{others} programs in which something is found"
    );
    let found: BTreeSet<&str> = programs
        .iter()
        .flat_map(|program| &program.label.finds)
        .map(String::as_str)
        .collect();
    // A criterion belongs to a lab: no program by itself fails one.
    let expected: BTreeSet<&str> = KINDS
        .into_iter()
        .filter(|kind| *kind != "criterion-failed")
        .collect();
    assert_eq!(found, expected);
    let names: BTreeSet<&str> = programs.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names.len(), programs.len(), "no two have the same name");
}
