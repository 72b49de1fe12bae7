//! The distinct outcomes that different orders of scheduling give.

use std::collections::{BTreeMap, HashSet, VecDeque};

use siglab_engine::{Command, Options, Script};
use siglab_model::{Family, Kind, Policy, ProcessStatus, Role, Trace};

use crate::error::ExploreError;
use crate::finding::{EXPLORE_SCHEMA, Outcome, Outcomes};
use crate::options::{ExploreOptions, Progress};
use crate::output::text_of;
use crate::phases::{Phase, Phases};
use crate::preempt;
use crate::subject::{Subject, check_program, was_cut};
use crate::witness::Witness;

/// Runs the program in many orders of scheduling, and lists the outcomes: what it wrote,
/// and how its processes ended.
///
/// First every order with at most `preemptions` pre-emptions, from the order of creation
/// on, as far as `wanted`'s budget goes; then as many pseudo-random ones as `wanted` says.
///
/// # Errors
/// If the program can't be run.
pub fn outcomes(
    command: &Command,
    script: &Script,
    options: &Options,
    wanted: &ExploreOptions,
    preemptions: usize,
    progress: &dyn Progress,
) -> Result<Outcomes, ExploreError> {
    check_program(&command.program)?;
    let phases = Phases::default();
    // All runs tell something: none is to prepare another one.
    let subject = Subject::new(command, script, options, wanted, &|_| Vec::new(), &phases)
        .in_phase(Phase::Telling);
    phases.watch(wanted, || search(&subject, preemptions, progress))
}

fn search(
    subject: &Subject<'_>,
    preemptions: usize,
    progress: &dyn Progress,
) -> Result<Outcomes, ExploreError> {
    /// Runs at the most, where no budget was given.
    const MOST_RUNS: usize = 2000;
    let wanted = subject.wanted;
    let most = wanted.budget.moments.unwrap_or(MOST_RUNS);
    let mut search = Search {
        subject,
        seen: BTreeMap::new(),
        program: String::new(),
        runs: 0,
    };
    progress.total(most);
    let complete = search.systematically(preemptions, most, progress)?
        & search.at_instructions(preemptions, most, progress)?;
    for seed in 0..wanted.schedules {
        if search.is_over() {
            break;
        }
        search.run(&Options {
            policy: Policy::Random { seed },
            ..subject.options.clone()
        })?;
        progress.tried(false);
    }
    let mut outcomes: Vec<Outcome> = search.seen.into_values().collect();
    outcomes.sort_by_key(|outcome| std::cmp::Reverse(outcome.runs));
    Ok(Outcomes {
        schema: EXPLORE_SCHEMA.to_owned(),
        program: search.program,
        runs: search.runs,
        complete,
        preemptions,
        outcomes,
    })
}

struct Search<'a> {
    subject: &'a Subject<'a>,
    seen: BTreeMap<(String, Vec<(Role, String)>), Outcome>,
    program: String,
    runs: u64,
}

/// Choices to be made, and how many of them are pre-emptions.
#[derive(Clone, Debug)]
struct Branch {
    choices: Vec<Role>,
    preemptions: usize,
}

impl Search<'_> {
    /// Whether no further run is to be made.
    fn is_over(&self) -> bool {
        self.subject.wanted.cancel.is_cancelled() || self.subject.is_over()
    }

    /// One run more. One for which there was no time counts for nothing.
    fn run(&mut self, options: &Options) -> Result<Trace, ExploreError> {
        /// Processor time of one run.
        const LIMIT: std::time::Duration = std::time::Duration::from_secs(5);
        let subject = Subject {
            options,
            ..*self.subject
        };
        let trace = subject.run(&[], LIMIT, true, None)?;
        self.program.clone_from(&trace.header.program);
        if was_cut(&trace) {
            return Ok(trace);
        }
        self.runs += 1;
        let key = (text_of(&trace), ends(&trace));
        if let Some(outcome) = self.seen.get_mut(&key) {
            outcome.runs += 1;
        } else {
            let witness = Witness::new(&subject, &trace, None, false)?;
            let outcome = Outcome {
                runs: 1,
                output: key.0.clone(),
                ends: key.1.clone(),
                witness,
            };
            self.seen.insert(key, outcome);
        }
        Ok(trace)
    }

    /// With one pre-emption between two instructions, in the order of creation otherwise.
    /// Whether all were tried.
    fn at_instructions(
        &mut self,
        bound: usize,
        most: usize,
        progress: &dyn Progress,
    ) -> Result<bool, ExploreError> {
        if bound == 0 {
            return Ok(true);
        }
        let plain = self.run(self.subject.options)?;
        let moments = preempt::moments(self.subject, &plain, usize::MAX)?;
        for moment in moments.iter().take(most) {
            if self.is_over() {
                return Ok(false);
            }
            self.run(&preempt::options_with(self.subject.options, moment))?;
            progress.tried(false);
        }
        Ok(moments.len() <= most && !self.is_over())
    }

    /// Breadth first, so that the simplest orders come first. Whether all were tried.
    fn systematically(
        &mut self,
        bound: usize,
        most: usize,
        progress: &dyn Progress,
    ) -> Result<bool, ExploreError> {
        let mut queue = VecDeque::from([Branch {
            choices: Vec::new(),
            preemptions: 0,
        }]);
        let mut known: HashSet<Vec<Role>> = HashSet::new();
        let mut tried = 0;
        let mut is_all = true;
        while let Some(branch) = queue.pop_front() {
            if tried == most || self.is_over() {
                return Ok(false);
            }
            tried += 1;
            let choices = branch.choices.clone();
            let trace = self.run(&Options {
                policy: Policy::Replay { choices },
                ..self.subject.options.clone()
            })?;
            progress.tried(false);
            let made: Vec<(&Role, &[Role])> = trace
                .events
                .iter()
                .filter_map(|event| match (&event.kind, &event.role) {
                    (Kind::Chosen { among }, Some(role)) => Some((role, among.as_slice())),
                    _ => None,
                })
                .collect();
            for at in branch.choices.len()..made.len() {
                // Those that won't be tried needn't be remembered: each is as long as its run.
                if tried + queue.len() >= most {
                    is_all = false;
                    break;
                }
                let (chosen, among) = made[at];
                for other in among.iter().filter(|role| *role != chosen) {
                    let preemptions = branch.preemptions + 1;
                    if preemptions > bound {
                        continue;
                    }
                    let mut choices: Vec<Role> =
                        made[..at].iter().map(|(role, _)| (*role).clone()).collect();
                    choices.push(other.clone());
                    if known.insert(choices.clone()) {
                        queue.push_back(Branch {
                            choices,
                            preemptions,
                        });
                    }
                }
            }
        }
        Ok(is_all && !self.is_over())
    }
}

/// How each process ended.
fn ends(trace: &Trace) -> Vec<(Role, String)> {
    let first = Family::of(&trace.events).first();
    let mut ends: Vec<(Role, String)> = trace
        .events
        .iter()
        .filter_map(|event| {
            let end = match &event.kind {
                Kind::Exit { code } => format!("exit status {code}"),
                Kind::Killed { signal, .. } => format!("killed by {signal}"),
                Kind::Deadlock { .. } => "waits for ever".to_owned(),
                Kind::Limit { .. } => "runs for ever".to_owned(),
                _ => return None,
            };
            let role = event.role.clone().unwrap_or_else(|| first.clone());
            Some((role, end))
        })
        .collect();
    if ends.is_empty()
        && let Some(ProcessStatus::Exited(code)) = trace.outcome.status
    {
        ends.push((first, format!("exit status {code}")));
    }
    // By name, as version 1 of the schema has them.
    ends.sort_by(|(one, end), (other, its)| (one.as_str(), end).cmp(&(other.as_str(), its)));
    ends
}
