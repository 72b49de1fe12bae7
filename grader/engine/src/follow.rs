//! Following a program instruction by instruction, to find the moments at which a signal
//! could matter, and to see what its handlers do.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use siglab_model::{Frame, Moment, Place, Role, SigSet, Signal, Trace};

use crate::arch::{self, Does, Touches};
use crate::branch::Fork;
use crate::code::{Code, Codes, Ground};
use crate::error::Error;
use crate::fault::Outcome;
use crate::handler_calls::Context;
use crate::inject::Purpose;
use crate::run::Run;
use crate::stack::image;
use crate::sys::ptrace::{self, Resume};
use crate::sys::{Pid, proc};

/// What to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowFrom {
    /// Everything, from the exec on.
    Start,
    /// Each process from when it has a handler, or blocks one of [`Follow::signals`].
    Handler,
    /// Only what runs in handlers.
    InHandlers,
    /// All that runs while there are several processes or threads.
    BesideOthers,
}

/// How to follow.
#[derive(Clone, Debug)]
pub struct Follow {
    /// From when on.
    pub from: FollowFrom,
    /// The processes and threads; all if there are none.
    pub roles: Vec<Role>,
    /// The signals that are meant; all if empty. While a thread blocks all of them, outside
    /// of handlers only the first moment after each controlled call is looked at: a signal
    /// that comes later has the same effect.
    pub signals: SigSet,
    /// Whether the dynamic linker is followed beyond its first function: looking a name up
    /// takes hundreds of instructions, all of them its own.
    pub linker: bool,
    /// So many visits of an instruction of the program's own are moments: what goes well in
    /// the first round of a loop may not in the second.
    pub rounds: u32,
    /// Whether what is called in shared libraries is followed.
    pub libraries: bool,
    /// Whether moments are wanted. Without them, what a handler calls is run without being
    /// followed where nothing in it can matter any more.
    pub moments: bool,
    /// After this many instructions the program goes on unfollowed.
    pub most_steps: u64,
}

/// What following a program gave.
#[derive(Debug)]
pub struct Followed {
    /// The run, with the events that only following gives: `unsafe-call`, `errno-changed`.
    pub trace: Trace,
    /// Each moment that isn't like one before, in order.
    pub moments: Vec<Seen>,
    /// How many instructions were followed.
    pub steps: u64,
    /// Whether all was followed: the number of instructions sufficed, and no loop was left
    /// alone after it had brought nothing new for long.
    pub complete: bool,
}

/// A moment that was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The moment.
    pub moment: Moment,
    /// The signals for which its process has a handler then.
    pub handled: SigSet,
    /// The signals that the thread blocks then.
    pub blocked: SigSet,
    /// The handlers that it is in, outermost first.
    pub handlers: Vec<Signal>,
    /// Why it is a likely one.
    pub likely: Option<Likely>,
    /// The file of the instruction; absent for a wait.
    pub path: Option<Arc<PathBuf>>,
    /// The last instruction of the program's own, which called or is this one, in the
    /// terms of its file.
    pub own_at: Option<(Arc<PathBuf>, u64)>,
    /// Whether it is the program's own code.
    pub own: bool,
    /// What the instruction could have to do with other threads.
    pub touches: Touches,
    /// Whether the program could probably be copied there: [`Fork::inject`].
    pub copyable: bool,
}

/// Why a moment is one at which programs often break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Likely {
    /// A lock may just have been taken or released.
    AfterReadModifyWrite,
    /// A function begins.
    FunctionEntry,
    /// A system call comes next, or was just made.
    SyscallBoundary,
    /// The thread waits.
    Wait,
    /// A line of the program's own begins.
    OwnLine,
}

/// The functions at an address of a file, innermost first.
#[must_use]
pub fn frames_at(path: &std::path::Path, address: u64) -> Vec<Frame> {
    image(path).located(path, address).frames.clone()
}

/// After this many instructions without a new moment, the rest of a function is run
/// without being followed.
const TIRED: u32 = 10_000;
/// After so many if it was already, and nothing new has come since.
const STILL_TIRED: u32 = 2_000;
/// How often it is followed again at the next function or call; then it is left alone for
/// twice as many calls each time.
const NAPS: u32 = 4;
/// So many waits of a thread at the same place are moments.
const EQUAL_WAITS: u32 = 16;

/// Is called at each new moment.
pub type OnMoment<'f> = dyn FnMut(&Seen, &mut Fork<'_, '_>) -> Result<(), Error> + Send + 'f;

/// Follows the tasks of a run.
pub(crate) struct Follower<'f> {
    on_moment: &'f mut OnMoment<'f>,
    /// Where the program has a `syscall` instruction.
    syscall_at: Option<u64>,
    follow: Follow,
    codes: HashMap<i32, Codes>,
    threads: HashMap<i32, Thread>,
    known: HashSet<u64>,
    /// How often each thread was at each instruction of the program's own.
    rounds: HashMap<(i32, u64), u32>,
    /// How often there was a wait of each kind.
    waits: HashMap<u64, u32>,
    pub(crate) moments: Vec<Seen>,
    pub(crate) steps: u64,
    pub(crate) complete: bool,
}

/// What is known of a task that is followed.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    /// The calls that it is in: where on the stack the return address is, that address, and
    /// a hash of all from the outermost to it.
    calls: Vec<(u64, u64, u64)>,
    /// How often it was at each address since its last controlled call.
    hits: HashMap<u64, u32>,
    /// Which call that was.
    since: u64,
    /// The instruction before, and its address.
    before: Option<(u64, Arc<Code>)>,
    /// The last instruction of the program's own.
    own_at: Option<(Arc<PathBuf>, u64)>,
    /// The line of the program's own that it was in before.
    line: Option<Option<u32>>,
    /// Instructions since the last new moment, or since it was left alone.
    tired: u32,
    /// How often it was left alone since the last new moment.
    naps: u32,
    /// It isn't followed before it has begun so many controlled calls.
    rests_until: u64,
    /// Nor is it, outside of handlers, because nothing that is meant can be delivered.
    out_of_reach: bool,
    handled: SigSet,
    blocked: SigSet,
    copyable: bool,
    /// The handlers that it is in.
    pub(crate) contexts: Vec<Context>,
}

impl<'f> Follower<'f> {
    pub(crate) fn new(follow: Follow, on_moment: &'f mut OnMoment<'f>) -> Self {
        Self {
            on_moment,
            syscall_at: None,
            follow,
            codes: HashMap::new(),
            threads: HashMap::new(),
            known: HashSet::new(),
            rounds: HashMap::new(),
            waits: HashMap::new(),
            moments: Vec::new(),
            steps: 0,
            complete: true,
        }
    }

    pub(crate) fn thread(&mut self, tid: Pid) -> &mut Thread {
        self.threads.entry(tid.as_raw()).or_default()
    }

    pub(crate) fn forget_program(&mut self, pid: Pid) {
        self.codes.remove(&pid.as_raw());
        self.threads.remove(&pid.as_raw());
        self.syscall_at = None;
    }
}

impl std::fmt::Debug for Follower<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower")
            .field("follow", &self.follow)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

fn hash(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl Run<'_> {
    /// Whether each instruction of the task is looked at.
    pub(crate) fn is_followed(&mut self, tid: Pid) -> Outcome<bool> {
        let Some(follower) = &self.follower else {
            return Ok(false);
        };
        if follower.steps >= follower.follow.most_steps {
            return Ok(false);
        }
        let (from, signals) = (follower.follow.from, follower.follow.signals);
        let thread = follower.threads.get(&tid.as_raw());
        let (since, rests_until, out_of_reach) = thread.map_or((None, 0, false), |thread| {
            (Some(thread.since), thread.rests_until, thread.out_of_reach)
        });
        let task = self.task(tid)?;
        let pauses = out_of_reach && task.handlers.is_empty() && since == Some(task.calls);
        if pauses || task.calls < rests_until {
            return Ok(false);
        }
        let mask = match from {
            FollowFrom::Handler if !signals.is_empty() => proc_mask(tid)?,
            _ => SigSet::EMPTY,
        };
        self.is_in_scope(tid, mask)
    }

    /// Whether a task that blocks these signals is one of those that are to be followed.
    fn is_in_scope(&mut self, tid: Pid, blocked: SigSet) -> Outcome<bool> {
        let Some(follower) = &self.follower else {
            return Ok(false);
        };
        let (from, signals) = (follower.follow.from, follower.follow.signals);
        let roles = &follower.follow.roles;
        let role = |task: &crate::task::Task| roles.is_empty() || roles.contains(&task.role);
        let Some(task) = self.tasks.iter().find(|task| task.tid == tid) else {
            return Err(crate::fault::Fault::Gone);
        };
        if !role(task) || (from != FollowFrom::InHandlers && !self.may_inject()) {
            return Ok(false);
        }
        Ok(match from {
            FollowFrom::Start => true,
            FollowFrom::InHandlers => !task.handlers.is_empty(),
            FollowFrom::BesideOthers => self.tasks.len() > 1,
            FollowFrom::Handler => {
                self.process_of(tid)?.has_handled
                    || (!signals.is_empty() && signals.difference(blocked) != signals)
            }
        })
    }

    /// Whether the limits are to be looked at again: not after every instruction.
    pub(crate) fn is_time_to_look(&self) -> bool {
        const INSTRUCTIONS: u64 = 256;
        self.follower
            .as_ref()
            .is_some_and(|follower| follower.steps % INSTRUCTIONS == 0)
    }

    /// How a followed task is resumed: for one instruction; if that is a system call, with
    /// stops before and after it. A step could not be told from the call's interruption.
    pub(crate) fn step_or_watch(&mut self, tid: Pid) -> Resume {
        let at_call = self.follower.as_mut().is_some_and(|follower| {
            let before = &follower.thread(tid).before;
            before
                .as_ref()
                .is_some_and(|(_, code)| code.does == Does::Syscall)
        });
        if at_call {
            Resume::Syscall
        } else {
            Resume::Step
        }
    }

    /// A followed task is at an instruction, and about to execute it. Returns how it is to
    /// be resumed if not by a step.
    pub(crate) fn visit(&mut self, tid: Pid) -> Outcome<Option<Resume>> {
        let Some(mut follower) = self.follower.take() else {
            return Ok(None);
        };
        let visited = self.visit_with(&mut follower, tid);
        self.follower = Some(follower);
        visited
    }

    fn visit_with(&mut self, follower: &mut Follower<'_>, tid: Pid) -> Outcome<Option<Resume>> {
        let regs = ptrace::regs(tid)?;
        let (ip, sp) = (regs.ip(), regs.sp());
        let task = self.task(tid)?;
        let (pid, calls, role) = (task.pid, task.calls, task.role.clone());
        let depth = task.handlers.len();
        let thread = follower.threads.entry(tid.as_raw()).or_default();
        // A repeated string instruction traps after each repetition.
        let is_same = |(at, code): &(u64, Arc<Code>)| *at == ip && code.does != Does::Jump;
        let repeats = thread.since == calls && thread.before.as_ref().is_some_and(is_same);
        if repeats {
            return Ok(None);
        }
        follower.steps += 1;
        if follower.steps == follower.follow.most_steps {
            follower.complete = false;
        }
        let is_elsewhere = thread.since != calls || thread.contexts.len() != depth;
        if is_elsewhere {
            thread.hits.clear();
        }
        if is_elsewhere || thread.before.is_none() {
            thread.since = calls;
            thread.blocked = proc_mask(tid)?;
            thread.handled = self.handled_by(tid)?;
            thread.copyable = self.can_be_copied(tid)?;
            let meant = follower.follow.signals;
            thread.out_of_reach = !meant.is_empty() && meant.difference(thread.blocked).is_empty();
        }
        let codes = follower.codes.entry(pid.as_raw()).or_default();
        let Some(code) = codes.at(&mut self.symbols, pid, tid, ip) else {
            thread.before = None;
            return Ok(None);
        };
        if code.does == Does::Syscall {
            follower.syscall_at = Some(ip);
        } else if follower.syscall_at.is_none() {
            follower.syscall_at = call_before(tid, ip);
        }
        thread.walk_calls(tid, sp);
        let before = thread.before.replace((ip, Arc::clone(&code)));
        let hit = thread.hits.entry(ip).or_insert(0);
        *hit += 1;
        let hit = *hit;
        self.watch_handler(
            thread,
            tid,
            &regs,
            &code,
            before.as_ref().map(|(_, code)| &**code),
        )?;
        if let Some(back) = thread.passes_over(sp)
            && !follower.follow.moments
        {
            return self.skip_to(follower, tid, back);
        }
        let is_foreign = |code: &Code| matches!(code.ground, Ground::Library | Ground::Linker);
        let is_called = before.as_ref().is_some_and(|(_, code)| !is_foreign(code));
        if !follower.follow.libraries && is_foreign(&code) && is_called {
            return self.skip_function(follower, tid);
        }
        let is_linkers_call = code.ground == Ground::Linker
            && before
                .as_ref()
                .is_some_and(|(_, code)| code.ground == Ground::Linker && code.does == Does::Call);
        if is_linkers_call && !follower.follow.linker {
            return self.skip_function(follower, tid);
        }
        let own = code.ground == Ground::Own;
        if own {
            thread.own_at = Some((Arc::clone(&code.path), code.address));
        }
        let chain = thread.calls.last().map_or(0, |(.., hash)| *hash);
        let handlers: Vec<Signal> = self.task(tid)?.handlers.iter().map(|h| h.signal).collect();
        let round = if own {
            let round = follower.rounds.entry((tid.as_raw(), ip)).or_insert(0);
            *round = (*round + 1).min(follower.follow.rounds);
            *round
        } else {
            0
        };
        let key = hash((
            &role,
            ip,
            (!own).then_some(chain),
            round,
            &handlers,
            thread.blocked.bits(),
        ));
        let out_of_reach = thread.out_of_reach && handlers.is_empty();
        if !follower.known.insert(key) {
            if out_of_reach {
                thread.before = None;
                return Ok(Some(Resume::Cont));
            }
            thread.tired += 1;
            let patience = if thread.naps == 0 { TIRED } else { STILL_TIRED };
            return if thread.tired >= patience {
                self.rest(follower, tid)
            } else {
                Ok(None)
            };
        }
        thread.tired = 0;
        thread.naps = 0;
        if !follower.follow.moments || !(own || follower.follow.libraries) {
            return Ok(None);
        }
        let likely = thread.likely(&code, before.as_ref().map(|(_, code)| &**code));
        let seen = Seen {
            moment: Moment {
                role,
                calls,
                place: Place::Instruction {
                    module: code.module.to_string(),
                    address: code.address,
                    hit,
                },
            },
            handled: thread.handled,
            blocked: thread.blocked,
            handlers,
            likely,
            path: Some(Arc::clone(&code.path)),
            own_at: thread.own_at.clone(),
            own,
            touches: code.touches,
            copyable: thread.copyable,
        };
        self.seen(follower, tid, seen)?;
        if !out_of_reach {
            return Ok(None);
        }
        follower.thread(tid).before = None;
        Ok(Some(Resume::Cont))
    }

    fn seen(&mut self, follower: &mut Follower<'_>, tid: Pid, seen: Seen) -> Outcome<()> {
        let mut fork = Fork {
            run: self,
            tid,
            syscall_at: follower.syscall_at,
        };
        (follower.on_moment)(&seen, &mut fork)?;
        follower.moments.push(seen);
        Ok(())
    }

    /// A loop has brought nothing new for long: the rest of its function isn't followed; if
    /// nothing new comes after that either, nor are its next calls, more and more of them.
    fn rest(&mut self, follower: &mut Follower<'_>, tid: Pid) -> Outcome<Option<Resume>> {
        follower.complete = false;
        let thread = follower.thread(tid);
        thread.naps += 1;
        let Some(doublings) = thread.naps.checked_sub(NAPS) else {
            return self.skip_function(follower, tid);
        };
        let calls = 1 << doublings.min(20);
        Ok(Some(thread.leave_alone(calls)))
    }

    /// Runs the task on to where the function that it is in returns to.
    fn skip_function(&mut self, follower: &mut Follower<'_>, tid: Pid) -> Outcome<Option<Resume>> {
        let thread = follower.thread(tid);
        let Some((_, back, _)) = thread.calls.last().copied() else {
            return Ok(Some(thread.leave_alone(1)));
        };
        self.skip_to(follower, tid, back)
    }

    /// Runs the task on to an address.
    fn skip_to(
        &mut self,
        follower: &mut Follower<'_>,
        tid: Pid,
        address: u64,
    ) -> Outcome<Option<Resume>> {
        let thread = follower.thread(tid);
        thread.tired = 0;
        thread.before = None;
        let resume = self.arm_at(tid, address, Purpose::Follow, false)?;
        Ok(Some(resume.unwrap_or(Resume::Cont)))
    }

    fn handled_by(&mut self, tid: Pid) -> Outcome<SigSet> {
        let process = self.process_of(tid)?;
        Ok(Signal::all()
            .filter(|signal| process.action(*signal).is_handler())
            .collect())
    }

    /// A task begins to wait: a moment like no other.
    pub(crate) fn follow_wait(&mut self, tid: Pid) -> Outcome<()> {
        let is_over = |follower: &Follower<'_>| follower.steps >= follower.follow.most_steps;
        let Some(follower) = self.follower.as_deref().filter(|it| !is_over(it)) else {
            return Ok(());
        };
        // What it blocks now may be for the wait only.
        let before = follower
            .threads
            .get(&tid.as_raw())
            .map_or(SigSet::EMPTY, |thread| thread.blocked);
        if !self.is_in_scope(tid, before)? {
            return Ok(());
        }
        let task = self.task(tid)?;
        let (role, calls) = (task.role.clone(), task.calls);
        let call = task.call.as_ref().map(|call| call.number);
        let handlers: Vec<Signal> = task.handlers.iter().map(|h| h.signal).collect();
        let handled = self.handled_by(tid)?;
        let blocked = proc::signal_sets(tid)?.blocked;
        let moment = Moment {
            role,
            calls,
            place: Place::Waiting,
        };
        if let Some(follower) = &mut self.follower {
            let own_at = follower.thread(tid).own_at.clone();
            let key = hash((&moment.role, call, &own_at, &handlers, blocked.bits()));
            let equal = follower.waits.entry(key).or_insert(0);
            *equal += 1;
            if *equal > EQUAL_WAITS {
                follower.complete = false;
                return Ok(());
            }
            follower.moments.push(Seen {
                moment,
                handled,
                blocked,
                handlers,
                likely: Some(Likely::Wait),
                path: None,
                own_at,
                own: true,
                touches: Touches::Nothing,
                copyable: false,
            });
        }
        Ok(())
    }
}

/// The address of the instruction before, if that made a system call.
fn call_before(tid: Pid, ip: u64) -> Option<u64> {
    let at = ip - arch::SYSCALL_LENGTH;
    let bytes = crate::sys::memory::read::<[u8; 2]>(tid, at).ok()?;
    (arch::decode(&bytes, at).does == Does::Syscall).then_some(at)
}

fn proc_mask(tid: Pid) -> Outcome<SigSet> {
    Ok(ptrace::signal_mask(tid)?)
}

impl Thread {
    /// Where the call returns to in which nothing can matter any more to what is said of the
    /// handler.
    fn passes_over(&self, sp: u64) -> Option<u64> {
        self.contexts.last()?.passes_over(sp)
    }

    /// It isn't followed before it has begun so many more controlled calls.
    fn leave_alone(&mut self, calls: u64) -> Resume {
        self.tired = 0;
        self.before = None;
        self.rests_until = self.since + calls;
        Resume::Cont
    }

    /// Keeps track of calls and returns: by the stack pointer, so that jumps out of
    /// several functions are followed, too.
    fn walk_calls(&mut self, tid: Pid, sp: u64) {
        let was_call = self
            .before
            .as_ref()
            .is_some_and(|(_, code)| code.does == Does::Call);
        while self.calls.last().is_some_and(|(at, ..)| *at < sp) {
            self.calls.pop();
        }
        if was_call
            && self.calls.last().is_none_or(|(at, ..)| *at != sp)
            && let Ok(back) = crate::sys::memory::read::<u64>(tid, sp)
        {
            let outer = self.calls.last().map_or(0, |(.., hash)| *hash);
            self.calls.push((sp, back, hash((outer, back))));
        }
    }

    fn likely(&mut self, code: &Code, before: Option<&Code>) -> Option<Likely> {
        let line = (code.ground == Ground::Own).then(|| {
            let located = code.image.located(&code.path, code.address);
            located.frames.first().and_then(|frame| frame.line)
        });
        let new_line = line.is_some() && self.line != line;
        self.line = line;
        if before.is_some_and(|before| before.does == Does::ReadModifyWrite) {
            Some(Likely::AfterReadModifyWrite)
        } else if code.does == Does::Syscall
            || before.is_none_or(|before| before.does == Does::Syscall)
        {
            Some(Likely::SyscallBoundary)
        } else if code.begins_function {
            Some(Likely::FunctionEntry)
        } else if new_line {
            Some(Likely::OwnLine)
        } else {
            None
        }
    }
}
