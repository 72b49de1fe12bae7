//! Trying cases: on copies of the program where that is possible, from the start otherwise.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use siglab_model::{Family, Injection, Kind, Moment, Signal, Trace};

use crate::baseline::{Baseline, Case};
use crate::error::ExploreError;
use crate::finding::FindingKind;
use crate::judge::{Detail, Judgement};
use crate::options::Progress;
use crate::phases::Phase;
use crate::subject::{Subject, was_cut};

/// So few moments are rather tried from the start.
const FEW: usize = 8;

/// The trying of cases, by several threads.
struct Trial<'a> {
    subject: &'a Subject<'a>,
    baseline: &'a Baseline,
    cases: &'a [Case],
    progress: &'a dyn Progress,
    jobs: usize,
    results: Mutex<Judged>,
    failed: Mutex<Option<ExploreError>>,
    /// What was found: each needs time to be confirmed and told.
    causes: Mutex<HashSet<Cause>>,
}

/// Cases by their moment: position and signal.
type Places<'a> = HashMap<&'a Moment, Vec<(usize, Signal)>>;

/// What went wrong in each case, by its position.
pub(crate) type Judged = BTreeMap<usize, Vec<Judgement>>;

/// What trying cases gave.
#[derive(Debug)]
pub(crate) struct Tried {
    /// Those that were tried.
    pub(crate) judged: Judged,
    /// How many went wrong on a copy, and weren't tried from the start for want of time.
    pub(crate) unconfirmed: usize,
}

/// Tries all cases. In order; those for which there was no time are missing.
pub(crate) fn try_all(
    subject: &Subject<'_>,
    baseline: &Baseline,
    progress: &dyn Progress,
) -> Result<Tried, ExploreError> {
    let subject = &subject.in_phase(Phase::Cases);
    let cases = baseline.cases.as_slice();
    let jobs = subject.jobs();
    let trial = Trial {
        subject,
        baseline,
        cases,
        progress,
        jobs,
        results: Mutex::default(),
        failed: Mutex::default(),
        causes: Mutex::default(),
    };
    // On copies of the program first; what that can't do, from the start.
    trial.spread(|processor| trial.on_copies(processor));
    let unconfirmed = trial.confirm();
    let done: HashSet<usize> = lock(&trial.results).keys().copied().collect();
    let rest: Vec<usize> = (0..cases.len())
        .filter(|index| !done.contains(index) && !unconfirmed.contains(index))
        .collect();
    trial.run_all_anew(&subject.in_phase(Phase::Rest), &rest);
    match lock(&trial.failed).take() {
        Some(error) => Err(error),
        None => Ok(Tried {
            judged: std::mem::take(&mut *lock(&trial.results)),
            unconfirmed: unconfirmed.len(),
        }),
    }
}

impl Trial<'_> {
    fn has_failed(&self) -> bool {
        lock(&self.failed).is_some()
    }

    /// Has one thread for each job do `work`.
    fn spread(&self, work: impl Fn(usize) -> Result<(), ExploreError> + Sync) {
        std::thread::scope(|scope| {
            for processor in 0..self.jobs.min(self.cases.len()) {
                let work = &work;
                scope.spawn(move || {
                    if let Err(error) = work(processor) {
                        lock(&self.failed).get_or_insert(error);
                    }
                });
            }
        });
    }

    /// What went wrong on a copy may have done so because it was one: it has another pid, and
    /// the ids of threads that locks remember aren't its own. So of each cause a few cases
    /// are tried from the start; if one of them goes another way there, all of them are.
    /// There is time of its own for that; those of which none could be tried again aren't
    /// told. They are what this returns.
    fn confirm(&self) -> HashSet<usize> {
        let mut causes: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, judgements) in lock(&self.results).iter() {
            for judgement in judgements {
                causes
                    .entry(cause(self.cases[*index].signal(), judgement))
                    .or_default()
                    .push(*index);
            }
        }
        let few = |cases: &Vec<usize>| [0, cases.len() / 2, cases.len() - 1].map(|at| cases[at]);
        let mut sample: Vec<usize> = causes.values().flat_map(few).collect();
        sample.sort_unstable();
        sample.dedup();
        let on_copies: Vec<_> = {
            let results = lock(&self.results);
            sample.iter().map(|index| results[index].clone()).collect()
        };
        {
            let mut results = lock(&self.results);
            sample.iter().for_each(|index| drop(results.remove(index)));
        }
        self.run_all_anew(&self.subject.in_phase(Phase::Telling), &sample);
        let mut results = lock(&self.results);
        let mut changed = HashSet::new();
        let mut confirmed = HashSet::new();
        for (index, on_copy) in sample.iter().zip(on_copies) {
            let signal = self.cases[*index].signal();
            let its = on_copy.iter().map(|it| cause(signal, it));
            match results.get(index) {
                Some(anew) if *anew == on_copy => confirmed.extend(its),
                Some(_) => changed.extend(its),
                None => {}
            }
        }
        let mut unconfirmed = HashSet::new();
        for (cause, cases) in &causes {
            let is_sure = confirmed.contains(cause) && !changed.contains(cause);
            let others = cases.iter().filter(|it| sample.binary_search(it).is_err());
            for index in others.filter(|_| !is_sure) {
                results.remove(index);
                if !changed.contains(cause) {
                    unconfirmed.insert(*index);
                }
            }
        }
        unconfirmed.extend(sample.iter().filter(|index| !results.contains_key(index)));
        unconfirmed
    }

    /// Tries these cases from the start, unless the time for that is over before.
    fn run_all_anew(&self, subject: &Subject<'_>, cases: &[usize]) {
        let next = AtomicUsize::new(0);
        self.spread(|processor| {
            while !(subject.is_over() || self.has_failed()) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(index) = cases.get(at) else { break };
                let case = &self.cases[*index];
                let limit = self.baseline.limit;
                let trace = subject.run(&case.injections, limit, false, Some(processor))?;
                self.judged(*index, &trace);
            }
            Ok(())
        });
    }

    fn judged(&self, index: usize, trace: &Trace) {
        if was_cut(trace) {
            return;
        }
        let case = &self.cases[index];
        let injected = trace
            .events
            .iter()
            .filter(|event| matches!(event.kind, Kind::Injected { .. }))
            .count();
        // After the first signal it may never get to where the second one was to come.
        let mut judgements: Vec<_> = if injected == case.injections.len() {
            let judgement = self.baseline.normal.judge(trace, case.signal());
            let is_meant = |judgement: &Judgement| {
                !(case.installing && judgement.kind == FindingKind::LostWakeup)
            };
            judgement.into_iter().filter(is_meant).collect()
        } else {
            Vec::new()
        };
        // What is demanded is about one signal that comes at any moment.
        let broken = match (case.injections.len(), injected) {
            (1, 1) => (self.subject.demand)(trace),
            _ => Vec::new(),
        };
        judgements.extend(broken.into_iter().map(|broken| Judgement {
            kind: FindingKind::CriterionFailed,
            cause: broken.id,
            role: Family::of(&trace.events).first(),
            detail: Detail::Words(broken.message),
        }));
        let wrong = !judgements.is_empty();
        for judgement in &judgements {
            if lock(&self.causes).insert(cause(case.signal(), judgement)) {
                self.subject.phases.add_causes(1);
            }
        }
        if lock(&self.results).insert(index, judgements).is_none() {
            self.progress.tried(wrong);
        }
    }

    /// Follows the program once for all cases that have the same injections before their
    /// last, and tries each job's share of them on copies.
    fn on_copies(&self, processor: usize) -> Result<(), ExploreError> {
        for (before, cases) in self.by_prefix() {
            let mut nth = 0;
            let places = cases.len();
            self.subject
                .follow_with(before, processor, &mut |seen, fork| {
                    let Some(here) = cases.get(&seen.moment) else {
                        return Ok(());
                    };
                    nth += 1;
                    if nth == places || self.subject.is_over() || self.has_failed() {
                        fork.end();
                    }
                    if nth % self.jobs != processor {
                        return Ok(());
                    }
                    for (index, signal) in here {
                        if self.subject.is_over() {
                            break;
                        }
                        if let Some(trace) = fork.inject(*signal, self.baseline.limit)? {
                            self.judged(*index, &trace);
                        }
                    }
                    Ok(())
                })?;
        }
        Ok(())
    }

    fn by_prefix(&self) -> Vec<(&[Injection], Places<'_>)> {
        let mut groups: Vec<(&[Injection], Places<'_>)> = Vec::new();
        for (index, case) in self.cases.iter().enumerate() {
            let Some((last, before)) = case.injections.split_last() else {
                continue;
            };
            if !case.seen.copyable {
                continue;
            }
            let at = groups.iter().position(|(of, _)| *of == before);
            let at = at.unwrap_or_else(|| {
                groups.push((before, HashMap::new()));
                groups.len() - 1
            });
            let cases = groups[at].1.entry(&last.moment).or_default();
            cases.push((index, last.signal));
        }
        // Following the program once more is worth it for many copies only.
        groups.retain(|(_, cases)| cases.len() >= FEW);
        groups
    }
}

/// Cases with equal ones are counted together.
type Cause = (Option<Signal>, FindingKind, String);

fn cause(signal: Option<Signal>, judgement: &Judgement) -> Cause {
    let cause = format!("{} {}", judgement.role, judgement.cause);
    (signal, judgement.kind, cause)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
