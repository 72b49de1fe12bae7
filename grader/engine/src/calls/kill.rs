//! Calls that send signals. They reach processes and groups of the run only.

use std::collections::BTreeSet;
use std::time::Duration;

use siglab_model::{Kind, Outside, Role, SendTarget, SentSignal, SigInfo, SigSet, Signal, WaitFor};

use super::{errno_name, failure, name, signal_argument};
use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::siginfo;
use crate::kernel::sys::clock::real_now;
use crate::kernel::sys::limits::Lifted;
use crate::kernel::sys::{Errno, Pid, cpu, memory, proc, send};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::{After, Call, OneByOne, Target};
use crate::world::task::Phase;

/// All that there are.
const PIDFD_SIGNAL_FLAGS: i32 = 1 | 2 | 4;
/// linux/pidfd.h, since 6.9.
const PIDFD_SIGNAL_PROCESS_GROUP: i32 = 4;

/// Whom a call wants to signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Process(Pid),
    Thread {
        pid: Option<Pid>,
        tid: Pid,
    },
    /// A process group, the caller's own for 0.
    Group(i32),
    /// Everybody: kill(-1).
    All,
    /// Nobody: the descriptor isn't a pidfd.
    NoTarget,
}

/// What becomes of it.
enum Decision {
    /// The kernel carries it out: these get the signal.
    Allow(Vec<Target>),
    /// It fails as it does natively, by itself.
    Fails,
    /// It fails, and the kernel isn't asked: its answer depends on what else runs on the machine.
    Answer(Errno),
    /// It would reach outside of the run.
    Deny(Errno, Outside),
}

impl Run<'_> {
    /// A copy remembers the pid of what it was copied from: it means itself.
    fn mean_copy(&self, tid: Pid, regs: &mut Regs) -> Outcome<()> {
        let ids = match regs.sys() {
            Some(Sys::Kill | Sys::Tkill | Sys::RtSigqueueinfo) => 1,
            Some(Sys::Tgkill | Sys::RtTgsigqueueinfo) => 2,
            _ => 0,
        };
        for index in 0..ids {
            let pid = regs.arg(index) as u32 as i32;
            let meant = self.world.meant(pid);
            if meant != pid {
                regs.set_arg(index, u64::from(meant.cast_unsigned()));
                self.tracer.stopped(tid)?.set_regs(regs)?;
            }
        }
        Ok(())
    }

    pub(super) fn send_call(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let sys = regs.sys();
        let mut regs = regs;
        self.mean_copy(tid, &mut regs)?;
        let argument = |index: usize| regs.arg(index) as u32 as i32;
        let pid = |index: usize| Pid::from_raw(argument(index));
        let (wanted, raw_signal) = match sys {
            Some(Sys::Kill) => (
                match argument(0) {
                    0 => Wanted::Group(0),
                    -1 => Wanted::All,
                    group @ ..-1 => Wanted::Group(group.saturating_neg()),
                    _ => Wanted::Process(pid(0)),
                },
                argument(1),
            ),
            Some(Sys::Tkill) => (
                Wanted::Thread {
                    pid: None,
                    tid: pid(0),
                },
                argument(1),
            ),
            Some(Sys::Tgkill) => (
                Wanted::Thread {
                    pid: Some(pid(0)),
                    tid: pid(1),
                },
                argument(2),
            ),
            Some(Sys::RtSigqueueinfo) => (Wanted::Process(pid(0)), argument(1)),
            Some(Sys::RtTgsigqueueinfo) => (
                Wanted::Thread {
                    pid: Some(pid(0)),
                    tid: pid(1),
                },
                argument(2),
            ),
            _ => {
                let owner = self.world.task(tid)?.pid;
                let target = proc::pidfd_target(owner, argument(0));
                let flags = argument(3);
                let wanted = match target {
                    // EINVAL, whatever the descriptor is.
                    _ if flags.count_ones() > 1 || flags & !PIDFD_SIGNAL_FLAGS != 0 => {
                        Wanted::Process(Pid::from_raw(-1))
                    }
                    None => Wanted::NoTarget,
                    Some(leader) if argument(3) & PIDFD_SIGNAL_PROCESS_GROUP != 0 => {
                        Wanted::Group(leader.as_raw())
                    }
                    Some(pid) => Wanted::Process(pid),
                };
                (wanted, argument(1))
            }
        };
        let signal = signal_argument(u64::from(raw_signal.cast_unsigned()));
        if wanted == Wanted::All {
            return self.send_to_all(tid, regs, raw_signal);
        }
        if let Wanted::Group(group) = wanted
            && sys == Some(Sys::Kill)
            && matches!(signal, Some(Signal::CONT | Signal::KILL))
        {
            let group = match group {
                0 => group_of(self.world.task(tid)?.pid),
                group => Some(group),
            };
            let members = self.members(group);
            let caller = self.world.task(tid)?.pid;
            let leaves_zombies = |pid: &Pid| self.world.heir_of_zombies(*pid).is_some();
            let is_ordered = signal == Some(Signal::CONT)
                || (!members.contains(&caller) && members.iter().any(leaves_zombies));
            if members.len() > 1 && is_ordered {
                // All that are stopped would go on at the same moment, and tell their parents in an
                // order of the kernel's; or all would end, and hand their children on in one.
                return self.send_one_by_one(tid, regs, raw_signal, members);
            }
        }
        let to = self.target_of(wanted);
        let targets = match self.decide(tid, wanted, signal, raw_signal)? {
            Decision::Allow(targets) => targets,
            Decision::Fails => Vec::new(),
            Decision::Answer(errno) => {
                self.send_failed(tid, &regs, &to, raw_signal, failure(errno));
                return self.answer(tid, regs, failure(errno));
            }
            Decision::Deny(errno, what) => {
                let kind = Kind::Denied {
                    syscall: name(&regs),
                    what,
                    signal,
                    errno: errno_name(failure(errno)),
                };
                self.world.task_event(tid, kind);
                return self.answer(tid, regs, failure(errno));
            }
        };
        let targets = self.record_own_end(tid, &regs, targets, signal)?;
        if self.dies_later(tid, sys, &targets, signal)? {
            let from = self.world.process_of(tid)?.role.clone();
            let info = self.sent_info(tid, &regs, &targets[0], &from);
            self.generated(targets[0], Signal::KILL, &from, info)?;
            self.doom(tid, targets[0].pid)?;
            return self.answer(tid, regs, 0);
        }
        let after = After::Sent {
            lifted: self.lift(&regs, &targets, signal),
            targets,
            signal,
            raw_signal,
            to,
        };
        self.begin(tid, &regs, after, WaitFor::Unnamed, None)
    }

    /// Makes room for what a call queues. Signals of kill(2) below SIGRTMIN always have some.
    fn lift(&self, regs: &Regs, targets: &[Target], signal: Option<Signal>) -> Vec<Lifted> {
        let always_fits = matches!(regs.sys(), Some(Sys::Kill | Sys::Tkill | Sys::Tgkill))
            && !signal.is_some_and(Signal::is_realtime);
        let targets = targets.iter().filter(|_| !always_fits);
        let with_room = targets.filter(|target| self.has_room(target.pid));
        with_room
            .filter_map(|target| Lifted::of(target.pid))
            .collect()
    }

    /// A call that kills its own process doesn't return. So what it generates is recorded
    /// before; otherwise afterwards, when the result is known. What is left to be
    /// recorded.
    fn record_own_end(
        &mut self,
        tid: Pid,
        regs: &Regs,
        targets: Vec<Target>,
        signal: Option<Signal>,
    ) -> Outcome<Vec<Target>> {
        let own = self.world.task(tid)?.pid;
        let is_own_end = targets.iter().any(|target| target.pid == own);
        let (Some(Signal::KILL), true) = (signal, is_own_end) else {
            return Ok(targets);
        };
        let from = self.world.process_of(tid)?.role.clone();
        for target in targets {
            let info = self.sent_info(tid, regs, &target, &from);
            self.generated(target, Signal::KILL, &from, info)?;
        }
        Ok(Vec::new())
    }

    fn decide(
        &mut self,
        tid: Pid,
        wanted: Wanted,
        signal: Option<Signal>,
        raw_signal: i32,
    ) -> Outcome<Decision> {
        let sends = raw_signal != 0;
        let is_role = |pid: i32| self.world.recorder.role(pid).is_some();
        // Whether it may be signalled; if not, whether it exists at all.
        let outside = |exists: bool, what: Outside| match (exists, sends) {
            (true, true) if signal.is_none() => Decision::Fails,
            (true, true) => Decision::Deny(Errno::EPERM, what),
            _ => Decision::Fails,
        };
        Ok(match wanted {
            // A pidfd of a process that has been reaped.
            Wanted::Process(pid) if pid.as_raw() < 0 => Decision::Fails,
            Wanted::Process(pid) if is_swapped(pid.as_raw(), raw_signal, is_role) => {
                Decision::Answer(if signal.is_none() {
                    Errno::EINVAL
                } else {
                    Errno::ESRCH
                })
            }
            Wanted::Process(pid) => match self.tgid_in_run(pid) {
                Some(pid) => Decision::Allow(self.surveyed(&[pid], None, signal)),
                None => outside(send::exists(pid), self.outsider(pid)),
            },
            // EINVAL.
            Wanted::Thread { pid, tid: thread }
                if thread.as_raw() <= 0 || pid.is_some_and(|pid| pid.as_raw() <= 0) =>
            {
                Decision::Fails
            }
            Wanted::Thread { pid, tid: thread } => {
                let ours = self
                    .world
                    .tasks
                    .iter()
                    .find(|task| task.tid == thread && pid.is_none_or(|pid| pid == task.pid));
                match ours.map(|task| task.pid) {
                    Some(pid) => Decision::Allow(self.surveyed(&[pid], Some(thread), signal)),
                    None => {
                        let known = self.tgid_in_run(thread).is_some()
                            || pid.is_some_and(|pid| self.tgid_in_run(pid).is_some());
                        outside(!known && send::exists(thread), self.outsider(thread))
                    }
                }
            }
            Wanted::Group(group) => {
                let caller = self.world.task(tid)?.pid;
                let group = if group == 0 {
                    group_of(caller)
                } else {
                    Some(group)
                };
                let members = self.members(group);
                if members.is_empty() {
                    let exists = group
                        .is_some_and(|group| send::exists(Pid::from_raw(group.saturating_neg())));
                    outside(exists, Outside::Group(group.unwrap_or(0)))
                } else {
                    Decision::Allow(self.surveyed(&members, None, signal))
                }
            }
            // The kernel takes nothing but what pidfd_target understands; should it ever
            // take more, that must not get out.
            Wanted::NoTarget => Decision::Deny(Errno::EBADF, Outside::NoProcess),
            Wanted::All => Decision::Fails,
        })
    }

    /// The process of the run that has this pid, or a thread with this tid: kill(2)
    /// accepts both.
    pub(super) fn tgid_in_run(&self, pid: Pid) -> Option<Pid> {
        self.world
            .tasks
            .iter()
            .find(|task| task.tid == pid)
            .map(|task| task.pid)
            .or_else(|| {
                let zombie = self
                    .world
                    .processes
                    .iter()
                    .find(|p| p.pid == pid && !p.gone);
                zombie.map(|process| process.pid)
            })
    }

    pub(super) fn members(&self, group: Option<i32>) -> Vec<Pid> {
        self.world
            .processes
            .iter()
            .filter(|process| !process.gone && group.is_some() && group_of(process.pid) == group)
            .map(|process| process.pid)
            .collect()
    }

    fn surveyed(&self, pids: &[Pid], tid: Option<Pid>, signal: Option<Signal>) -> Vec<Target> {
        let Some(signal) = signal else {
            return Vec::new();
        };
        pids.iter()
            .map(|pid| self.survey(*pid, tid, signal))
            .collect()
    }

    fn outsider(&self, pid: Pid) -> Outside {
        let siglab = i32::try_from(std::process::id()).unwrap_or(0);
        if pid.as_raw() == siglab {
            Outside::Siglab
        } else {
            Outside::Process
        }
    }

    fn target_of(&self, wanted: Wanted) -> SendTarget {
        let role = |pid: i32| self.world.recorder.role(pid).cloned();
        match wanted {
            Wanted::Process(pid) | Wanted::Thread { tid: pid, .. } => {
                let pid = pid.as_raw();
                role(pid).map_or(SendTarget::Pid(pid), SendTarget::Role)
            }
            Wanted::Group(0) => SendTarget::OwnGroup,
            Wanted::Group(group) => {
                role(group).map_or(SendTarget::Group(group), SendTarget::GroupOf)
            }
            Wanted::All => SendTarget::Other("all".to_owned()),
            Wanted::NoTarget => SendTarget::Other("nobody".to_owned()),
        }
    }

    /// The call returned. Records what it generated.
    pub(super) fn sent(
        &mut self,
        tid: Pid,
        regs: &Regs,
        targets: &[Target],
        signal: Option<Signal>,
        raw_signal: i32,
        to: &SendTarget,
    ) -> Outcome<()> {
        if regs.result() < 0 {
            self.send_failed(tid, regs, to, raw_signal, regs.result());
            return Ok(());
        }
        let Some(signal) = signal else { return Ok(()) };
        let from = self.world.process_of(tid)?.role.clone();
        for target in targets {
            let info = self.sent_info(tid, regs, target, &from);
            self.generated(*target, signal, &from, info)?;
        }
        Ok(())
    }

    fn send_failed(
        &mut self,
        tid: Pid,
        regs: &Regs,
        to: &SendTarget,
        raw_signal: i32,
        result: i64,
    ) {
        let role = |pid: i32| self.world.recorder.role(pid).cloned();
        let target = match to {
            SendTarget::Pid(pid) => *pid,
            _ => 0,
        };
        let is_swapped = is_swapped(target, raw_signal, |pid| role(pid).is_some());
        let signal = signal_argument(u64::from(raw_signal.cast_unsigned()));
        let signal = match (signal.filter(|_| !is_swapped), role(raw_signal)) {
            (Some(signal), _) => SentSignal::Signal(signal),
            (None, Some(role)) => SentSignal::PidOf(role),
            (None, None) => SentSignal::Number(raw_signal),
        };
        let kind = Kind::SendFailed {
            syscall: name(regs),
            target: to.clone(),
            signal,
            errno: errno_name(result),
        };
        self.world.task_event(tid, kind);
    }

    fn sent_info(&self, tid: Pid, regs: &Regs, target: &Target, from: &Role) -> SigInfo {
        let queued = match regs.sys() {
            Some(Sys::RtSigqueueinfo) => siginfo::read(tid, regs.arg(2)).ok(),
            Some(Sys::RtTgsigqueueinfo) => siginfo::read(tid, regs.arg(3)).ok(),
            Some(Sys::PidfdSendSignal) if regs.arg(2) != 0 => siginfo::read(tid, regs.arg(2)).ok(),
            _ => None,
        };
        match queued {
            Some(raw) => self.describe_info(target.pid, &raw),
            None => SigInfo {
                code: if target.tid.is_some() {
                    "SI_TKILL"
                } else {
                    "SI_USER"
                }
                .to_owned(),
                pid: Some(from.clone()),
                ..SigInfo::default()
            },
        }
    }

    /// kill(-1, ...): every process of the run but the caller, one after another, each by
    /// a kill of the caller's own.
    fn send_to_all(&mut self, tid: Pid, regs: Regs, raw_signal: i32) -> Outcome<Next> {
        let caller = self.world.task(tid)?.pid;
        let valid =
            raw_signal == 0 || signal_argument(u64::from(raw_signal.cast_unsigned())).is_some();
        let rest: Vec<Pid> = self
            .world
            .processes
            .iter()
            .filter(|process| !process.gone && process.pid != caller)
            .map(|process| process.pid)
            .collect();
        self.world.task_event(
            tid,
            Kind::Denied {
                syscall: name(&regs),
                what: Outside::Everybody,
                signal: signal_argument(u64::from(raw_signal.cast_unsigned())),
                errno: if rest.is_empty() { "ESRCH" } else { "0" }.to_owned(),
            },
        );
        if !valid {
            return self.answer(tid, regs, failure(Errno::EINVAL));
        }
        if rest.is_empty() {
            return self.answer(tid, regs, failure(Errno::ESRCH));
        }
        self.send_one_by_one(tid, regs, raw_signal, rest)
    }

    /// Makes one kill of the caller's own after another. `rest` isn't empty.
    fn send_one_by_one(
        &mut self,
        tid: Pid,
        regs: Regs,
        raw_signal: i32,
        mut rest: Vec<Pid>,
    ) -> Outcome<Next> {
        let first = rest.remove(0);
        let mask = self.tracer.stopped(tid)?.signal_mask()?;
        let target = self.survey_one(first, raw_signal);
        self.tracer
            .stopped(tid)?
            .set_signal_mask(SigSet::from_bits(u64::MAX))?;
        let after = After::SendOneByOne(OneByOne {
            rest,
            target,
            sent: false,
            mask,
        });
        self.begin(tid, &regs, after, WaitFor::Unnamed, None)?;
        let mut to_one = regs;
        to_one.set_arg(0, u64::from(first.as_raw().cast_unsigned()));
        self.tracer.stopped(tid)?.set_regs(&to_one)?;
        Ok(Next::KERNEL)
    }

    fn survey_one(&self, target: Pid, raw_signal: i32) -> Option<Target> {
        let signal = signal_argument(u64::from(raw_signal.cast_unsigned()));
        self.surveyed(&[target], None, signal).first().copied()
    }

    /// One kill of a kill(-1) returned. Whether it was the last; if not, the next is
    /// prepared.
    pub(super) fn send_next(
        &mut self,
        tid: Pid,
        regs: &mut Regs,
        call: &Call,
        progress: &OneByOne,
    ) -> Outcome<bool> {
        let OneByOne {
            ref rest,
            target,
            sent,
            mask,
        } = *progress;
        let raw_signal = call.entry.arg(1) as u32 as i32;
        let signal = signal_argument(u64::from(raw_signal.cast_unsigned()));
        let sent = sent || regs.result() == 0;
        if let (Some(target), Some(signal), 0) = (target, signal, regs.result()) {
            let from = self.world.process_of(tid)?.role.clone();
            let info = self.sent_info(tid, regs, &target, &from);
            self.generated(target, signal, &from, info)?;
            if signal == Signal::KILL {
                self.await_death(target.pid);
            }
        }
        let Some((next, rest)) = rest.split_first() else {
            self.tracer.stopped(tid)?.set_signal_mask(mask)?;
            if sent {
                regs.set_result(0);
                self.tracer.stopped(tid)?.set_regs(regs)?;
            }
            return Ok(true);
        };
        let mut again = *regs;
        again.set_arg(0, u64::from(next.as_raw().cast_unsigned()));
        again.call_again(call.entry.number());
        self.tracer.stopped(tid)?.set_regs(&again)?;
        let mut target = self.survey_one(*next, raw_signal);
        let caller = self.world.task(tid)?.pid;
        if let (Some(target), Some(signal)) = (&mut target, signal)
            && target.pid == caller
        {
            // Its mask is siglab's now.
            target.blocked &= mask.contains(signal);
        }
        let after = After::SendOneByOne(OneByOne {
            rest: rest.to_vec(),
            target,
            sent,
            mask,
        });
        self.world.task(tid)?.begin(Phase::Repeat(Call {
            after,
            ..call.clone()
        }));
        Ok(false)
    }

    /// Waits until a process that was killed is dead, or has stopped on its way out.
    fn await_death(&self, pid: Pid) {
        const PATIENCE: Duration = Duration::from_secs(1);
        let begun = real_now();
        while !matches!(self.tracer.state(pid), None | Some(b'Z' | b'X' | b't'))
            && begun.elapsed() < PATIENCE
        {
            cpu::yield_now();
        }
    }

    /// The kill that `send_next` prepared is about to be made.
    pub(super) fn repeat_call(&mut self, tid: Pid) -> Outcome<Option<Next>> {
        let task = self.world.task(tid)?;
        Ok(match std::mem::take(&mut task.phase) {
            Phase::Repeat(call) => {
                task.begin(Phase::In(call));
                Some(Next::KERNEL)
            }
            other => {
                task.phase = other;
                None
            }
        })
    }

    /// Roles of the members of a process group, for the trace.
    pub(crate) fn group_members(&self, group: Pid) -> Vec<Pid> {
        let members: BTreeSet<Pid> = self.members(Some(group.as_raw())).into_iter().collect();
        self.world
            .processes
            .iter()
            .map(|p| p.pid)
            .filter(|pid| members.contains(pid))
            .collect()
    }

    /// F_SETOWN and its kin: who gets `SIGIO`. `owner` as in fcntl(2): a negative number is
    /// a process group.
    pub(super) fn may_own(&self, owner: i32) -> bool {
        match owner {
            0 => true,
            group @ ..0 => !self.members(Some(group.saturating_neg())).is_empty(),
            pid => self.tgid_in_run(Pid::from_raw(pid)).is_some(),
        }
    }
}

/// Whether a call that should send `signal` to `pid` has its arguments in the wrong order: the pid of
/// a process of the run is in the place of the signal, and the number of a signal in that of the pid.
fn is_swapped(pid: i32, signal: i32, is_in_run: impl Fn(i32) -> bool) -> bool {
    Signal::new(pid).is_some() && !is_in_run(pid) && is_in_run(signal)
}

fn group_of(pid: Pid) -> Option<i32> {
    nix::unistd::getpgid(Some(pid)).ok().map(Pid::as_raw)
}

/// The pid in a `struct f_owner_ex`, negative for a group: fcntl(2), `F_SETOWN_EX`.
pub(super) fn owner_ex(tid: Pid, address: u64) -> Option<i32> {
    const F_OWNER_PGRP: u64 = 2;
    let both = memory::read::<u64>(tid, address).ok()?;
    let pid = (both >> 32) as u32 as i32;
    Some(if both & 0xffff_ffff == F_OWNER_PGRP {
        pid.saturating_neg()
    } else {
        pid
    })
}
