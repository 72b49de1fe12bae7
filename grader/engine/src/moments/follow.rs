//! Following a program instruction by instruction, to find the moments at which a signal
//! could matter, and to see what its handlers do.

use std::sync::Arc;

use siglab_model::{Moment, Place, SigSet, Signal};

use crate::fault::{Fault, Outcome};
use crate::inspect::breakpoint::Purpose;
use crate::inspect::code::{Code, Ground};
use crate::inspect::follower::{
    EQUAL_WAITS, FollowFrom, Follower, Likely, NAPS, STILL_TIRED, Seen, TIRED, hash, static_state,
};
use crate::kernel::arch::{self, Does, Touches};
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::{Pid, proc};
use crate::tracer::Run;

impl Run<'_> {
    /// Whether each instruction of the task is looked at.
    pub(crate) fn is_followed(&mut self, tid: Pid) -> Outcome<bool> {
        let Some(follower) = &self.tracer.follower else {
            return Ok(false);
        };
        if follower.is_over() {
            return Ok(false);
        }
        let (from, signals) = (follower.follow.from, follower.follow.signals);
        let thread = follower.threads.get(&tid.as_raw());
        let (since, rests_until, out_of_reach) = thread.map_or((None, 0, false), |thread| {
            (Some(thread.since), thread.rests_until, thread.out_of_reach)
        });
        let task = self.world.task(tid)?;
        let pauses = out_of_reach && task.handlers.is_empty() && since == Some(task.calls);
        if pauses || task.calls < rests_until {
            return Ok(false);
        }
        let mask = match from {
            FollowFrom::Handler if !signals.is_empty() => {
                self.tracer.stopped(tid)?.signal_mask()?
            }
            _ => SigSet::EMPTY,
        };
        self.is_in_scope(tid, mask)
    }

    /// Whether a task that blocks these signals is one of those that are to be followed.
    fn is_in_scope(&mut self, tid: Pid, blocked: SigSet) -> Outcome<bool> {
        let Some(follower) = &self.tracer.follower else {
            return Ok(false);
        };
        let (from, signals) = (follower.follow.from, follower.follow.signals);
        let roles = &follower.follow.roles;
        let role = |task: &crate::world::task::Task| roles.is_empty() || roles.contains(&task.role);
        let Some(task) = self.world.tasks.iter().find(|task| task.tid == tid) else {
            return Err(Fault::bug(format!(
                "task {tid} is followed, and isn't there"
            )));
        };
        if !role(task) || (from != FollowFrom::InHandlers && !self.world.may_inject()) {
            return Ok(false);
        }
        Ok(match from {
            FollowFrom::Start => true,
            FollowFrom::InHandlers => !task.handlers.is_empty(),
            FollowFrom::BesideOthers => self.world.tasks.len() > 1,
            FollowFrom::Handler => {
                self.world.process_of(tid)?.has_handled
                    || (!signals.is_empty() && signals.difference(blocked) != signals)
            }
        })
    }

    /// Whether the limits are to be looked at again: not after every instruction.
    pub(crate) fn is_time_to_look(&self) -> bool {
        const INSTRUCTIONS: u64 = 256;
        self.tracer
            .follower
            .as_ref()
            .is_some_and(|follower| follower.steps % INSTRUCTIONS == 0)
    }

    /// How a followed task is resumed: for one instruction; if that is a system call, with
    /// stops before and after it. A step could not be told from the call's interruption.
    pub(crate) fn step_or_watch(&mut self, tid: Pid) -> Resume {
        let at_call = self.tracer.follower.as_mut().is_some_and(|follower| {
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
        let Some(mut follower) = self.tracer.follower.take() else {
            return Ok(None);
        };
        let visited = self.visit_with(&mut follower, tid);
        self.tracer.follower = Some(follower);
        visited
    }

    fn visit_with(&mut self, follower: &mut Follower, tid: Pid) -> Outcome<Option<Resume>> {
        let regs = self.tracer.stopped(tid)?.regs()?;
        let (ip, sp) = (regs.ip(), regs.sp());
        let task = self.world.task(tid)?;
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
            thread.blocked = self.tracer.stopped(tid)?.signal_mask()?;
            thread.handled = self.handled_by(tid)?;
            thread.copyable = self.can_be_copied(tid)?;
            let meant = follower.follow.signals;
            thread.out_of_reach = !meant.is_empty() && meant.difference(thread.blocked).is_empty();
        }
        let codes = follower.codes.entry(pid.as_raw()).or_default();
        let Some(code) = codes.at(&mut self.tracer.symbols, pid, tid, ip) else {
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
        let handlers: Vec<Signal> = self
            .world
            .task(tid)?
            .handlers
            .iter()
            .map(|h| h.signal)
            .collect();
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
        let looks_back =
            own && follower.follow.revisits && follower.follow.moments && !out_of_reach;
        let state = || static_state(tid, &code.image, ip.wrapping_sub(code.address));
        let is_new = follower.known.insert(key);
        let again = (looks_back && !is_new)
            .then(|| follower.revisits.again(key, state))
            .flatten();
        if !is_new && again.is_none() {
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
        let likely = if is_new {
            thread.likely(&code, before.as_ref().map(|(_, code)| &**code))
        } else {
            again
        };
        if let (true, true, Some(likely)) = (is_new, looks_back, likely) {
            follower.revisits.begin(key, state(), likely);
        }
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
            timed: self.world.timers.signals(pid),
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

    fn seen(&mut self, follower: &mut Follower, tid: Pid, seen: Seen) -> Outcome<()> {
        if let Some(mut probe) = self.tracer.probe.take() {
            let probed = probe.at(&seen, self, tid, follower.syscall_at);
            self.tracer.probe = Some(probe);
            probed?;
        }
        follower.take(seen);
        Ok(())
    }

    /// A loop has brought nothing new for long: the rest of its function isn't followed; if
    /// nothing new comes after that either, nor are its next calls, more and more of them.
    fn rest(&mut self, follower: &mut Follower, tid: Pid) -> Outcome<Option<Resume>> {
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
    fn skip_function(&mut self, follower: &mut Follower, tid: Pid) -> Outcome<Option<Resume>> {
        let thread = follower.thread(tid);
        let Some((_, back, _)) = thread.calls.last().copied() else {
            return Ok(Some(thread.leave_alone(1)));
        };
        self.skip_to(follower, tid, back)
    }

    /// Runs the task on to an address.
    fn skip_to(
        &mut self,
        follower: &mut Follower,
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
        let process = self.world.process_of(tid)?;
        Ok(Signal::all()
            .filter(|signal| process.action(*signal).is_handler())
            .collect())
    }

    /// A task begins to wait: a moment like no other.
    pub(crate) fn follow_wait(&mut self, tid: Pid) -> Outcome<()> {
        let Some(follower) = self.tracer.follower.as_deref().filter(|it| !it.is_over()) else {
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
        let task = self.world.task(tid)?;
        let (pid, role, calls) = (task.pid, task.role.clone(), task.calls);
        let call = task.call().map(|call| call.sys);
        let handlers: Vec<Signal> = task.handlers.iter().map(|h| h.signal).collect();
        let handled = self.handled_by(tid)?;
        let blocked = proc::signal_sets(tid)
            .map_err(Fault::of(tid, "read the signal sets of a task"))?
            .blocked;
        let moment = Moment {
            role,
            calls,
            place: Place::Waiting,
        };
        if let Some(follower) = &mut self.tracer.follower {
            let own_at = follower.thread(tid).own_at.clone();
            let key = hash((&moment.role, call, &own_at, &handlers, blocked.bits()));
            let equal = follower.waits.entry(key).or_insert(0);
            *equal += 1;
            if *equal > EQUAL_WAITS {
                follower.complete = false;
                return Ok(());
            }
            follower.take(Seen {
                moment,
                handled,
                blocked,
                timed: self.world.timers.signals(pid),
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
    let bytes = crate::kernel::sys::memory::read::<[u8; 2]>(tid, at).ok()?;
    (arch::decode(&bytes, at).does == Does::Syscall).then_some(at)
}
