//! What the texts of a manifest mean, and whether it makes sense as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use siglab_engine::{Limits, Script};
use siglab_model::{Role, Signal, Time, WaitResult};

use super::error::ManifestProblem;
use super::raw::{RawCriterion, RawLimits, RawManifest, RawScenario, RawTerminal, S, Text};
use super::read::Read;
use super::roles::Roles;
use super::{
    CBuild, Criterion, Dependency, Files, Manifest, OUTPUT_BYTES, REAL_TIME, Rule, RustBuild,
    Scenario, VIRTUAL_TIME,
};
use crate::lab::nearest;

/// Processes and threads that may exist at the same time in a scenario.
const TASKS: usize = 64;

/// Events after which a scenario is cut off.
const EVENTS: usize = 200_000;

/// How many timed waits may expire one after another, unless a criterion says otherwise.
const EXPIRED_WAITS: usize = 2;

/// The built-in rules.
const RULES: [&str; 4] = ["builds", "unchanged", "no-leftovers", "no-busy-waiting"];

/// Checks what was read. `folder` is what the id must be; `end` is where the text ends.
pub(super) fn check(
    read: &Read,
    folder: Option<&str>,
    end: usize,
) -> Result<Manifest, Vec<ManifestProblem>> {
    let mut checker = Checker::new(read, end);
    let manifest = checker.manifest(folder);
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

    fn manifest(&mut self, folder: Option<&str>) -> Manifest {
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
        let scenarios: Vec<_> = raw.scenario.iter().map(|it| self.scenario(it)).collect();
        let criteria: Vec<_> = raw.criterion.iter().map(|it| self.criterion(it)).collect();
        self.tried_for_somebody(&criteria);
        Manifest {
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

    fn scenario(&mut self, raw: &S<RawScenario>) -> Scenario {
        let span = raw.span();
        let raw = raw.get_ref();
        let id = self.required(raw.id.as_ref(), "id", &span);
        let limits = self.limits(&raw.limits);
        let terminal = match raw.terminal {
            RawTerminal::Flag(false) => None,
            RawTerminal::Flag(true) => Some((24, 80)),
            RawTerminal::Size(size) => Some((size.rows, size.columns)),
        };
        let steps = self.steps(&raw.steps, terminal.is_some(), limits.virtual_time);
        Scenario {
            title: raw.title.clone().unwrap_or_else(|| id.clone()),
            id,
            hidden: raw.hidden,
            terminal,
            args: raw.args.clone(),
            script: Script { steps },
            limits,
        }
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

    fn criterion(&mut self, raw: &S<RawCriterion>) -> Criterion {
        let span = raw.span();
        let raw = raw.get_ref();
        let id = self.required(raw.id.as_ref(), "id", &span);
        let title = self.required(raw.title.as_ref(), "title", &span);
        let points = self.points(raw, &span);
        let (rule, mut scenarios) = match &raw.kind {
            Some(kind) => self.rule(kind, raw),
            None => self.requirements(raw, &span),
        };
        if let Some(named) = &raw.scenarios {
            scenarios = self.scenario_ids(named);
        }
        let order = |id: &String| {
            let position = |it: &S<RawScenario>| {
                it.get_ref()
                    .id
                    .as_ref()
                    .is_some_and(|it| it.get_ref() == id)
            };
            self.raw.scenario.iter().position(position)
        };
        scenarios.sort_by_key(order);
        scenarios.dedup();
        let needs = raw.needs.as_deref().unwrap_or_default();
        Criterion {
            needs: self.needs(needs, &id),
            id,
            title,
            points,
            informational: raw.informational,
            scenarios,
            rule,
        }
    }

    /// The criteria that the criterion `of` needs.
    fn needs(&mut self, named: &[Text], of: &str) -> Vec<String> {
        let raw = self.raw;
        let ids = raw.criterion.iter().filter_map(|it| {
            let id = it.get_ref().id.as_ref();
            id.map(|id| id.get_ref().as_str())
        });
        let before: Vec<&str> = ids.clone().take_while(|id| *id != of).collect();
        for text in named {
            let id = text.get_ref().as_str();
            if before.contains(&id) {
                continue;
            }
            let message = if ids.clone().any(|other| other == id) {
                format!("criterion `{id}` doesn't come before this one")
            } else {
                format!("no criterion `{id}`")
            };
            let help = nearest(id, before.iter().copied())
                .map(|nearest| format!("did you mean `{nearest}`?"));
            self.problem(text.span(), message).help = help;
        }
        named.iter().map(|it| it.get_ref().clone()).collect()
    }

    fn points(&mut self, raw: &RawCriterion, span: &Range<usize>) -> u32 {
        match &raw.points {
            Some(points) if raw.informational && *points.get_ref() != 0 => {
                self.problem(points.span(), "an informational criterion has no points");
                0
            }
            Some(points) => match u32::try_from(*points.get_ref()) {
                Ok(points @ 0..=1000) => points,
                _ => {
                    self.problem(points.span(), format!("`{points}` can't be points"))
                        .help = Some("points are from 0 to 1000".into());
                    0
                }
            },
            None if raw.informational => 0,
            None => {
                self.missing("points", span);
                0
            }
        }
    }

    /// A built-in rule, and the scenarios it is about.
    fn rule(&mut self, kind: &Text, raw: &RawCriterion) -> (Rule, Vec<String>) {
        for requirement in &raw.require {
            self.problem(
                requirement.span(),
                format!("a criterion of the kind `{kind}` has no requirements"),
            );
        }
        let kind_name = kind.get_ref().as_str();
        let extra = [
            (
                raw.function.as_ref().map(Text::span),
                "function",
                "unchanged",
            ),
            (raw.role.as_ref().map(Text::span), "role", "no-busy-waiting"),
            (
                raw.expired_waits.as_ref().map(S::span),
                "expired_waits",
                "no-busy-waiting",
            ),
        ];
        for (span, key, its_kind) in extra {
            if let Some(span) = span.filter(|_| kind_name != its_kind) {
                self.problem(span, format!("`{key}` is for the kind `{its_kind}` only"));
            }
        }
        let all = self.all_scenarios();
        match kind_name {
            "builds" => (Rule::Builds, Vec::new()),
            "unchanged" => {
                let function = self.required(raw.function.as_ref(), "function", &kind.span());
                (Rule::Unchanged { function }, Vec::new())
            }
            "no-leftovers" => (Rule::NoLeftovers, all),
            "no-busy-waiting" => {
                if let Some(role) = &raw.role {
                    self.role(role);
                }
                let expired_waits = raw.expired_waits.as_ref().and_then(|it| self.count(it));
                let rule = Rule::NoBusyWaiting {
                    role: raw.role.as_ref().map(|role| role.get_ref().clone()),
                    expired_waits: expired_waits.unwrap_or(EXPIRED_WAITS),
                };
                (rule, all)
            }
            other => {
                let help = match nearest(other, RULES) {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => format!("there are: {}", RULES.join(", ")),
                };
                self.problem(kind.span(), format!("no built-in rule `{other}`"))
                    .help = Some(help);
                (Rule::Builds, Vec::new())
            }
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
    }
}
