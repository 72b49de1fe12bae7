//! Grading again: what has changed, and why.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::Serialize;
use siglab_lab::{GradeResult, Status, Verdict};

use crate::error::ClassError;
use crate::folder::Folder;
use crate::grade::{ClassOptions, Mode};
use crate::keys::{LabKeys, NO_SANDBOX};
use crate::store::Store;

/// The name and version of the serialised form of [`Changes`].
const SCHEMA: &str = "siglab/changes/v1";

/// The name of the file with all changes.
const CHANGES: &str = "changes.json";

/// Notes whose difference makes results outdated: their names in the store, and what they
/// are.
const VERSIONS: [(&str, Reason); 6] = [
    ("lab files", Reason::Lab),
    ("siglab", Reason::Siglab),
    ("c", Reason::Compiler),
    ("rust", Reason::Compiler),
    ("sandbox", Reason::Sandbox),
    ("seed", Reason::Seed),
];

/// Why a result is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Another submission was handed in.
    Submission,
    /// The lab was changed.
    Lab,
    /// It was graded by another version of siglab.
    Siglab,
    /// It was compiled by another compiler.
    Compiler,
    /// It was confined by other layers of the sandbox, or by none.
    Sandbox,
    /// The lab's moments were drawn from another seed.
    Seed,
    /// Grading it had failed.
    Failed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Submission => "submission",
            Self::Lab => "lab",
            Self::Siglab => "siglab version",
            Self::Compiler => "compiler",
            Self::Sandbox => "sandbox",
            Self::Seed => "seed",
            Self::Failed => "could not be graded before",
        })
    }
}

/// One submission whose result is different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// Its status and score before; absent if it had none.
    pub before: Option<(Status, u32)>,
    /// Its status and score now; absent if it isn't there any more.
    pub after: Option<(Status, u32)>,
    /// Every criterion whose verdict is different: its id, and the verdicts before and now.
    pub criteria: Vec<(String, Option<Verdict>, Option<Verdict>)>,
    /// What could be the reason: everything that was changed since.
    pub because: Vec<Reason>,
}

/// What grading again has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    schema: &'static str,
    /// What is different for all submissions, in words.
    pub versions: Vec<String>,
    /// How many results are as they were.
    pub unchanged: usize,
    /// Those that aren't, by name.
    pub changes: Vec<Change>,
}

/// What is noted about the version of things.
fn versions(keys: &LabKeys) -> [Option<&str>; 6] {
    [
        Some(&keys.files),
        Some(&keys.siglab),
        keys.c.as_deref(),
        keys.rust.as_deref(),
        Some(&keys.sandbox),
        keys.seed.as_deref(),
    ]
}

/// Makes sure that results for these keys belong into `store`, and notes them there.
pub(crate) fn begin(
    store: &Store,
    out: &Path,
    keys: &LabKeys,
    options: &ClassOptions,
) -> Result<(), ClassError> {
    let shard = options.shard.map(|shard| shard.to_string());
    let ours = |lab: &str, shard: &Option<String>| match shard {
        Some(shard) => format!("lab {lab}, shard {shard}"),
        None => format!("lab {lab}"),
    };
    let noted = store.note("lab")?;
    if let Some(lab) = &noted {
        let theirs = ours(lab, &store.note("shard")?);
        let ours = ours(&keys.lab, &shard);
        if theirs != ours {
            return Err(ClassError::Other {
                out: out.to_owned(),
                theirs,
                ours,
            });
        }
    }
    let mut outdated = Vec::new();
    for ((name, reason), now) in VERSIONS.into_iter().zip(versions(keys)) {
        if let (Some(before), Some(now)) = (store.note(name)?, now)
            && before != now
        {
            outdated.push(words(reason, &before));
        }
    }
    if options.mode == Mode::Grade && !outdated.is_empty() {
        return Err(ClassError::Outdated {
            out: out.to_owned(),
            what: outdated,
        });
    }
    let begins = options.mode == Mode::Regrade && store.note("regrade")?.is_none();
    store.transaction(|store| {
        if begins {
            store.set_baseline()?;
            for (name, _) in VERSIONS {
                let before = store.note(name)?;
                store.set_note(&format!("baseline {name}"), before.as_deref())?;
            }
            store.set_note("regrade", Some("begun"))?;
        }
        store.set_note("lab", Some(&keys.lab))?;
        store.set_note("shard", shard.as_deref())?;
        for ((name, _), now) in VERSIONS.into_iter().zip(versions(keys)) {
            if now.is_some() {
                store.set_note(name, now)?;
            }
        }
        Ok(())
    })
}

/// An earlier version, in words.
fn words(reason: Reason, before: &str) -> String {
    match reason {
        Reason::Lab => "another version of the lab".to_owned(),
        Reason::Siglab => format!("siglab {before}"),
        Reason::Sandbox if before == NO_SANDBOX => "no sandbox".to_owned(),
        Reason::Sandbox => format!("another sandbox ({before})"),
        Reason::Seed => format!("the seed {before}"),
        _ => format!("the compiler {before}"),
    }
}

impl Changes {
    /// Compares what `store` holds with what it held when grading again began, and writes
    /// that down.
    pub(crate) fn of(store: &Store, folder: &Folder) -> Result<Self, ClassError> {
        let mut versions = Vec::new();
        let mut reasons = BTreeSet::new();
        for (name, reason) in VERSIONS {
            let (before, now) = (store.note(&format!("baseline {name}"))?, store.note(name)?);
            if let (Some(before), Some(now)) = (before, now)
                && before != now
            {
                reasons.insert(reason);
                versions.push(match reason {
                    Reason::Lab => "the lab was changed".to_owned(),
                    Reason::Siglab => format!("siglab {before} became siglab {now}"),
                    Reason::Sandbox => format!("the sandbox ({before}) became another ({now})"),
                    Reason::Seed => format!("moments are drawn from the seed {now}, not {before}"),
                    _ => format!("the compiler {before} became {now}"),
                });
            }
        }
        let mut all = Self {
            schema: SCHEMA,
            versions,
            unchanged: 0,
            changes: Vec::new(),
        };
        store.read(|row, result| {
            let before = store.baseline(&row.name)?;
            let (source, before) = before.map_or((None, None), |(source, result)| {
                (Some(source), Some(result))
            });
            let mut because: Vec<Reason> = reasons.iter().copied().collect();
            if source.as_ref() != Some(&row.source) {
                because.insert(0, Reason::Submission);
            }
            if before
                .as_ref()
                .is_some_and(|it| !crate::grade::is_verdict(it))
            {
                because.push(Reason::Failed);
            }
            all.add(&row.name, before.as_ref(), Some(result), because);
            Ok(())
        })?;
        for name in store.baseline_names()? {
            if store.row(&name)?.is_none() {
                let before = store.baseline(&name)?.map(|(_, result)| result);
                all.add(&name, before.as_ref(), None, vec![Reason::Submission]);
            }
        }
        all.changes.sort_by(|a, b| a.name.cmp(&b.name));
        let mut json = serde_json::to_vec_pretty(&all)
            .map_err(|error| ClassError::Internal(error.to_string()))?;
        json.push(b'\n');
        folder.write(CHANGES, &json)?;
        Ok(all)
    }

    fn add(
        &mut self,
        name: &str,
        before: Option<&GradeResult>,
        after: Option<&GradeResult>,
        because: Vec<Reason>,
    ) {
        let short = |it: &GradeResult| (it.status, it.score);
        let (short_before, short_after) = (before.map(short), after.map(short));
        let verdict = |result: Option<&GradeResult>, id: &str| {
            result.and_then(|it| it.criterion(id)).map(|it| it.verdict)
        };
        let newer = after.or(before).into_iter().flat_map(|it| &it.criteria);
        let older = before.into_iter().flat_map(|it| &it.criteria);
        let mut ids: Vec<&str> = newer.map(|it| it.id.as_str()).collect();
        for criterion in older {
            if !ids.contains(&criterion.id.as_str()) {
                ids.push(&criterion.id);
            }
        }
        let criteria: Vec<_> = ids
            .into_iter()
            .map(|id| (id.to_owned(), verdict(before, id), verdict(after, id)))
            .filter(|(_, before, after)| before != after)
            .collect();
        if short_before == short_after && criteria.is_empty() {
            self.unchanged += 1;
            return;
        }
        self.changes.push(Change {
            name: name.to_owned(),
            before: short_before,
            after: short_after,
            criteria,
            because,
        });
    }
}

/// A status and a score, in a word.
fn score(result: Option<(Status, u32)>) -> String {
    match result {
        None => "none".into(),
        Some((Status::Graded, score)) => score.to_string(),
        Some((status, score)) => format!("{score} ({})", crate::summary::status_name(status)),
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for version in &self.versions {
            writeln!(f, "{}", siglab_report::escape_lines(version))?;
        }
        for change in &self.changes {
            let because: Vec<String> = change.because.iter().map(Reason::to_string).collect();
            writeln!(
                f,
                "{}: {} -> {} because of: {}",
                siglab_report::escape_lines(&change.name),
                score(change.before),
                score(change.after),
                because.join(", "),
            )?;
            let word = |it: &Option<Verdict>| it.map_or("none", crate::summary::verdict_name);
            // All criteria are new, or gone, with a result that is.
            if change.before.is_some() && change.after.is_some() {
                for (id, before, after) in &change.criteria {
                    writeln!(f, "    {id}: {} -> {}", word(before), word(after))?;
                }
            }
        }
        writeln!(
            f,
            "{} changed, {} as before",
            self.changes.len(),
            self.unchanged
        )
    }
}
