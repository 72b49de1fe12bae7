//! The requirements of a criterion.

use std::ops::Range;
use std::time::Duration;

use siglab_model::{ProcessStatus, Time};

use super::check::Checker;
use super::event::{EVENTS, EventKind};
use super::pattern::Pattern;
use super::raw::{
    RawAnchor, RawCriterion, RawInstead, RawOutcome, RawPattern, RawRequirement, S, Text,
};
use super::template::Template;
use super::{Anchor, Ending, Expected, Instead, Requirement, Rule, Test};
use crate::lab::nearest;

/// The names that every template may use: how the first process ended, and when.
const ALWAYS: [&str; 2] = ["status", "end"];

impl Checker<'_> {
    /// The requirements of a criterion, and the scenarios that it is about.
    pub(super) fn requirements(
        &mut self,
        raw: &RawCriterion,
        span: &Range<usize>,
    ) -> (Rule, Vec<String>) {
        let extra = [
            (raw.function.as_ref().map(Text::span), "function"),
            (raw.role.as_ref().map(Text::span), "role"),
            (raw.expired_waits.as_ref().map(S::span), "expired_waits"),
        ];
        for (span, key) in extra {
            if let Some(span) = span {
                self.problem(span, format!("`{key}` goes with a `kind`"));
            }
        }
        if raw.require.is_empty() {
            self.missing("require", span);
        }
        let named = raw.scenarios.as_ref();
        let named = named.map(|named| self.scenario_ids(named));
        let default = named.clone().unwrap_or_else(|| self.all_scenarios());
        let expected = self.expected(raw.expected.as_deref().unwrap_or_default());
        let mut requirements: Vec<_> = raw
            .require
            .iter()
            .flat_map(|it| self.for_each_plan(it, raw.hint.as_ref(), named.as_deref(), &default))
            .collect();
        for requirement in &mut requirements {
            requirement.expected.clone_from(&expected);
        }
        let scenarios = requirements
            .iter()
            .flat_map(|requirement| requirement.scenarios.iter().cloned())
            .collect();
        (Rule::Requirements(requirements), scenarios)
    }

    /// A requirement; one for each of its scenarios if it mentions moments of their steps, for
    /// these differ.
    fn for_each_plan(
        &mut self,
        raw: &S<RawRequirement>,
        hint: Option<&Text>,
        named: Option<&[String]>,
        default: &[String],
    ) -> Vec<Requirement> {
        let scenarios = match &raw.get_ref().scenarios {
            None => default.to_vec(),
            Some(own) => self.own_scenarios(own, named),
        };
        let mut requirements = Vec::new();
        for id in &scenarios {
            self.for_scenario(Some(id));
            let before = self.problems.len();
            let requirement = self.requirement(raw, hint);
            // What is wrong in one scenario is mostly wrong in all of them.
            let new = self.problems.split_off(before);
            for problem in new {
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
            }
            if !self.plan_matters {
                requirements.push(Requirement {
                    scenarios: scenarios.clone(),
                    ..requirement
                });
                break;
            }
            requirements.push(Requirement {
                scenarios: vec![id.clone()],
                ..requirement
            });
        }
        if scenarios.is_empty() {
            requirements.push(self.requirement(raw, hint));
        }
        self.for_scenario(None);
        requirements
    }

    /// The scenarios that a requirement names for itself, of those that its criterion names.
    fn own_scenarios(&mut self, own: &[Text], named: Option<&[String]>) -> Vec<String> {
        for id in own {
            if named.is_some_and(|named| !named.contains(id.get_ref()))
                && self.all_scenarios().contains(id.get_ref())
            {
                self.problem(
                    id.span(),
                    format!("the criterion isn't about scenario `{id}`"),
                );
            }
        }
        self.scenario_ids(own)
    }

    /// A requirement, of no scenario yet.
    fn requirement(&mut self, raw: &S<RawRequirement>, hint: Option<&Text>) -> Requirement {
        let span = raw.span();
        let raw = raw.get_ref();
        let has_words = raw.no_finding.is_none();
        let id = if has_words {
            self.required(raw.id.as_ref(), "id", &span)
        } else {
            String::new()
        };
        if let Some(id) = &raw.id {
            self.id(id);
        }
        let (test, names) = self.form(raw, &span);
        let exploring = self.exploring(raw);
        let message = raw
            .message
            .as_ref()
            .map(|it| self.template(it, &names.happened, &ALWAYS));
        let missing = raw
            .missing
            .as_ref()
            .map(|it| self.template(it, &names.missing, &ALWAYS));
        let hint = match raw.hint.as_ref().or(hint) {
            Some(hint) => self.template(hint, &[], &ALWAYS),
            None => {
                if has_words {
                    self.missing("hint", &span);
                }
                Template::default()
            }
        };
        let instead = raw.instead.iter();
        let instead = instead.filter_map(|it| self.instead(it, &names));
        let instead = instead.collect();
        Requirement {
            id,
            message,
            missing,
            hint,
            scenarios: Vec::new(),
            test,
            instead,
            expected: Expected::default(),
            exploring,
        }
    }

    /// What a program may have done instead. `names` are those of the requirement's messages.
    fn instead(&mut self, raw: &S<RawInstead>, names: &Names) -> Option<Instead> {
        let span = raw.span();
        let raw = raw.get_ref();
        let id = self.required(raw.id.as_ref(), "id", &span);
        if let Some(id) = &raw.id {
            self.id(id);
        }
        let patterns = |checker: &mut Self, list: &[S<RawPattern>]| {
            list.iter()
                .map(|it| checker.pattern(it.get_ref(), &it.span()))
                .collect()
        };
        let Some(event) = &raw.event else {
            self.missing("event", &span);
            return None;
        };
        let event = self.pattern(event.get_ref(), &event.span());
        let others: Vec<_> = names.missing.iter().map(String::as_str).collect();
        let names = Names::of_event(&event, &others);
        self.required(raw.message.as_ref(), "message", &span);
        let message = raw.message.as_ref()?;
        Some(Instead {
            id,
            with: patterns(self, &raw.with),
            without: patterns(self, &raw.without),
            message: self.template(message, &names.happened, &ALWAYS),
            hint: raw.hint.as_ref().map(|it| self.template(it, &[], &ALWAYS)),
            event,
        })
    }

    /// The condition, and the names that its messages may use.
    fn form(&mut self, raw: &RawRequirement, span: &Range<usize>) -> (Test, Names) {
        let forms = [
            ("event", raw.event.as_ref().map(S::span)),
            ("never", raw.never.as_ref().map(S::span)),
            ("in_order", raw.in_order.as_ref().map(S::span)),
            ("outcome", raw.outcome.as_ref().map(S::span)),
            ("no_finding", raw.no_finding.as_ref().map(S::span)),
        ];
        let given: Vec<_> = forms
            .into_iter()
            .filter_map(|(key, span)| span.map(|span| (key, span)))
            .collect();
        if let [(first, _), (second, at), ..] = given.as_slice() {
            self.problem(
                at.clone(),
                format!("a requirement has one form; here are `{first}` and `{second}`"),
            );
        }
        if raw.event.is_none() {
            self.only_with_event(raw);
        }
        if let Some(event) = &raw.event {
            self.event_form(raw, event)
        } else if let Some(never) = &raw.never {
            let event = self.pattern(never.get_ref(), &never.span());
            self.not_nth(&event, never);
            let names = Names::of_event(&event, &["count", "times"]);
            let test = Test::Count {
                event,
                min: 0,
                max: Some(0),
            };
            (test, names)
        } else if let Some(list) = &raw.in_order {
            if list.get_ref().len() < 2 {
                self.problem(list.span(), "an order needs two events");
            }
            let events: Vec<_> = list
                .get_ref()
                .iter()
                .map(|it| self.pattern(it.get_ref(), &it.span()))
                .collect();
            (Test::InOrder(events), Names::only(&["t"]))
        } else if let Some(outcome) = &raw.outcome {
            (Test::Ends(self.ending(outcome)), Names::only(&[]))
        } else if let Some(kinds) = &raw.no_finding {
            (self.finding_form(raw, kinds), Names::only(&[]))
        } else {
            if !given.is_empty() || raw.id.is_some() {
                self.problem(span.clone(), "this requirement requires nothing")
                    .help =
                    Some("add `event`, `never`, `in_order`, `outcome` or `no_finding`".into());
            }
            let test = Test::InOrder(Vec::new());
            (test, Names::only(&[]))
        }
    }

    fn only_with_event(&mut self, raw: &RawRequirement) {
        let keys = [
            ("exactly", raw.exactly.as_ref().map(S::span)),
            ("at_least", raw.at_least.as_ref().map(S::span)),
            ("at_most", raw.at_most.as_ref().map(S::span)),
            ("within", raw.within.as_ref().map(Text::span)),
            ("after", raw.after.as_ref().map(S::span)),
            ("of", raw.of.as_ref().map(S::span)),
            ("same_instant_as", raw.same_instant_as.as_ref().map(S::span)),
        ];
        for (key, span) in keys {
            if let Some(span) = span {
                self.problem(span, format!("`{key}` goes with `event`"));
            }
        }
    }

    fn event_form(&mut self, raw: &RawRequirement, event: &S<RawPattern>) -> (Test, Names) {
        let pattern = self.pattern(event.get_ref(), &event.span());
        let near = [
            ("after", raw.after.as_ref()),
            ("of", raw.of.as_ref()),
            ("same_instant_as", raw.same_instant_as.as_ref()),
        ];
        let mut anchors = near
            .into_iter()
            .filter_map(|(key, anchor)| anchor.map(|anchor| (key, anchor)));
        let Some((key, anchor)) = anchors.next() else {
            if let Some(within) = &raw.within {
                self.problem(within.span(), "`within` goes with `after` or `of`");
            }
            return self.count_form(raw, event, pattern);
        };
        if let Some((other, second)) = anchors.next() {
            self.problem(
                second.span(),
                format!("a requirement has one form; here are `{key}` and `{other}`"),
            );
        }
        for (count_key, count) in [
            ("exactly", &raw.exactly),
            ("at_least", &raw.at_least),
            ("at_most", &raw.at_most),
        ] {
            if let Some(count) = count {
                self.problem(
                    count.span(),
                    format!("a requirement has one form; here are `{key}` and `{count_key}`"),
                );
            }
        }
        let within = self.within(raw, key, anchor);
        let anchor = self.anchor(anchor);
        if raw.each && matches!(anchor, Anchor::Time(_)) {
            self.problem(event.span(), "`each` needs an event, not a moment");
        }
        let names = Names::of_near(&pattern);
        let test = Test::Near {
            event: pattern,
            anchor,
            within,
            either_side: key != "after",
            each: raw.each,
        };
        (test, names)
    }

    fn within(&mut self, raw: &RawRequirement, key: &str, anchor: &S<RawAnchor>) -> Duration {
        match (&raw.within, key) {
            (Some(within), "same_instant_as") => {
                self.problem(within.span(), "`within` goes with `after` or `of`");
                Duration::ZERO
            }
            (None, "same_instant_as") => Duration::ZERO,
            (Some(within), _) => self.duration(within).unwrap_or_default(),
            (None, _) => {
                self.problem(anchor.span(), format!("`{key}` needs `within`"));
                Duration::ZERO
            }
        }
    }

    fn anchor(&mut self, anchor: &S<RawAnchor>) -> Anchor {
        match anchor.get_ref() {
            RawAnchor::Time(text) => {
                let text = Text::new(anchor.span(), text.clone());
                Anchor::Time(self.instant(&text).unwrap_or(Time::ZERO))
            }
            RawAnchor::Event(pattern) => Anchor::Event(self.pattern(pattern, &anchor.span())),
        }
    }

    fn count_form(
        &mut self,
        raw: &RawRequirement,
        written: &S<RawPattern>,
        event: Pattern,
    ) -> (Test, Names) {
        self.not_nth(&event, written);
        if raw.each {
            self.problem(written.span(), "`each` goes with `after` or `of`");
        }
        let exactly = raw.exactly.as_ref().and_then(|it| self.count(it));
        let at_least = raw.at_least.as_ref().and_then(|it| self.count(it));
        let at_most = raw.at_most.as_ref().and_then(|it| self.count(it));
        if let (Some(exactly), Some(other)) =
            (&raw.exactly, raw.at_least.as_ref().or(raw.at_most.as_ref()))
        {
            self.problem(
                other.span(),
                format!("`exactly = {exactly}` leaves nothing to say about other numbers"),
            );
        }
        if let (Some(min), Some(max), Some(written)) = (at_least, at_most, &raw.at_most)
            && min > max
        {
            self.problem(
                written.span(),
                format!("at least {min} and at most {max} can't both hold"),
            );
        }
        let names = Names::of_event(&event, &["count", "expected", "times"]);
        let test = Test::Count {
            event,
            min: exactly
                .or(at_least)
                .unwrap_or(usize::from(at_most.is_none())),
            max: exactly.or(at_most),
        };
        (test, names)
    }

    fn not_nth(&mut self, pattern: &Pattern, written: &S<RawPattern>) {
        if pattern.nth.is_some() {
            self.problem(
                written.span(),
                "`nth` can't be counted; use it with `after` or `of`",
            );
        }
    }

    fn ending(&mut self, outcome: &S<RawOutcome>) -> Ending {
        let raw = outcome.get_ref();
        let ending = match (&raw.exited, &raw.killed, &raw.deadlock) {
            (Some(code), None, None) => self
                .exit_status(code)
                .map(|code| Ending::Status(ProcessStatus::Exited(code))),
            (None, Some(signal), None) => self
                .signal(signal)
                .map(|signal| Ending::Status(ProcessStatus::Killed(signal))),
            (None, None, Some(deadlock)) => Some(Ending::Deadlock(*deadlock.get_ref())),
            _ => {
                self.problem(
                    outcome.span(),
                    "an outcome is one of `exited`, `killed`, `deadlock`",
                );
                None
            }
        };
        ending.unwrap_or(Ending::Deadlock(false))
    }

    /// A text in which `names` and `others` may stand for values; and the moments of steps, as
    /// `{first}`, and what is between two, as `{second - first}`, which are filled in.
    pub(super) fn template(
        &mut self,
        text: &Text,
        names: &[String],
        others: &[&'static str],
    ) -> Template {
        let mut template = Template::parse(text.get_ref()).unwrap_or_else(|why| {
            self.problem(text.span(), why);
            Template::default()
        });
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let known: Vec<&str> = known.into_iter().chain(others.iter().copied()).collect();
        template.resolve(|name| {
            if known.contains(&name) {
                return None;
            }
            self.moment_text(name, text, &known)
        });
        template
    }

    /// The moment, or the time between two moments, that `name` stands for in `text`.
    fn moment_text(&mut self, name: &str, text: &Text, known: &[&str]) -> Option<String> {
        let (later, earlier) = match name.split_once('-') {
            Some((later, earlier)) => (later.trim(), Some(earlier.trim())),
            None => (name, None),
        };
        for name in std::iter::once(later).chain(earlier) {
            if self.plan.has(name) {
                continue;
            }
            let steps: Vec<_> = self.plan.names().collect();
            let all = known.iter().copied().chain(steps);
            let all: Vec<_> = all.collect();
            let help = match nearest(name, all.iter().copied()) {
                Some(nearest) => format!("did you mean `{{{nearest}}}`?"),
                None => format!("known here: {}", all.join(", ")),
            };
            self.problem(text.span(), format!("nothing is called `{{{name}}}` here"))
                .help = Some(help);
            return None;
        }
        let later = self.step_time(later, text)?.0;
        let Some(earlier) = earlier else {
            return Some(later.to_string());
        };
        let earlier = self.step_time(earlier, text)?.0;
        Some((Time::ZERO + later.since(earlier)).to_string())
    }

    /// What was drawn for the step `name`, which `text` mentions, and the earliest that could be.
    fn step_time(&mut self, name: &str, text: &Text) -> Option<(Time, Time)> {
        self.plan_matters |= self.plan.has(name);
        let plan = self.plan.clone();
        let nowhere = match plan.scenario() {
            Some(id) => format!("no step of scenario `{id}` is called `{name}`"),
            None => format!("there is no scenario with a step `{name}`"),
        };
        let moment = self.named(name, text, &plan, nowhere)?;
        Some((plan.time(&moment), moment.earliest()))
    }

    /// A moment that a requirement is about: a time, or that of a step, perhaps with something
    /// added or taken away.
    pub(super) fn instant(&mut self, text: &Text) -> Option<Time> {
        let written = self.written(text)?;
        if written.span.is_range() {
            self.problem(text.span(), "only the moments of steps are drawn")
                .help = Some("give the step a name, and write that here".into());
            return None;
        }
        let Some(name) = written.from else {
            return Some(Time::ZERO + written.span.least);
        };
        let (time, earliest) = self.step_time(name, text)?;
        if written.before && earliest < Time::ZERO + written.span.least {
            self.problem(text.span(), format!("`{text}` may be before the start"));
            return None;
        }
        Some(if written.before {
            Time::ZERO + (time.since(Time::ZERO) - written.span.least)
        } else {
            time + written.span.least
        })
    }
}

/// Whether `{name}` stands for something in messages, whatever steps there are.
pub(super) fn is_value(name: &str) -> bool {
    const OWN: [&str; 10] = [
        "t", "role", "count", "expected", "times", "anchor", "delay", "offset", "within", "event",
    ];
    let fields = EVENTS.iter().flat_map(|kind| kind.fields);
    OWN.contains(&name) || ALWAYS.contains(&name) || fields.into_iter().any(|it| it.name == name)
}

/// The names that may stand for values.
struct Names {
    /// In a message about something that happened.
    happened: Vec<String>,
    /// In a message about something that didn't.
    missing: Vec<String>,
}

impl Names {
    fn only(names: &[&str]) -> Self {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            happened: names.clone(),
            missing: names,
        }
    }

    fn of_event(event: &Pattern, others: &[&str]) -> Self {
        let mut names = Self::only(others);
        names.happened.extend(fields(event));
        names
    }

    fn of_near(event: &Pattern) -> Self {
        let mut names = Self::of_event(event, &["anchor", "within"]);
        names
            .happened
            .extend(["delay", "offset"].map(str::to_owned));
        names
    }
}

/// The fields that all kinds of `event` have.
fn fields(event: &Pattern) -> Vec<String> {
    let kinds: Vec<_> = event
        .kinds
        .iter()
        .filter_map(|name| EventKind::named(name))
        .collect();
    let Some(first) = kinds.first() else {
        return vec!["t".into(), "role".into()];
    };
    let common = first
        .fields
        .iter()
        .map(|field| field.name)
        .filter(|name| kinds.iter().all(|kind| kind.field(name).is_some()));
    ["t", "role"]
        .into_iter()
        .chain(common)
        .map(str::to_owned)
        .collect()
}
