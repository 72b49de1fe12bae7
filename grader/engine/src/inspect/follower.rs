//! What is known of tasks that are followed instruction by instruction.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use siglab_model::{Frame, Moment, Role, SigSet, Signal, Trace};

use crate::inspect::code::{Code, Codes, Ground};
use crate::inspect::handler::Context;
use crate::inspect::symbols::{Image, image};
use crate::kernel::arch::{Does, Touches};
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::{Pid, memory};

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
    /// Whether a [likely](Likely) one of these is a moment once more, where the program's static
    /// variables aren't what they were the first time.
    pub revisits: bool,
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
    /// Whether all was followed: the number of instructions sufficed, no loop was left
    /// alone after it had brought nothing new for long, and nothing cut the run off.
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
    /// The signals that timers of its process send, whether these are armed or not.
    pub timed: SigSet,
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
    /// Whether the program could probably be copied there: [`crate::Fork::inject`].
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
pub(crate) const TIRED: u32 = 10_000;

/// After so many if it was already, and nothing new has come since.
pub(crate) const STILL_TIRED: u32 = 2_000;

/// How often it is followed again at the next function or call; then it is left alone for
/// twice as many calls each time.
pub(crate) const NAPS: u32 = 4;

/// So many waits of a thread at the same place are moments.
pub(crate) const EQUAL_WAITS: u32 = 16;

/// So many moments are kept: what makes new processes for ever has new ones for ever, and each
/// takes some hundred bytes.
const MOST_MOMENTS: usize = 100_000;

/// What is known of the tasks of a run that are followed.
#[derive(Debug)]
pub(crate) struct Follower {
    /// Where the program has a `syscall` instruction.
    pub(crate) syscall_at: Option<u64>,
    pub(crate) follow: Follow,
    pub(crate) codes: HashMap<i32, Codes>,
    pub(crate) threads: HashMap<i32, Thread>,
    pub(crate) known: HashSet<u64>,
    /// How often each thread was at each instruction of the program's own.
    pub(crate) rounds: HashMap<(i32, u64), u32>,
    /// The likely moments that may come once more.
    pub(crate) revisits: Revisits,
    /// How often there was a wait of each kind.
    pub(crate) waits: HashMap<u64, u32>,
    pub(crate) moments: Vec<Seen>,
    pub(crate) steps: u64,
    pub(crate) complete: bool,
    /// Whether it has as many moments as are kept: see [`MOST_MOMENTS`].
    pub(crate) is_full: bool,
}

/// What a program's static variables were, as a hash, at the likely moments of its own; with
/// what each is likely for, until it has come once more.
#[derive(Debug, Default)]
pub(crate) struct Revisits(HashMap<u64, (u64, Likely)>);

impl Revisits {
    /// A moment is there for the first time.
    pub(crate) fn begin(&mut self, moment: u64, state: u64, likely: Likely) {
        self.0.insert(moment, (state, likely));
    }

    /// It is there again. What it is likely for, if the variables are different now, and it was
    /// not so before.
    pub(crate) fn again(&mut self, moment: u64, state: impl FnOnce() -> u64) -> Option<Likely> {
        let (before, likely) = *self.0.get(&moment)?;
        if state() == before {
            return None;
        }
        self.0.remove(&moment);
        Some(likely)
    }
}

/// What the static variables of a program are, as a hash. `bias` is what its addresses differ by
/// from those of its file.
pub(crate) fn static_state(tid: Pid, image: &Image, bias: u64) -> u64 {
    /// More isn't looked at: an array of that size is no state.
    const MOST: u64 = 16 << 10;
    let mut left = MOST;
    let mut bytes = Vec::new();
    for (address, size) in &image.statics {
        let size = (*size).min(left);
        left -= size;
        let at = bytes.len();
        bytes.resize(at + size as usize, 0);
        // What can't be read stays 0.
        let _ = memory::read_bytes(tid, address.wrapping_add(bias), &mut bytes[at..]);
    }
    hash(bytes)
}

/// What is known of a task that is followed.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    /// The calls that it is in: where on the stack the return address is, that address, and
    /// a hash of all from the outermost to it.
    pub(crate) calls: Vec<(u64, u64, u64)>,
    /// How often it was at each address since its last controlled call.
    pub(crate) hits: HashMap<u64, u32>,
    /// Which call that was.
    pub(crate) since: u64,
    /// The instruction before, and its address.
    pub(crate) before: Option<(u64, Arc<Code>)>,
    /// The last instruction of the program's own.
    pub(crate) own_at: Option<(Arc<PathBuf>, u64)>,
    /// The line of the program's own that it was in before.
    pub(crate) line: Option<Option<u32>>,
    /// Instructions since the last new moment, or since it was left alone.
    pub(crate) tired: u32,
    /// How often it was left alone since the last new moment.
    pub(crate) naps: u32,
    /// It isn't followed before it has begun so many controlled calls.
    pub(crate) rests_until: u64,
    /// Nor is it, outside of handlers, because nothing that is meant can be delivered.
    pub(crate) out_of_reach: bool,
    pub(crate) handled: SigSet,
    pub(crate) blocked: SigSet,
    pub(crate) copyable: bool,
    /// The handlers that it is in.
    pub(crate) contexts: Vec<Context>,
}

impl Follower {
    pub(crate) fn new(follow: Follow) -> Self {
        Self {
            syscall_at: None,
            follow,
            codes: HashMap::new(),
            threads: HashMap::new(),
            known: HashSet::new(),
            rounds: HashMap::new(),
            revisits: Revisits::default(),
            waits: HashMap::new(),
            moments: Vec::new(),
            steps: 0,
            complete: true,
            is_full: false,
        }
    }

    /// Keeps a moment.
    pub(crate) fn take(&mut self, seen: Seen) {
        self.moments.push(seen);
        self.is_full = self.moments.len() >= MOST_MOMENTS;
    }

    /// Whether no further instruction is looked at.
    pub(crate) fn is_over(&self) -> bool {
        self.is_full || self.steps >= self.follow.most_steps
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

pub(crate) fn hash(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl Thread {
    /// Where the call returns to in which nothing can matter any more to what is said of the
    /// handler.
    pub(crate) fn passes_over(&self, sp: u64) -> Option<u64> {
        self.contexts.last()?.passes_over(sp)
    }

    /// It isn't followed before it has begun so many more controlled calls.
    pub(crate) fn leave_alone(&mut self, calls: u64) -> Resume {
        self.tired = 0;
        self.before = None;
        self.rests_until = self.since + calls;
        Resume::Cont
    }

    /// Keeps track of calls and returns: by the stack pointer, so that jumps out of
    /// several functions are followed, too.
    pub(crate) fn walk_calls(&mut self, tid: Pid, sp: u64) {
        let was_call = self
            .before
            .as_ref()
            .is_some_and(|(_, code)| code.does == Does::Call);
        while self.calls.last().is_some_and(|(at, ..)| *at < sp) {
            self.calls.pop();
        }
        if was_call
            && self.calls.last().is_none_or(|(at, ..)| *at != sp)
            && let Ok(back) = memory::read::<u64>(tid, sp)
        {
            let outer = self.calls.last().map_or(0, |(.., hash)| *hash);
            self.calls.push((sp, back, hash((outer, back))));
        }
    }

    pub(crate) fn likely(&mut self, code: &Code, before: Option<&Code>) -> Option<Likely> {
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
