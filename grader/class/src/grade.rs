//! Grading a class, from the folder of submissions to the folder of results.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use siglab_engine::Cancel;
use siglab_lab::{GradeOptions, GradeResult, Lab, Status};
use siglab_sandbox::{Sandbox, Temporary};

use crate::crew::Crew;
use crate::error::ClassError;
use crate::folder::{Claim, Folder};
use crate::gradebook::{self, Choice, Gradebook};
use crate::intake::roster::Roster;
use crate::intake::{self, Entry, unpack};
use crate::keys::LabKeys;
use crate::plan::{Plan, Planned, plan};
use crate::regrade::Changes;
use crate::shard::Shard;
use crate::store::Store;
use crate::summary::{SCORES, SUMMARY, SUMMARY_MARKDOWN, SUMMARY_TEXT, Summary};
use crate::tidy::Folders;
use crate::worker;

/// The most results that are committed together.
const BATCH: usize = 32;

/// How to grade a class.
#[derive(Clone, Debug)]
pub struct ClassOptions {
    /// How many submissions are graded at the same time; one for each processor if absent.
    pub jobs: Option<NonZeroUsize>,
    /// The course's list of students.
    pub roster: Option<PathBuf>,
    /// The assignment's column, if the roster is a gradebook exported from Canvas; the one
    /// that is called like the lab if absent.
    pub gradebook: Option<String>,
    /// Only this part of the class.
    pub shard: Option<Shard>,
    /// Whether results of another version may be replaced.
    pub mode: Mode,
    /// siglab's version.
    pub version: String,
    /// The folder in which the libraries for Rust submissions are kept: see
    /// [`GradeOptions::cache`].
    pub cache: Option<PathBuf>,
    /// How long building and running a submission may take, in real time.
    pub deadline: Duration,
}

impl Default for ClassOptions {
    /// The whole class, on all processors, a minute for each submission.
    fn default() -> Self {
        Self {
            jobs: None,
            roster: None,
            gradebook: None,
            shard: None,
            mode: Mode::default(),
            version: String::new(),
            cache: None,
            deadline: GradeOptions::default().deadline,
        }
    }
}

/// What becomes of results that were made with another version of the lab, of siglab or of
/// a compiler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are an error.
    #[default]
    Grade,
    /// They are replaced, and compared with the new ones.
    Regrade,
}

/// What happens while a class is graded.
#[derive(Debug)]
pub enum Event<'a> {
    /// It is known what there is to do.
    Planned {
        /// How many submissions there are.
        submissions: usize,
        /// How many of them have a result already.
        known: usize,
        /// How many runs the others take: equal submissions are run once.
        runs: usize,
    },
    /// A submission got a result, which is in the store by now.
    Finished(Finished<'a>),
    /// A run is over, and with it all submissions that share its result.
    RunOver,
    /// A submission isn't in the folder any more; neither is its result now.
    Withdrawn(&'a str),
}

/// A submission that got a result.
#[derive(Debug)]
pub struct Finished<'a> {
    /// Its name.
    pub name: &'a str,
    /// The result.
    pub result: &'a GradeResult,
}

/// What grading a class gave; more is in the results folder.
#[derive(Debug)]
pub struct Graded {
    /// The class in numbers.
    pub summary: Summary,
    /// What is different now; when regrading.
    pub changes: Option<Changes>,
}

/// A class that can be graded, and whose folder of results is claimed by this siglab for as
/// long as this lives. Between [`prepare`] and [`Prepared::grade`] the process may fork, and
/// the child may grade: nothing was opened so far that can't be taken along.
#[derive(Debug)]
pub struct Prepared<'a> {
    lab: &'a Lab,
    keys: LabKeys,
    claim: Claim,
    entries: Vec<Entry>,
    roster: Option<Roster>,
    gradebook: Choice,
    options: ClassOptions,
    /// Removed when the results are there.
    unpacked: Option<Temporary>,
}

/// Finds out what there is to be graded: all submissions to `lab` in the folder `dir`, or in an
/// archive of it. The results are to be kept in the folder `out`. Starts no thread that stays.
///
/// # Errors
/// If the folders or the roster aren't what they should be, or another siglab works on
/// `out`.
pub fn prepare<'a>(
    lab: &'a Lab,
    dir: &Path,
    out: &Path,
    options: ClassOptions,
) -> Result<Prepared<'a>, ClassError> {
    refuse_nested(&canonical(dir)?, out)?;
    let opened = unpack::open(dir)?;
    let roster = options.roster.as_deref().map(Roster::load).transpose()?;
    let roster_path = options.roster.as_deref().map(canonical).transpose()?;
    let entries = intake::scan(&opened.dir, roster_path.as_deref())?;
    if let Some(roster) = &roster {
        roster.check(&entries)?;
    }
    let submissions = Submissions {
        entries,
        unpacked: opened.unpacked,
    };
    Prepared::new(lab, submissions, roster, out, options)
}

/// Submissions to a lab.
#[derive(Debug)]
pub(crate) struct Submissions {
    pub(crate) entries: Vec<Entry>,
    /// Where they are, if they were in an archive.
    pub(crate) unpacked: Option<Temporary>,
}

impl<'a> Prepared<'a> {
    /// That these submissions are to be graded, and their results kept in `out`.
    pub(crate) fn new(
        lab: &'a Lab,
        submissions: Submissions,
        roster: Option<Roster>,
        out: &Path,
        options: ClassOptions,
    ) -> Result<Self, ClassError> {
        let Submissions {
            mut entries,
            unpacked,
        } = submissions;
        let gradebook = match &roster {
            Some(roster) => Gradebook::choose(lab, roster, options.gradebook.as_deref())?,
            None => Choice::NoGradebook,
        };
        if let Some(shard) = options.shard {
            entries.retain(|entry| shard.holds(&entry.name));
        }
        let keys = LabKeys::of(lab, &options.version)?;
        if options.mode == Mode::Regrade && !out.join(crate::store::STORE).is_file() {
            return Err(ClassError::NothingToRegrade {
                out: out.to_owned(),
            });
        }
        let claim = Claim::make(out)?;
        Ok(Self {
            lab,
            keys,
            claim,
            entries,
            roster,
            gradebook,
            options,
            unpacked,
        })
    }
}

impl Prepared<'_> {
    /// Whether Rust's compiler may be needed: it is there, and some submission may be in
    /// Rust, as far as can be told without opening folders and archives.
    #[must_use]
    pub fn may_need_rust(&self) -> bool {
        let mut files = self.entries.iter().flat_map(|entry| &entry.files);
        self.keys.rust.is_some() && files.any(|(_, name)| !name.ends_with(".c"))
    }

    /// The assignments of a gradebook from Canvas, none of which could be told to be the
    /// lab: no file for Canvas will be written. Absent if that isn't so.
    #[must_use]
    pub fn unclear_assignments(&self) -> Option<&[String]> {
        match &self.gradebook {
            Choice::Unclear(assignments) => Some(assignments),
            Choice::NoGradebook | Choice::Gradebook(_) => None,
        }
    }

    /// The file for the learning platform, if it is known what for.
    pub(crate) fn gradebook(&self) -> Option<&Gradebook> {
        match &self.gradebook {
            Choice::Gradebook(gradebook) => Some(gradebook),
            Choice::NoGradebook | Choice::Unclear(_) => None,
        }
    }

    /// Grades the class in `sandbox`, and keeps the results. Submissions that have a result
    /// are not graded again, so the same call goes on where another one was interrupted, in
    /// whatever way. `cancel` asks it to stop, from another thread or a signal handler.
    ///
    /// # Errors
    /// If the results there are those of something else, there is no room, this machine
    /// can't grade, or it was asked to stop. No result that was reported is lost then.
    pub fn grade(
        self,
        sandbox: Option<Sandbox>,
        cancel: Cancel,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<Graded, ClassError> {
        let keys = match &sandbox {
            Some(sandbox) => self.keys.in_sandbox(sandbox.layers()),
            None => self.keys,
        };
        let out = self.claim.path().to_owned();
        let (folder, store) = self.claim.open()?;
        crate::regrade::begin(&store, &out, &keys, &self.options)?;
        let class = Class {
            lab: self.lab,
            keys,
            folder,
            store,
            options: &self.options,
            gradebook: match &self.gradebook {
                Choice::Gradebook(gradebook) => Some(gradebook),
                Choice::NoGradebook | Choice::Unclear(_) => None,
            },
            sandbox,
            cancel,
        };
        let graded = class.grade(self.entries, self.roster.as_ref(), observer);
        drop(self.unpacked);
        graded
    }
}

pub(crate) fn canonical(path: &Path) -> Result<PathBuf, ClassError> {
    let found = std::fs::canonicalize(path);
    found.map_err(|source| ClassError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Makes sure that neither folder is inside the other; `out` needn't be there.
pub(crate) fn refuse_nested(dir: &Path, out: &Path) -> Result<(), ClassError> {
    let absolute = std::path::absolute(out).map_err(|source| ClassError::Write {
        path: out.to_owned(),
        source,
    })?;
    let real = absolute.ancestors().find_map(|existing| {
        let real = std::fs::canonicalize(existing).ok()?;
        Some(real.join(absolute.strip_prefix(existing).ok()?))
    });
    let real = real.unwrap_or(absolute);
    let (inner, outer) = if real.starts_with(dir) {
        (real.as_path(), dir)
    } else if dir.starts_with(&real) {
        (dir, real.as_path())
    } else {
        return Ok(());
    };
    Err(ClassError::Nested {
        out: out.to_owned(),
        inner: inner.to_owned(),
        outer: outer.to_owned(),
    })
}

/// A class that is being graded.
struct Class<'a> {
    lab: &'a Lab,
    keys: LabKeys,
    folder: Folder,
    store: Store,
    options: &'a ClassOptions,
    gradebook: Option<&'a Gradebook>,
    sandbox: Option<Sandbox>,
    cancel: Cancel,
}

impl Class<'_> {
    fn grade(
        self,
        entries: Vec<Entry>,
        roster: Option<&Roster>,
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<Graded, ClassError> {
        let cancel = &self.cancel;
        let is_cancelled = || cancel.is_cancelled();
        let (lab, store) = (self.lab, &self.store);
        let plan = plan(lab, &self.keys, entries, roster, store, &is_cancelled)?;
        observer(Event::Planned {
            submissions: plan.all.len(),
            known: plan.known.len(),
            runs: plan.runs.len(),
        });
        let gone = self.take_over(&plan, roster)?;
        gone.iter()
            .for_each(|name| observer(Event::Withdrawn(name)));
        for batch in plan.refused.chunks(BATCH) {
            let results = batch.iter().map(|at| {
                let reason = plan.all[*at].refusal.as_deref().unwrap_or_default();
                (vec![*at], worker::refused(lab, None, reason))
            });
            self.keep(&plan, &results.collect::<Vec<_>>(), observer)?;
        }
        self.run(&plan, observer)?;
        self.finish(&plan)
    }

    /// Puts the store in order before anything is run: what is known belongs to who has
    /// handed it in, and what isn't there any more to nobody. The names of the latter.
    fn take_over(&self, plan: &Plan, roster: Option<&Roster>) -> Result<Vec<String>, ClassError> {
        let names: HashSet<&str> = plan.all.iter().map(|it| it.row.name.as_str()).collect();
        let mut gone = self.store.names()?;
        gone.retain(|name| !names.contains(name.as_str()));
        self.store.transaction(|store| {
            store.set_note("complete", None)?;
            store.set_roster(roster.map_or(&[], |roster| roster.students.as_slice()))?;
            let gradebook = self.gradebook.map(Gradebook::note).transpose()?;
            store.set_note(gradebook::NOTE, gradebook.as_deref())?;
            gone.iter().try_for_each(|name| store.withdraw(name))?;
            let known = plan.known.iter().map(|at| &plan.all[*at]);
            known.into_iter().try_for_each(|it| store.assign(&it.row))
        })?;
        for at in &plan.known {
            let Planned { row, .. } = &plan.all[*at];
            if let Some(result) = self.store.result(&row.key)? {
                self.folder.write_result(&row.name, &result)?;
            }
        }
        Ok(gone)
    }

    /// Keeps results, and only then reports them.
    fn keep(
        &self,
        plan: &Plan,
        results: &[(Vec<usize>, GradeResult)],
        observer: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), ClassError> {
        self.store.transaction(|store| {
            results.iter().try_for_each(|(whose, result)| {
                let mut rows = whose.iter().map(|at| &plan.all[*at].row);
                if let Some(at) = whose.first() {
                    store.keep(&plan.all[*at].row.key, result)?;
                }
                rows.try_for_each(|row| store.assign(row))
            })
        })?;
        for (whose, result) in results {
            for row in whose.iter().map(|at| &plan.all[*at].row) {
                self.folder.write_result(&row.name, result)?;
                let name = &row.name;
                observer(Event::Finished(Finished { name, result }));
            }
        }
        Ok(())
    }

    /// Runs what has no result yet, several at the same time.
    fn run(&self, plan: &Plan, observer: &mut dyn FnMut(Event<'_>)) -> Result<(), ClassError> {
        let processors = worker::processors();
        let jobs = self
            .options
            .jobs
            .map_or(processors.len(), NonZeroUsize::get);
        let options = GradeOptions {
            jobs: Some(NonZeroUsize::MIN),
            cancel: self.cancel.clone(),
            sandbox: self.sandbox.clone(),
            cache: self.options.cache.clone(),
            deadline: self.options.deadline,
            compile_deadline: self.options.deadline / 2,
            ..GradeOptions::default()
        };
        let crew = Crew {
            lab: self.lab,
            keys: &self.keys,
            plan,
            options,
            deadline: self.options.deadline,
            jobs: jobs.max(1),
            cancel: &self.cancel,
        };
        // Here what is handed out is compiled, once, for all.
        let folders = Folders::new(self.sandbox.as_ref()).map_err(|source| ClassError::Write {
            path: std::env::temp_dir(),
            source,
        })?;
        for language in &plan.languages {
            crew.prepare(*language, &folders)?;
        }
        crew.work(&mut |results| {
            let runs = results.len();
            for batch in results.chunks(BATCH) {
                let batch: Vec<_> = batch
                    .iter()
                    .map(|(at, result)| (plan.runs[*at].clone(), result.clone()))
                    .collect();
                self.keep(plan, &batch, observer)?;
            }
            (0..runs).for_each(|_| observer(Event::RunOver));
            Ok(())
        })
    }

    /// Writes what sums the class up.
    fn finish(self, plan: &Plan) -> Result<Graded, ClassError> {
        let summary = sum_up(&self.folder, &self.store, self.options.shard)?;
        let names: HashSet<&str> = plan.all.iter().map(|it| it.row.name.as_str()).collect();
        self.folder.remove_others(&|name| names.contains(name))?;
        let changes = match self.options.mode {
            Mode::Grade => None,
            Mode::Regrade => Some(Changes::of(&self.store, &self.folder)?),
        };
        self.folder.sync()?;
        self.store.transaction(|store| {
            store.set_note("complete", Some("yes"))?;
            if changes.is_some() {
                store.set_note("regrade", None)?;
            }
            Ok(())
        })?;
        Ok(Graded { summary, changes })
    }
}

/// Writes the files that sum a class up.
pub(crate) fn sum_up(
    folder: &Folder,
    store: &Store,
    shard: Option<Shard>,
) -> Result<Summary, ClassError> {
    let (mut summary, scores) = Summary::of(store, shard)?;
    folder.write(SCORES, &scores)?;
    // A part of a class has no use for one.
    let gradebook = match shard {
        None => Gradebook::noted(store)?,
        Some(_) => None,
    };
    let filled = gradebook.map(|it| it.fill(store)).transpose()?;
    if let Some(filled) = &filled {
        folder.write(filled.count.file, filled.csv.as_bytes())?;
    }
    summary.gradebook = filled.map(|it| it.count);
    // Nobody is to import what was true once.
    let file = summary.gradebook.as_ref().map(|it| it.file);
    for other in gradebook::FILES.into_iter().filter(|it| Some(*it) != file) {
        folder.remove(other)?;
    }
    let mut json = serde_json::to_vec_pretty(&summary)
        .map_err(|error| ClassError::Internal(error.to_string()))?;
    json.push(b'\n');
    folder.write(SUMMARY, &json)?;
    folder.write(SUMMARY_TEXT, summary.to_string().as_bytes())?;
    folder.write(SUMMARY_MARKDOWN, summary.markdown().as_bytes())?;
    Ok(summary)
}

/// Whether a result says something about the submission.
pub(crate) fn is_verdict(result: &GradeResult) -> bool {
    result.status != Status::InternalError
}
