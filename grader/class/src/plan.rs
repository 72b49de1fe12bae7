//! What there is to do: which submissions have a result already, and which of the others
//! are equal.

use std::collections::BTreeMap;

use siglab_lab::{Lab, Language, Status};

use crate::error::ClassError;
use crate::intake::Entry;
use crate::intake::roster::Roster;
use crate::intake::source::Source;
use crate::keys::{self, LabKeys};
use crate::store::{Row, Store};

/// A submission to be looked at.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Where it is.
    pub(crate) entry: Entry,
    /// What the store is to say of it.
    pub(crate) row: Row,
    /// Why it isn't compiled.
    pub(crate) refusal: Option<String>,
}

/// What there is to do.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// All submissions, by name.
    pub(crate) all: Vec<Planned>,
    /// Those whose result is in the store, by their places in `all`.
    pub(crate) known: Vec<usize>,
    /// Those that get their result without being run.
    pub(crate) refused: Vec<usize>,
    /// What has to be run: those that share one result.
    pub(crate) runs: Vec<Vec<usize>>,
    /// The languages that they are in.
    pub(crate) languages: Vec<Language>,
}

/// Reads all of `entries`, and decides what is to be done for each.
pub(crate) fn plan(
    lab: &Lab,
    keys: &LabKeys,
    entries: Vec<Entry>,
    roster: Option<&Roster>,
    store: &Store,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Plan, ClassError> {
    let mut plan = Plan::default();
    let mut runs: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.into_iter().enumerate() {
        if is_cancelled() {
            return Err(ClassError::Cancelled);
        }
        let mut language = None;
        let (source, key, refusal) = match Source::read(&entry, lab) {
            Ok(source) => {
                language = Some(source.language);
                (source.hash(), keys.key(&source), None)
            }
            Err(refusal) => (
                keys::hex([b"refused".as_slice(), refusal.0.as_bytes()]),
                keys.refused(&refusal.0),
                Some(refusal.0),
            ),
        };
        let is_known = store
            .status(&key)?
            .is_some_and(|status| status != Status::InternalError);
        if is_known {
            plan.known.push(at);
        } else if refusal.is_some() {
            plan.refused.push(at);
        } else {
            plan.languages
                .extend(language.filter(|it| !plan.languages.contains(it)));
            runs.entry(key.clone()).or_default().push(at);
        }
        let row = Row {
            name: entry.name.clone(),
            source,
            key,
            who: entry.who.names.join(", "),
            student: roster.and_then(|it| it.find(&entry.who)).cloned(),
            late: entry.who.late,
        };
        plan.all.push(Planned {
            entry,
            row,
            refusal,
        });
    }
    plan.runs = runs.into_values().collect();
    // In the order of names, so that one can see how far it is.
    plan.runs.sort();
    Ok(plan)
}
