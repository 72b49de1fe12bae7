//! Requirements about every moment: `no_finding` and `at_any_moment`.

use std::ops::Range;

use siglab_explore::FindingKind;

use super::check::Checker;
use super::raw::{RawRequirement, S, Text};
use super::{Criterion, Exploring, MOMENTS, Test};
use crate::lab::nearest;

/// The kinds that exploring a scenario can give. Criteria that fail are found by others.
pub(super) const FINDINGS: [FindingKind; 8] = [
    FindingKind::Deadlock,
    FindingKind::Crash,
    FindingKind::Hang,
    FindingKind::LostWakeup,
    FindingKind::KilledByDefault,
    FindingKind::OutputCorrupted,
    FindingKind::UnsafeCall,
    FindingKind::ErrnoClobbered,
];

/// The most moments that a requirement may have tried. A grade should be there soon.
const MOST_MOMENTS: usize = 10_000;

impl Checker<'_> {
    /// What is explored for a requirement.
    pub(super) fn exploring(&mut self, raw: &RawRequirement) -> Option<Exploring> {
        if raw.no_finding.is_none() && !raw.at_any_moment {
            self.only_at_moments(raw);
            return None;
        }
        if let (Some(kinds), true) = (&raw.no_finding, raw.at_any_moment) {
            self.problem(kinds.span(), "`no_finding` is about any moment already")
                .help = Some("leave `at_any_moment` out".into());
        }
        if let Some(to) = &raw.to {
            self.role(to);
        }
        let moments = raw.moments.as_ref().and_then(|it| self.moments(it));
        if let (Some(0), Some(written), true) = (moments, &raw.moments, raw.at_any_moment) {
            self.problem(written.span(), "`at_any_moment` needs moments");
        }
        Some(Exploring {
            signal: raw.signal.as_ref().and_then(|it| self.signal(it)),
            to: raw.to.as_ref().map(|to| to.get_ref().clone()),
            moments: moments.unwrap_or(MOMENTS),
        })
    }

    /// Reports steps that wait for a signal that nobody asks to be tried, or wait twice.
    pub(super) fn tried_for_somebody(&mut self, criteria: &[Criterion]) {
        let explored: Vec<&str> = criteria
            .iter()
            .flat_map(Criterion::explorations)
            .filter(|(_, exploring)| exploring.moments > 0)
            .map(|(id, _)| id)
            .collect();
        let raw = self.raw();
        for scenario in raw.scenario.iter().map(S::get_ref) {
            let steps = scenario.steps.iter().map(S::get_ref);
            let mut tried = steps.filter_map(|step| step.tried.as_ref().filter(|it| *it.get_ref()));
            let Some(first) = tried.next() else { continue };
            let id = scenario.id.as_ref().map_or("", |id| id.get_ref());
            if !explored.contains(&id) && !self.is_incomplete() {
                self.problem(first.span(), "no signal is ever tried in this scenario")
                    .help = Some(
                    "`tried` is for scenarios of a requirement with `no_finding` or \
                     `at_any_moment`"
                        .into(),
                );
            }
            if let Some(second) = tried.next() {
                self.problem(second.span(), "a signal is tried once in a scenario");
            }
        }
    }

    /// The form `no_finding`.
    pub(super) fn finding_form(&mut self, raw: &RawRequirement, named: &S<Vec<Text>>) -> Test {
        let words = [
            ("id", raw.id.as_ref()),
            ("message", raw.message.as_ref()),
            ("missing", raw.missing.as_ref()),
            ("hint", raw.hint.as_ref()),
        ];
        for (key, text) in words {
            if let Some(text) = text {
                self.problem(text.span(), format!("`{key}` doesn't go with `no_finding`"))
                    .help = Some("a finding brings its own id, message and hint".into());
            }
        }
        if named.get_ref().is_empty() {
            self.problem(named.span(), "`no_finding` names no kind")
                .help = Some(known());
        }
        let named = named.get_ref().iter();
        Test::NoFinding(named.filter_map(|name| self.finding(name)).collect())
    }

    /// Reports keys that go with moments and stand alone.
    fn only_at_moments(&mut self, raw: &RawRequirement) {
        let keys: [(&str, Option<Range<usize>>); 3] = [
            ("signal", raw.signal.as_ref().map(Text::span)),
            ("to", raw.to.as_ref().map(Text::span)),
            ("moments", raw.moments.as_ref().map(S::span)),
        ];
        for (key, span) in keys {
            if let Some(span) = span {
                self.problem(
                    span,
                    format!("`{key}` goes with `no_finding` or `at_any_moment`"),
                );
            }
        }
    }

    fn finding(&mut self, name: &Text) -> Option<FindingKind> {
        let found = FINDINGS
            .into_iter()
            .find(|kind| kind.id() == name.get_ref());
        if found.is_none() {
            let ids = FINDINGS.iter().map(|kind| kind.id());
            let help = match nearest(name.get_ref(), ids) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => known(),
            };
            self.problem(name.span(), format!("no kind of finding `{name}`"))
                .help = Some(help);
        }
        found
    }

    fn moments(&mut self, number: &S<i64>) -> Option<usize> {
        let moments = self.count(number)?;
        if moments > MOST_MOMENTS {
            self.problem(number.span(), format!("`{number}` moments are too many"))
                .help = Some(format!("at most {MOST_MOMENTS}"));
            return None;
        }
        Some(moments)
    }
}

fn known() -> String {
    let ids: Vec<_> = FINDINGS.iter().map(|kind| kind.id()).collect();
    format!("there are: {}", ids.join(", "))
}
