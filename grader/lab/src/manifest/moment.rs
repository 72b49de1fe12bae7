//! When the steps of a scenario happen, as far as that is known before it runs.
//!
//! A step's moment may be drawn from a range, and have a name. Other steps, requirements and
//! messages write that name: they then mean the moment that was drawn.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use siglab_model::Time;

use super::draw::Dice;

/// The moments of a scenario's steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// The scenario, if it is one's.
    scenario: Option<String>,
    /// How far each range goes beyond its beginning.
    widths: Vec<Duration>,
    /// What was drawn of each, at most its width.
    drawn: Vec<Duration>,
    /// The moments that have names.
    named: BTreeMap<String, Planned>,
    /// Names of steps whose moments only a run can tell.
    unplanned: BTreeSet<String>,
}

/// A moment: a fixed part, and what is drawn of these ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Planned {
    earliest: Time,
    ranges: BTreeSet<usize>,
}

impl Planned {
    /// The earliest that it can be.
    pub(super) fn earliest(&self) -> Time {
        self.earliest
    }
}

impl From<Time> for Planned {
    fn from(earliest: Time) -> Self {
        Self {
            earliest,
            ranges: BTreeSet::new(),
        }
    }
}

impl Plan {
    /// For the steps of a scenario.
    pub(super) fn of(scenario: &str) -> Self {
        Self {
            scenario: Some(scenario.to_owned()),
            ..Self::default()
        }
    }

    /// The scenario, if it is one's.
    pub(super) fn scenario(&self) -> Option<&str> {
        self.scenario.as_deref()
    }

    /// Whether a moment is drawn in it.
    pub(super) fn draws(&self) -> bool {
        !self.widths.is_empty()
    }

    /// The moment with this name.
    pub(super) fn named(&self, name: &str) -> Option<&Planned> {
        self.named.get(name)
    }

    /// Whether a step has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named.contains_key(name) || self.unplanned.contains(name)
    }

    /// The names of all steps that have one.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.named.keys().chain(&self.unplanned);
        names.map(String::as_str)
    }

    /// Gives a moment a name; `None` if only a run can tell it.
    pub(super) fn name(&mut self, name: &str, moment: Option<Planned>) {
        match moment {
            Some(moment) => drop(self.named.insert(name.to_owned(), moment)),
            None => drop(self.unplanned.insert(name.to_owned())),
        }
    }

    /// The moment `span` after `from`.
    pub(super) fn later(&mut self, from: &Planned, span: Span, dice: &mut Dice) -> Planned {
        let mut moment = Planned {
            earliest: from.earliest + span.least,
            ranges: from.ranges.clone(),
        };
        if span.most > span.least {
            moment.ranges.insert(self.widths.len());
            self.widths.push(span.most - span.least);
            self.drawn
                .push(dice.between(span.least, span.most) - span.least);
        }
        moment
    }

    /// What was drawn for it.
    pub(super) fn time(&self, moment: &Planned) -> Time {
        let drawn = moment.ranges.iter().filter_map(|at| self.drawn.get(*at));
        drawn.fold(moment.earliest, |time, more| time + *more)
    }

    /// The latest that it can be.
    pub(super) fn latest(&self, moment: &Planned) -> Time {
        let widths = moment.ranges.iter().filter_map(|at| self.widths.get(*at));
        widths.fold(moment.earliest, |time, more| time + *more)
    }

    /// Whether `later` is never before `earlier`, whatever is drawn. Ranges that both have
    /// in them don't matter.
    pub(super) fn in_order(&self, earlier: &Planned, later: &Planned) -> bool {
        let own = earlier.ranges.difference(&later.ranges);
        let widths = own.filter_map(|at| self.widths.get(*at));
        let latest = widths.fold(earlier.earliest, |time, more| time + *more);
        latest <= later.earliest
    }
}

/// How long something takes: at least and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) least: Duration,
    pub(super) most: Duration,
}

/// What a moment is written as: `TIME`, `NAME`, `NAME + TIME` or `NAME - TIME`; a time may be
/// a range, `TIME..TIME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    /// The step from which it counts, if not from the start.
    pub(super) from: Option<&'a str>,
    /// Whether it is before that.
    pub(super) before: bool,
    /// How far away it is.
    pub(super) span: Span,
}

impl<'a> Written<'a> {
    /// Reads it; on error says what is wrong.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let text = text.trim();
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Ok(Self {
                from: None,
                before: false,
                span: Span::parse(text)?,
            });
        }
        let end = text.find(|c| !is_in_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let (before, away) = match (rest.strip_prefix('+'), rest.strip_prefix('-')) {
            (Some(later), _) => (false, later),
            (_, Some(earlier)) => (true, earlier),
            _ if rest.is_empty() => (false, "0s"),
            _ => {
                return Err(format!(
                    "`{text}` is not a moment; write a time, or a step's name and what to add to \
                     it, as in {name} + 0.2s"
                ));
            }
        };
        Ok(Self {
            from: Some(name),
            before,
            span: Span::parse(away.trim())?,
        })
    }
}

/// Whether steps' names are made of it.
pub(super) fn is_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Span {
    /// Reads `TIME` or `TIME..TIME`; on error says what is wrong.
    fn parse(text: &str) -> Result<Self, String> {
        let time = |text: &str| {
            let time: Result<Time, _> = text.trim().parse();
            time.map(|time| time.since(Time::ZERO))
                .map_err(|error| error.to_string())
        };
        let Some((least, most)) = text.split_once("..") else {
            let exactly = time(text)?;
            return Ok(Self {
                least: exactly,
                most: exactly,
            });
        };
        let span = Self {
            least: time(least)?,
            most: time(most)?,
        };
        if span.least >= span.most {
            return Err(format!(
                "`{text}` is empty: the end of a range comes after its beginning"
            ));
        }
        Ok(span)
    }

    /// Whether it is drawn.
    pub(super) fn is_range(self) -> bool {
        self.most > self.least
    }
}
