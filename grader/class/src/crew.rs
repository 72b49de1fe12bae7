//! Graders: a process for each attempt at a submission, and one process that sees to them.
//!
//! Whatever becomes of a grader, or of the submission that it works at, costs that submission
//! and no other. How long an attempt may take, and how much memory it may use, is kept from
//! outside. The process that sees to them reads nothing that a stranger has written but a
//! result, and has a single thread: so it may fork.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use siglab_engine::Cancel;
use siglab_lab::{GradeOptions, GradeResult, Lab, Language};
use siglab_sandbox::{Ended, Job};

use crate::error::ClassError;
use crate::keys::LabKeys;
use crate::plan::{Plan, Planned};
use crate::programs::{Ask, Known, Loaded, Others, Programs};
use crate::tidy::Folders;
use crate::worker::{self, Attempted};

/// How often it is looked whether to stop, in milliseconds.
const LOOK: u16 = 100;

/// The address space of a grader, in bytes: many times what it needs for a submission that
/// means no harm. Compilers and programs have limits of their own.
const MEMORY: u64 = 4 << 30;

/// What a grader says, as a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
enum Word {
    /// What is known of programs that are loaded like this? It is answered by a list.
    Find(Loaded),
    /// This is known of such a program.
    Keep(Loaded, Box<Known>),
    /// Was the handed-out program run like this? It is answered by the trace, or null.
    FindRun(String),
    /// It was, with this trace.
    KeepRun(String, String),
    /// The attempt is over.
    Done(Attempted),
}

/// What all attempts have in common.
pub(crate) struct Crew<'a> {
    pub(crate) lab: &'a Lab,
    pub(crate) keys: &'a LabKeys,
    pub(crate) plan: &'a Plan,
    pub(crate) options: GradeOptions,
    /// Real time for an attempt.
    pub(crate) deadline: Duration,
    pub(crate) jobs: usize,
    pub(crate) cancel: &'a Cancel,
}

/// An attempt that is under way.
struct Attempt {
    task: Task,
    job: Job,
    folders: Folders,
    /// When it has to be over.
    until: Instant,
    /// What was read and isn't a whole line yet.
    unread: Vec<u8>,
    done: Option<Attempted>,
    /// Which of the processors it has, by its place in their list.
    slot: usize,
}

/// What is to be attempted.
#[derive(Clone, Debug)]
struct Task {
    /// The place in [`Plan::runs`].
    at: usize,
    /// Why it has to be tried again, if it has.
    before: Option<String>,
}

/// What becomes of an attempt.
enum Next {
    Result(GradeResult),
    Again(Task),
}

/// What a crew has at hand.
struct State<'a> {
    crew: &'a Crew<'a>,
    fresh: VecDeque<Task>,
    /// What is tried again, when nothing else is running.
    again: VecDeque<Task>,
    running: Vec<Attempt>,
    programs: Programs,
    processors: Vec<usize>,
}

impl Crew<'_> {
    /// Grades all that there is to run. What isn't a verdict is tried once more, alone: what
    /// another submission uses up (disk, memory, processes) is no fault of this one. `keep` is
    /// told the results of runs as they are there.
    ///
    /// # Errors
    /// If nothing can be graded on this machine, or it was asked to stop, or `keep` fails.
    pub(crate) fn work(
        &self,
        keep: &mut dyn FnMut(Vec<(usize, GradeResult)>) -> Result<(), ClassError>,
    ) -> Result<(), ClassError> {
        let fresh = (0..self.plan.runs.len()).map(|at| Task { at, before: None });
        let mut state = State {
            crew: self,
            fresh: fresh.collect(),
            again: VecDeque::new(),
            running: Vec::new(),
            programs: Programs::default(),
            processors: worker::processors(),
        };
        loop {
            if self.cancel.is_cancelled() {
                // What is running ends with its jobs.
                return Err(ClassError::Cancelled);
            }
            state.start()?;
            if state.running.is_empty() {
                return Ok(());
            }
            let results = state.wait()?;
            if !results.is_empty() {
                keep(results)?;
            }
        }
    }
}

impl State<'_> {
    /// Starts as many attempts as may run.
    fn start(&mut self) -> Result<(), ClassError> {
        while self.running.len() < self.crew.jobs {
            let task = match self.fresh.pop_front() {
                Some(task) => task,
                None if self.running.is_empty() => match self.again.pop_front() {
                    Some(task) => task,
                    None => return Ok(()),
                },
                None => return Ok(()),
            };
            let is_alone = task.before.is_some();
            let attempt = self.attempt(task)?;
            self.running.push(attempt);
            if is_alone {
                break;
            }
        }
        Ok(())
    }

    fn attempt(&self, task: Task) -> Result<Attempt, ClassError> {
        let crew = self.crew;
        let folders = Folders::new(crew.options.sandbox.as_ref());
        let folders = folders.map_err(|source| ClassError::Write {
            path: std::env::temp_dir(),
            source,
        })?;
        let taken = |slot: &usize| self.running.iter().any(|it| it.slot == *slot);
        let slot = (0..).find(|slot| !taken(slot)).unwrap_or(0);
        let processor = self.processors.get(slot % self.processors.len().max(1));
        let job = Job::start(MEMORY, |channel| {
            if let Some(processor) = processor {
                worker::pin(*processor);
            }
            crew.grade(&task, &folders, channel)
        });
        let job = job.map_err(ClassError::no_grader)?;
        let until = now() + crew.deadline;
        Ok(Attempt {
            task,
            job,
            folders,
            until,
            unread: Vec::new(),
            done: None,
            slot,
        })
    }

    /// Waits until something happens, and sees to that: the results that are there now.
    fn wait(&mut self) -> Result<Vec<(usize, GradeResult)>, ClassError> {
        let now = now();
        let left = self
            .running
            .iter()
            .map(|it| it.until.saturating_duration_since(now));
        let left = left.min().unwrap_or_default();
        let timeout = left.min(Duration::from_millis(LOOK.into())) + Duration::from_millis(1);
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::ZERO);
        let mut fds: Vec<_> = self
            .running
            .iter()
            .map(|it| PollFd::new(it.job.as_fd(), PollFlags::POLLIN))
            .collect();
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(ClassError::no_grader(errno.into())),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(false)).collect();
        drop(fds);
        let mut results = Vec::new();
        let running = std::mem::take(&mut self.running);
        for (mut attempt, is_ready) in running.into_iter().zip(ready) {
            let is_open = !is_ready || attempt.listen(&mut self.programs)?;
            let at = attempt.task.at;
            let next = if !is_open {
                self.crew.after_end(attempt)?
            } else if attempt.until <= now {
                self.crew.after_deadline(attempt)?
            } else {
                self.running.push(attempt);
                continue;
            };
            match next {
                Next::Result(result) => results.push((at, result)),
                Next::Again(task) => self.again.push_back(task),
            }
        }
        Ok(results)
    }
}

impl Attempt {
    /// Reads what the grader says, and answers it; whether it may say more.
    fn listen(&mut self, programs: &mut Programs) -> Result<bool, ClassError> {
        let mut buffer = [0; 64 << 10];
        let length = match self.job.channel().read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            // It has died with something unread.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(ClassError::no_grader(error)),
        };
        self.unread.extend_from_slice(&buffer[..length]);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Word::Find(loaded)) => {
                    // Whoever has died doesn't need an answer.
                    let _ = say(self.job.channel(), programs.find(&loaded));
                }
                Ok(Word::Keep(loaded, known)) => programs.keep(loaded, *known),
                Ok(Word::FindRun(how)) => {
                    let _ = say(self.job.channel(), &programs.find_run(&how));
                }
                Ok(Word::KeepRun(how, trace)) => programs.keep_run(how, trace),
                Ok(Word::Done(attempted)) => self.done = Some(attempted),
                Err(error) => {
                    return Err(ClassError::Internal(format!("a grader's words: {error}")));
                }
            }
        }
        Ok(length > 0)
    }
}

impl Crew<'_> {
    /// Builds what all submissions in this language need, if it isn't there: the libraries for
    /// Rust, and the program that was handed out, which comes into one of these folders. That
    /// may take longer than a submission may.
    ///
    /// # Errors
    /// If it was asked to stop, or there can be no process. What can't be built is told of by
    /// the first submission that needs it.
    pub(crate) fn prepare(&self, language: Language, folders: &Folders) -> Result<(), ClassError> {
        // The job ends without removing anything: whoever has the folders does that.
        let options = folders.with(&self.options);
        let folder = folders.for_programs();
        let job = Job::start(MEMORY, |channel| {
            if language == Language::Rust
                && siglab_lab::prepare_libraries(self.lab, &options).is_err()
            {
                return 1;
            }
            let built = self.lab.build_original(language, folder, &options);
            u8::from(say(&channel, &built.ok().flatten()).is_err())
        });
        let mut job = job.map_err(ClassError::no_grader)?;
        let mut said = Vec::new();
        let mut buffer = [0; 64 << 10];
        loop {
            if self.cancel.is_cancelled() {
                return Err(ClassError::Cancelled);
            }
            let mut ready = [PollFd::new(job.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut ready, PollTimeout::from(LOOK));
            if !ready[0].any().unwrap_or(false) {
                continue;
            }
            match job.channel().read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => said.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ClassError::no_grader(error)),
            }
        }
        job.wait().map_err(ClassError::no_grader)?;
        match serde_json::from_slice(&said) {
            Ok(Some(built)) => Ok(self.lab.adopt_original(language, built)?),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// What a grader does.
    fn grade(&self, task: &Task, folders: &Folders, channel: UnixStream) -> u8 {
        let Planned { entry, row, .. } = &self.plan.all[self.plan.runs[task.at][0]];
        let supervisor = Arc::new(Supervisor(Mutex::new(channel)));
        let options = GradeOptions {
            known: Some(Arc::new(Others(Arc::clone(&supervisor)))),
            ..self.options.clone()
        };
        let alone = task.before.is_some();
        let (lab, keys) = (self.lab, self.keys);
        let attempted = worker::attempt(lab, keys, entry, &row.key, folders, alone, &options);
        match supervisor.say(&Word::Done(attempted)) {
            Ok(()) => 0,
            Err(_) => 1,
        }
    }

    /// The grader has ended.
    fn after_end(&self, mut attempt: Attempt) -> Result<Next, ClassError> {
        let ended = attempt.job.wait().map_err(ClassError::no_grader)?;
        let Attempt {
            task,
            done,
            folders,
            ..
        } = attempt;
        drop(folders);
        let (language, reason) = match done {
            Some(Attempted::Result(result)) => return Ok(Next::Result(*result)),
            Some(Attempted::Cancelled) => return Err(ClassError::Cancelled),
            Some(Attempted::Stop {
                message,
                is_internal,
            }) => {
                return Err(ClassError::Grader {
                    message,
                    is_internal,
                });
            }
            Some(Attempted::Fault { language, reason }) => (language, reason),
            None => (None, died(ended)),
        };
        Ok(match task.before {
            None => Next::Again(Task {
                before: Some(reason),
                ..task
            }),
            Some(_) => Next::Result(worker::failed(self.lab, language, &reason)),
        })
    }

    /// The attempt has taken too long. It is tried once more only if it may have waited for
    /// others.
    fn after_deadline(&self, mut attempt: Attempt) -> Result<Next, ClassError> {
        let used = attempt.job.processor_time();
        attempt.job.end().map_err(ClassError::no_grader)?;
        let seconds = self.deadline.as_secs_f64();
        let reason = format!("building and running it took more than {seconds} s, and was stopped");
        let Attempt { task, folders, .. } = attempt;
        drop(folders);
        Ok(if task.before.is_none() && used < self.deadline / 2 {
            Next::Again(Task {
                before: Some(reason),
                ..task
            })
        } else {
            Next::Result(worker::refused(self.lab, None, &reason))
        })
    }
}

/// Why a grader has ended without a result.
fn died(ended: Ended) -> String {
    match ended {
        Ended::Exited(status) => format!("siglab's process for it ended with status {status}"),
        Ended::Killed(signal) => death(signal),
    }
}

/// Why a process that grades a submission was killed by the signal of this number, in words.
#[must_use]
pub fn death(signal: i32) -> String {
    let how = match signal {
        nix::libc::SIGABRT => "aborted, perhaps because it needed too much memory".to_owned(),
        nix::libc::SIGKILL => {
            "was killed by signal 9, perhaps because memory had run out".to_owned()
        }
        signal => format!("was killed by signal {signal}"),
    };
    format!("siglab's process for it {how}")
}

/// A grader's way to the process that sees to it.
struct Supervisor(Mutex<UnixStream>);

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supervisor")
    }
}

impl Supervisor {
    /// Its answer; nothing if there is none: then what is asked for isn't known.
    fn ask<T: DeserializeOwned>(&self, word: &Word) -> Option<T> {
        let channel = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        say(&channel, word).ok()?;
        let mut answer = String::new();
        BufReader::new(&*channel).read_line(&mut answer).ok()?;
        serde_json::from_str(&answer).ok()
    }

    fn say(&self, word: &Word) -> io::Result<()> {
        say(&self.0.lock().unwrap_or_else(PoisonError::into_inner), word)
    }
}

impl Ask for Arc<Supervisor> {
    fn find(&self, loaded: Loaded) -> Vec<Known> {
        self.ask(&Word::Find(loaded)).unwrap_or_default()
    }

    fn keep(&self, loaded: Loaded, known: Known) {
        // If nobody listens, nobody will ask.
        let _ = self.say(&Word::Keep(loaded, Box::new(known)));
    }

    fn find_run(&self, how: &str) -> Option<String> {
        self.ask(&Word::FindRun(how.to_owned())).flatten()
    }

    fn keep_run(&self, how: &str, trace: String) {
        let _ = self.say(&Word::KeepRun(how.to_owned(), trace));
    }
}

fn say(mut channel: &UnixStream, what: &(impl Serialize + ?Sized)) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    channel.write_all(&line)
}

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "a deadline is in real time")]
fn now() -> Instant {
    Instant::now()
}
