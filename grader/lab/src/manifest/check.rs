//! What the texts of a manifest mean, and whether it makes sense as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use siglab_engine::{Limits, Script};
use siglab_model::{Policy, Role, Signal, Time, WaitResult};

use super::draw::{Dice, default_seed};
use super::error::ManifestProblem;
use super::moment::Plan;
use super::raw::{RawLimits, RawManifest, RawScenario, RawTerminal, S, Text};
use super::read::Read;
use super::roles::Roles;
use super::{
    CBuild, Dependency, Files, Manifest, OUTPUT_BYTES, REAL_TIME, RustBuild, Scenario, VIRTUAL_TIME,
};
use crate::lab::nearest;

/// Processes and threads that may exist at the same time in a scenario.
const TASKS: usize = 64;

/// Events after which a scenario is cut off.
const EVENTS: usize = 200_000;

/// Checks what was read. `folder` is what the id must be; `end` is where the text ends.
/// `seed` is what moments are drawn from; the lab's own if absent.
pub(super) fn check(
    read: &Read,
    folder: Option<&str>,
    end: usize,
    seed: Option<u64>,
) -> Result<Manifest, Vec<ManifestProblem>> {
    let mut checker = Checker::new(read, end);
    let manifest = checker.manifest(folder, seed);
    if checker.problems.is_empty() {
        Ok(manifest)
    } else {
        Err(checker.problems)
    }
}

pub(super) struct Checker<'a> {
    raw: &'a RawManifest,
    /// What processes are called.
    pub(super) roles: Roles,
    pub(super) problems: Vec<ManifestProblem>,
    /// When the steps of each scenario happen.
    plans: BTreeMap<String, Plan>,
    /// The scenario whose steps are meant by their names, where one is.
    pub(super) plan: Plan,
    /// Whether a name of one of its steps was met.
    pub(super) plan_matters: bool,
    end: usize,
    /// Whether parts of the text couldn't be read: then nothing is said about what is
    /// missing.
    lost: bool,
}

impl<'a> Checker<'a> {
    fn new(read: &'a Read, end: usize) -> Self {
        let raw = &read.raw;
        let names = raw.roles.iter();
        let names = names.map(|(role, name)| (role.get_ref().clone(), name.get_ref().clone()));
        Self {
            raw,
            roles: Roles::new(names.collect()),
            problems: read.problems.clone(),
            plans: BTreeMap::new(),
            plan: Plan::default(),
            plan_matters: false,
            end,
            lost: read.lost,
        }
    }

    pub(super) fn raw(&self) -> &'a RawManifest {
        self.raw
    }

    /// Whether parts of the text couldn't be read.
    pub(super) fn is_incomplete(&self) -> bool {
        self.lost
    }

    fn manifest(&mut self, folder: Option<&str>, seed: Option<u64>) -> Manifest {
        let raw = self.raw;
        let nowhere = 0..0;
        let id = self.required(raw.id.as_ref(), "id", &nowhere);
        self.id_is_folder(raw.id.as_ref(), folder);
        let title = self.required(raw.title.as_ref(), "title", &nowhere);
        self.roles();
        if raw.scenario.is_empty() && !self.lost {
            let problem = ManifestProblem::new(self.end..self.end, "a lab needs a scenario")
                .help(Some("add a [[scenario]] with an id and steps".into()));
            self.problems.push(problem);
        }
        if raw.criterion.is_empty() && !self.lost {
            let problem = ManifestProblem::new(self.end..self.end, "a lab needs a criterion").help(
                Some("add a [[criterion]] with an id, a title and points".into()),
            );
            self.problems.push(problem);
        }
        self.unique(
            "scenario",
            raw.scenario.iter().map(|it| it.get_ref().id.as_ref()),
        );
        self.unique(
            "criterion",
            raw.criterion.iter().map(|it| it.get_ref().id.as_ref()),
        );
        let seed = seed.unwrap_or_else(|| default_seed(&id));
        let scenarios = raw.scenario.iter();
        let scenarios: Vec<_> = scenarios.map(|it| self.scenario(it, &id, seed)).collect();
        let criteria: Vec<_> = raw.criterion.iter().map(|it| self.criterion(it)).collect();
        self.tried_for_somebody(&criteria);
        let questions: Vec<_> = raw.question.iter().map(|it| self.question(it)).collect();
        let draws = self.plans.values().any(Plan::draws);
        Manifest {
            seed: draws.then_some(seed),
            raw: Arc::new(raw.clone()),
            order: raw.order.as_ref().and_then(|it| self.count(it)),
            assumes: raw.assumes.iter().map(|it| it.get_ref().clone()).collect(),
            questions,
            id,
            title,
            description: raw.description.trim().to_owned(),
            roles: self.roles.clone(),
            c: c_build(raw),
            rust: rust_build(raw),
            files: files(raw),
            scenarios,
            criteria,
        }
    }

    fn id_is_folder(&mut self, id: Option<&Text>, folder: Option<&str>) {
        if let (Some(id), Some(folder)) = (id, folder)
            && id.get_ref() != folder
        {
            self.problem(
                id.span(),
                format!("the lab's id is `{id}`, but its folder is called `{folder}`"),
            );
        }
    }

    fn roles(&mut self) {
        let mut names = BTreeSet::new();
        for (role, name) in &self.raw.roles {
            if !Role::new(role.get_ref()).is_systematic() {
                self.problem(role.span(), format!("no process is ever called `{role}`"))
                    .help = Some("roles are main, child, child.2, child/child, ...".into());
            }
            let text = name.get_ref().as_str();
            if is_taken(text) && text != role.get_ref() || !is_id(text) {
                self.problem(name.span(), format!("`{name}` can't be a role's name"));
            }
            if !names.insert(text) {
                self.problem(name.span(), format!("two roles are called `{name}`"));
            }
        }
    }

    fn unique(&mut self, what: &str, ids: impl Iterator<Item = Option<&'a Text>>) {
        let mut seen = BTreeSet::new();
        for id in ids.flatten() {
            if self.id(id) && !seen.insert(id.get_ref()) {
                self.problem(id.span(), format!("a second {what} `{id}`"));
            }
        }
    }

    /// Whether this can be an id; reports it if not.
    pub(super) fn id(&mut self, id: &Text) -> bool {
        let fits = is_id(id.get_ref());
        if !fits {
            self.problem(id.span(), format!("`{id}` is not an id")).help =
                Some("ids are of letters, digits, `-` and `_`".into());
        }
        fits
    }

    fn scenario(&mut self, raw: &S<RawScenario>, lab: &str, seed: u64) -> Scenario {
        let span = raw.span();
        let raw = raw.get_ref();
        let id = self.required(raw.id.as_ref(), "id", &span);
        let limits = self.limits(&raw.limits);
        let terminal = match raw.terminal {
            RawTerminal::Flag(false) => None,
            RawTerminal::Flag(true) => Some((24, 80)),
            RawTerminal::Size(size) => Some((size.rows, size.columns)),
        };
        let mut dice = Dice::new(seed, lab, &id);
        let mut plan = Plan::of(&id);
        let steps = self.steps(
            &raw.steps,
            terminal.is_some(),
            limits.virtual_time,
            &mut plan,
            &mut dice,
        );
        self.plans.insert(id.clone(), plan);
        self.for_scenario(Some(&id));
        let title = raw
            .title
            .as_ref()
            .map(|title| self.template(title, &[], &[]));
        self.for_scenario(None);
        Scenario {
            title: title.map_or_else(|| id.clone(), |title| title.fill(|_| None)),
            id,
            hidden: raw.hidden,
            terminal,
            args: raw.args.clone(),
            stdin_stays_open: self.stays_open(raw.stdin.as_ref()),
            policy: self.policy(raw.policy.as_ref()),
            script: Script { steps },
            limits,
        }
    }

    fn stays_open(&mut self, stdin: Option<&Text>) -> bool {
        match stdin.map(|text| text.get_ref().as_str()) {
            Some("open") => true,
            None | Some("empty") => false,
            Some(other) => {
                let message = format!("`{other}` is not what standard input can be");
                let span = stdin.map_or(0..0, Text::span);
                self.problem(span, message).help = Some("write empty or open".into());
                false
            }
        }
    }

    fn policy(&mut self, text: Option<&Text>) -> Policy {
        let Some(text) = text else {
            return Policy::default();
        };
        text.get_ref().parse().unwrap_or_else(|error| {
            self.problem(text.span(), format!("{error}"));
            Policy::default()
        })
    }

    fn limits(&mut self, own: &RawLimits) -> Limits {
        let general = &self.raw.limits;
        let virtual_time = own.virtual_time.as_ref().or(general.virtual_time.as_ref());
        let real_time = own.real_time.as_ref().or(general.real_time.as_ref());
        let output = own.output_bytes.as_ref().or(general.output_bytes.as_ref());
        let real_time = real_time
            .and_then(|text| self.time(text))
            .map_or(REAL_TIME, |time| Duration::from_nanos(time.as_nanos()));
        Limits {
            virtual_time: virtual_time
                .and_then(|text| self.time(text))
                .unwrap_or(VIRTUAL_TIME),
            real_time: Some(real_time),
            output: Some(
                output
                    .and_then(|it| self.count(it))
                    .map_or(OUTPUT_BYTES, |bytes| bytes as u64),
            ),
            tasks: TASKS,
            events: EVENTS,
        }
    }

    /// The ids of all scenarios.
    pub(super) fn all_scenarios(&self) -> Vec<String> {
        let ids = self
            .raw
            .scenario
            .iter()
            .filter_map(|it| it.get_ref().id.as_ref());
        ids.map(|id| id.get_ref().clone()).collect()
    }

    /// The scenarios named, those aside that aren't there.
    pub(super) fn scenario_ids(&mut self, named: &[Text]) -> Vec<String> {
        let all = self.all_scenarios();
        let mut ids = Vec::new();
        for name in named {
            if all.contains(name.get_ref()) {
                ids.push(name.get_ref().clone());
            } else if !self.lost {
                let help = match nearest(name.get_ref(), all.iter().map(String::as_str)) {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => format!("there are: {}", all.join(", ")),
                };
                self.problem(name.span(), format!("no scenario `{name}`"))
                    .help = Some(help);
            }
        }
        ids
    }

    /// The text of a key that must be there.
    pub(super) fn required(
        &mut self,
        text: Option<&Text>,
        key: &str,
        span: &Range<usize>,
    ) -> String {
        match text {
            Some(text) => {
                if text.get_ref().trim().is_empty() {
                    self.problem(text.span(), format!("`{key}` is empty"));
                }
                text.get_ref().clone()
            }
            None => {
                self.missing(key, span);
                String::new()
            }
        }
    }

    pub(super) fn missing(&mut self, key: &str, span: &Range<usize>) {
        if !self.lost {
            self.problem(span.clone(), format!("`{key}` is missing"));
        }
    }

    /// From now on, names of steps are those of this scenario; of none if absent.
    pub(super) fn for_scenario(&mut self, id: Option<&str>) {
        let plan = id.and_then(|id| self.plans.get(id));
        self.plan = plan.cloned().unwrap_or_default();
        self.plan_matters = false;
    }

    /// Reports a problem; its help may still be set.
    pub(super) fn problem(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut ManifestProblem {
        let index = self.problems.len();
        self.problems.push(ManifestProblem::new(span, message));
        &mut self.problems[index]
    }

    pub(super) fn signal(&mut self, text: &Text) -> Option<Signal> {
        match text.get_ref().parse::<Signal>() {
            Ok(signal) => Some(signal),
            Err(unknown) => {
                let help = unknown.nearest.map(|it| format!("did you mean {it}?"));
                self.problem(text.span(), format!("unknown signal `{text}`"))
                    .help = help;
                None
            }
        }
    }

    /// Reports what is not the name of a system call.
    pub(super) fn syscall(&mut self, text: &Text) {
        if !siglab_engine::is_syscall(text.get_ref()) {
            self.problem(text.span(), format!("no system call `{text}`"))
                .help =
                Some("names are the kernel's, as strace shows them: rt_sigtimedwait".into());
        }
    }

    pub(super) fn time(&mut self, text: &Text) -> Option<Time> {
        text.get_ref()
            .parse::<Time>()
            .map_err(|error| {
                self.problem(text.span(), error.to_string());
            })
            .ok()
    }

    pub(super) fn duration(&mut self, text: &Text) -> Option<Duration> {
        self.time(text).map(|time| time.since(Time::ZERO))
    }

    pub(super) fn count(&mut self, number: &S<i64>) -> Option<usize> {
        usize::try_from(*number.get_ref())
            .map_err(|_| {
                self.problem(number.span(), format!("`{number}` is negative"));
            })
            .ok()
    }

    /// Reports a role that can never exist.
    pub(super) fn role(&mut self, role: &Text) {
        let name = role.get_ref().as_str();
        if self.roles.can_exist(name) {
            return;
        }
        let own = self.roles.named(name).to_owned();
        if own != name {
            self.problem(
                role.span(),
                format!("`{name}` is called `{own}` in this lab"),
            )
            .help = Some(format!("write `{own}`"));
            return;
        }
        let known = self.roles.names().values().map(String::as_str);
        let known: Vec<_> = known.chain([self.roles.main(), "child"]).collect();
        let help = match nearest(name, known) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!(
                "roles are {}, child, child.2, child/child, thread, ..., and those of [roles]",
                self.roles.main()
            ),
        };
        self.problem(role.span(), format!("no process is ever called `{name}`"))
            .help = Some(help);
    }

    /// Like [`Checker::role`], but `script`, `kernel` and `outside` may be meant, too.
    pub(super) fn sender(&mut self, role: &Text) {
        let others = [Role::SCRIPT, Role::KERNEL, Role::OUTSIDE];
        if !others.contains(&role.get_ref().as_str()) {
            self.role(role);
        }
    }
}

/// Whether a trace says something else by this name: that of another process, of a sender, or
/// the result of a wait.
fn is_taken(name: &str) -> bool {
    let senders = [Role::SCRIPT, Role::KERNEL, Role::OUTSIDE];
    senders.contains(&name)
        || Role::new(name).is_systematic()
        || !matches!(WaitResult::from(name), WaitResult::Child(_))
}

/// Whether `text` can be an id: letters, digits, `-` and `_`.
fn is_id(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.chars().all(fits)
}

fn c_build(raw: &RawManifest) -> CBuild {
    let c = &raw.build.c;
    let default = CBuild::default();
    CBuild {
        std: c.std.clone().unwrap_or(default.std),
        flags: c.flags.clone().unwrap_or(default.flags),
        definitions: c.definitions.clone(),
    }
}

fn rust_build(raw: &RawManifest) -> RustBuild {
    let dependencies: BTreeMap<_, _> = raw
        .build
        .rust
        .dependencies
        .iter()
        .map(|(name, dependency)| {
            let dependency = Dependency {
                version: dependency.version.clone(),
                features: dependency.features.clone(),
            };
            (name.clone(), dependency)
        })
        .collect();
    RustBuild { dependencies }
}

fn files(raw: &RawManifest) -> Files {
    let default = Files::default();
    Files {
        starter: raw.files.starter.clone().unwrap_or(default.starter),
        solution: raw.files.solution.clone().unwrap_or(default.solution),
        wrong: raw.files.wrong.clone().unwrap_or(default.wrong),
        original: raw.files.original.clone(),
        emptied: raw.files.emptied.clone(),
    }
}
