use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::thread;

use siglab_explore::FindingKind;
use siglab_lab::{DIAGNOSES, GradeOptions};
use siglab_model::Signal;

use super::read::{program, programs};
use super::{Found, Topic, Topics, plain};

fn topics() -> Topics {
    Topics::read().expect("topics/ is in order")
}

fn names(topic: &Topic) -> impl Iterator<Item = &String> {
    std::iter::once(&topic.id).chain(&topic.also)
}

#[test]
fn every_signal_finding_and_diagnosis_has_a_topic() {
    let topics = topics();
    for signal in Signal::all() {
        for word in [signal.to_string(), signal.number().to_string()] {
            let found = topics.find(&word).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(found.signal, Some(signal), "{word}");
            assert!(
                found.topic.sender.is_some() && found.topic.standard.is_some(),
                "{word}"
            );
        }
    }
    let findings = FindingKind::ALL.map(FindingKind::id);
    let diagnoses = DIAGNOSES.iter().map(|(id, _)| *id);
    for id in findings.into_iter().chain(diagnoses) {
        assert!(
            topics.all().any(|topic| topic.id == id),
            "no topic for `{id}`"
        );
    }
}

#[test]
fn words_are_found_however_they_are_written() {
    let topics = topics();
    for (word, id) in [
        ("sigchld", "SIGCHLD"),
        ("CHLD", "SIGCHLD"),
        ("17", "SIGCHLD"),
        ("SIGCLD", "SIGCHLD"),
        ("SIGRTMIN+3", "SIGRTMIN"),
        ("RTMAX-1", "SIGRTMIN"),
        ("33", "SIG32"),
        ("eintr", "EINTR"),
        ("sa_restart", "SA_RESTART"),
        ("Process-Group", "process group"),
        ("async signal safe", "async-signal-safe"),
        ("zombie_left", "zombie-left"),
        ("Merge", "merged"),
        ("stop", "SIGSTOP"),
    ] {
        let found = topics.find(word).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.topic.id, id, "{word}");
    }
    for (word, said) in [
        ("zombi", "no topic `zombi`; did you mean `zombie`?"),
        ("SIGITN", "no topic `SIGITN`; did you mean `SIGINT`?"),
        ("65", "no topic `65`"),
        (
            "a process of the Roman law",
            "no topic `a process of the Roman law`",
        ),
    ] {
        let error = topics.find(word).expect_err("there is none");
        assert_eq!(error.to_string(), said);
    }
}

#[test]
fn the_files_are_in_order() {
    let topics = topics();
    let mut all = BTreeSet::new();
    for name in topics.all().flat_map(names) {
        assert!(all.insert(plain(name)), "`{name}` is there twice");
    }
    for topic in topics.all() {
        let length = topic.text.len();
        assert!(
            (80..=480).contains(&length),
            "{}: a text of {length} bytes",
            topic.id
        );
        for other in &topic.see {
            let found = topics.all().any(|it| it.id == *other);
            assert!(
                found && *other != topic.id,
                "{}: see also `{other}`",
                topic.id
            );
        }
    }
    let used: BTreeSet<&str> = topics.all().filter_map(|it| it.run.as_deref()).collect();
    let there: BTreeSet<&str> = topics.runs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        used, there,
        "runs that topics name, and runs that are there"
    );
    let run = topics.runs.iter().map(|(_, run)| run);
    let used: BTreeSet<&str> = run
        .flat_map(|run| std::iter::once(&run.program).chain(&run.original))
        .map(String::as_str)
        .collect();
    let there: BTreeSet<&str> = programs().collect();
    assert_eq!(
        used, there,
        "programs that runs name, and programs that are there"
    );
    for file in there {
        let text = program(file).expect("it is there");
        assert!(
            text.starts_with("/* ") && text.lines().count() <= 50,
            "{file}"
        );
        assert!(text.lines().all(|line| line.len() <= 110), "{file}");
    }
}

/// Every run, for each signal that a topic wants it for, shows what it is there for, and ends by itself
/// unless the topic is about one that doesn't.
#[test]
fn every_run_shows_what_its_topic_says() {
    let topics = topics();
    let mut wanted: Vec<(&Topic, Option<Signal>)> = Vec::new();
    let is_alike = |it: &(&Topic, Option<Signal>), topic: &Topic, signal| {
        it.0.run == topic.run && it.1 == signal
    };
    for topic in topics.all().filter(|topic| topic.run.is_some()) {
        let signal = topic.id.parse().ok();
        if !wanted.iter().any(|it| is_alike(it, topic, signal)) {
            wanted.push((topic, signal));
        }
    }
    let queued = topics.find("SIGRTMIN+3").expect("it is a signal");
    wanted.push((queued.topic, queued.signal));
    let left = Mutex::new(wanted);
    let work = || {
        loop {
            // The lock is given back before anything is run.
            let next = left.lock().expect("nobody has panicked").pop();
            let Some((topic, signal)) = next else { return };
            check(&topics, Found { topic, signal });
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
}

fn check(topics: &Topics, found: Found<'_>) {
    let id = &found.topic.id;
    let live = topics.live(found, &GradeOptions::default());
    let live = live.unwrap_or_else(|error| panic!("{id}: {error}"));
    let live = live.expect("it has a run");
    assert!(live.is_as_told(), "{id}: {:?}", live.diagnosis());
    if live.told().is_none() {
        let outcome = &live.trace().expect("it compiles").outcome;
        assert!(
            outcome.limit.is_none() && !outcome.deadlock,
            "{id}: {outcome:?}"
        );
    }
}
