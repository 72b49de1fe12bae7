//! Criteria: what they ask for, and in which scenarios.

use std::ops::Range;

use super::check::Checker;
use super::raw::{RawCriterion, RawScenario, S, Text};
use super::{Criterion, Expected, Requirement, Rule};
use crate::evaluate::diagnosis::PROVOKED;
use crate::lab::nearest;

/// How many timed waits may expire one after another, unless a criterion says otherwise.
const EXPIRED_WAITS: usize = 2;

/// The built-in rules.
const RULES: [&str; 5] = [
    "builds",
    "unchanged",
    "no-leftovers",
    "no-busy-waiting",
    "predicted",
];

impl Checker<'_> {
    pub(super) fn criterion(&mut self, raw: &S<RawCriterion>) -> Criterion {
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
            self.raw().scenario.iter().position(position)
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
            nothing_to_try_passes: self.passes_untried(raw, &rule),
            rule,
        }
    }

    fn passes_untried(&mut self, raw: &RawCriterion, rule: &Rule) -> bool {
        let Some(text) = &raw.nothing_to_try else {
            return false;
        };
        let tries = |it: &Requirement| it.exploring.as_ref().is_some_and(|it| it.moments > 0);
        if !matches!(rule, Rule::Requirements(all) if all.iter().any(tries)) {
            let message = "`nothing_to_try` is for criteria about any moment";
            self.problem(text.span(), message.to_owned());
        }
        match text.get_ref().as_str() {
            "pass" => true,
            "skipped" => false,
            other => {
                let message = format!("`{other}` is no verdict here");
                self.problem(text.span(), message).help = Some("write skipped or pass".into());
                false
            }
        }
    }

    /// What right programs do in the criterion's scenarios, too.
    pub(super) fn expected(&mut self, named: &[Text]) -> Expected {
        for text in named {
            let name = text.get_ref().as_str();
            let is_errno = name.strip_prefix('E').is_some_and(|rest| {
                !rest.is_empty()
                    && rest
                        .bytes()
                        .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
            });
            if is_errno || PROVOKED.contains(&name) {
                continue;
            }
            let help = match nearest(name, PROVOKED) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!(
                    "there are: {}, and errors such as EPERM",
                    PROVOKED.join(", ")
                ),
            };
            self.problem(
                text.span(),
                format!("`{name}` is nothing that can be expected"),
            )
            .help = Some(help);
        }
        Expected::new(named.iter().map(|it| it.get_ref().clone()))
    }

    /// The criteria that the criterion `of` needs.
    fn needs(&mut self, named: &[Text], of: &str) -> Vec<String> {
        let raw = self.raw();
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
        if let Some(role) = &raw.role {
            match kind_name {
                "unchanged" | "no-busy-waiting" => self.role(role),
                _ => {
                    let message = "`role` is for the kinds `no-busy-waiting` and `unchanged` only";
                    self.problem(role.span(), message.to_owned());
                }
            }
        }
        let role = raw.role.as_ref().map(|role| role.get_ref().clone());
        let all = self.all_scenarios();
        match kind_name {
            "builds" => (Rule::Builds, Vec::new()),
            "unchanged" => {
                let function = self.required(raw.function.as_ref(), "function", &kind.span());
                let scenarios = if role.is_some() { all } else { Vec::new() };
                (Rule::Unchanged { function, role }, scenarios)
            }
            "no-leftovers" => (Rule::NoLeftovers, all),
            "predicted" => {
                if self.raw().question.is_empty() && !self.is_incomplete() {
                    self.problem(
                        kind.span(),
                        "there is no [[question]] to predict anything of",
                    );
                }
                (Rule::Predicted, all)
            }
            "no-busy-waiting" => {
                let expired_waits = raw.expired_waits.as_ref().and_then(|it| self.count(it));
                let rule = Rule::NoBusyWaiting {
                    role,
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
}
