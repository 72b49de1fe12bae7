//! Which thread takes a signal for a process.
//!
//! The kernel chooses the first thread if that doesn't block the signal, whatever it is doing
//! (`complete_signal` and `wants_signal` in kernel/signal.c), and another one only if it
//! does. But it never chooses one that is in a ptrace-stop, and here all are that could run and
//! for which it isn't their turn. So a signal that another thread was woken for, and that
//! natively would have been the first one's, is handed to that one.

use siglab_model::Signal;

use crate::fault::{Fault, Outcome};
use crate::kernel::siginfo::{self, PASSED_MARK, SI_QUEUE, SI_TKILL, SI_USER};
use crate::kernel::sys::limits::Lifted;
use crate::kernel::sys::send::{self, QueuedInfo};
use crate::kernel::sys::{Pid, proc};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::world::call::Target;
use crate::world::task::{Phase, State, Task};

impl Run<'_> {
    /// In a signal-delivery-stop: hands the signal to the thread that natively would have it.
    /// Whether it did.
    pub(super) fn pass_on(&mut self, tid: Pid, signal: Signal) -> Outcome<bool> {
        let pid = self.world.task(tid)?.pid;
        if tid == pid || !self.world.expected.is_next_for_process(pid, signal) {
            return Ok(false);
        }
        let raw = self.tracer.stopped(tid)?.siginfo()?;
        if siginfo::is_thread_directed(&raw) || !self.is_first_passed_over(pid, signal)? {
            return Ok(false);
        }
        self.hand_to_first(pid, siginfo::fields(&raw))
    }

    /// Whether the first thread of a process would take a signal for the process, and the
    /// kernel doesn't choose it, as it is in a ptrace-stop.
    fn is_first_passed_over(&mut self, pid: Pid, signal: Signal) -> Outcome<bool> {
        const STOPPED: u8 = b't';
        let mut threads = self.world.tasks.iter().filter(|task| task.pid == pid);
        if threads.clone().nth(1).is_none() {
            return Ok(false);
        }
        let can_take = |task: &Task| match task.state {
            State::Parked { signal, .. } => signal.is_none(),
            State::Running | State::Held(_) => true,
            _ => false,
        };
        let first = threads.find(|task| task.tid == pid && can_take(task));
        let Some(first) = first else {
            return Ok(false);
        };
        if self.tracer.state(pid) != Some(STOPPED) {
            return Ok(false);
        }
        // It may be about to block the signal.
        if matches!(first.phase, Phase::AtCall)
            && self.tracer.stopped(pid)?.regs()?.sys() == Some(Sys::RtSigprocmask)
        {
            return Ok(false);
        }
        let sets =
            proc::signal_sets(pid).map_err(Fault::of(pid, "read the signal sets of a task"))?;
        Ok(!sets.blocked.contains(signal) && !sets.thread_pending.contains(signal))
    }

    /// Sends a signal to a process, or to one thread of it, in somebody's name. Whether that
    /// was possible.
    pub(crate) fn send(
        &mut self,
        target: Target,
        signal: Signal,
        info: QueuedInfo,
    ) -> Outcome<bool> {
        let Target {
            pid,
            tid,
            was_pending,
            ..
        } = target;
        if tid.is_none() {
            if was_pending && !signal.is_realtime() && self.is_passed_on(pid, signal) {
                return Ok(true);
            }
            if self.is_first_passed_over(pid, signal)? {
                return self.hand_to_first(pid, info);
            }
        }
        // What the kernel sends is never refused for want of room.
        let is_kernels = !matches!(info.code, SI_USER | SI_TKILL | SI_QUEUE);
        let lifted = (is_kernels || self.has_room(pid)).then(|| Lifted::of(pid));
        // The kernel permits the codes of kill(2) and tgkill(2) to those calls only.
        let sent = match (info.code, tid) {
            (SI_USER, _) => send::kill(pid, signal),
            (SI_TKILL, Some(tid)) => send::tgkill(pid, tid, signal),
            _ => send::queue(pid, tid, &info),
        };
        if let Some(lifted) = lifted.flatten() {
            lifted.put_back();
        }
        Ok(sent.is_ok())
    }

    /// Whether the first thread of a process is yet to take a signal that was handed to it.
    pub(super) fn is_passed_on(&self, pid: Pid, signal: Signal) -> bool {
        let is_it = |(of, info): &(Pid, QueuedInfo)| *of == pid && info.signo == signal.number();
        self.world.passed_on.iter().any(is_it)
    }

    /// Makes a signal pending for the first thread of a process. Whether it is.
    fn hand_to_first(&mut self, pid: Pid, info: QueuedInfo) -> Outcome<bool> {
        let mut marked = info;
        marked.code = PASSED_MARK;
        let lifted = Lifted::of(pid);
        let sent = send::queue(pid, Some(pid), &marked);
        if let Some(lifted) = lifted {
            lifted.put_back();
        }
        if sent.is_err() {
            return Ok(false);
        }
        self.world.passed_on.push((pid, info));
        Ok(true)
    }

    /// Makes siginfo of a signal that was handed on what it was. Whether it was one.
    pub(super) fn restore_passed_on(&mut self, pid: Pid, raw: &mut libc::siginfo_t) -> bool {
        if raw.si_code != PASSED_MARK {
            return false;
        }
        let is_it = |(of, info): &(Pid, QueuedInfo)| *of == pid && info.signo == raw.si_signo;
        let Some(at) = self.world.passed_on.iter().position(is_it) else {
            return false;
        };
        let (_, info) = self.world.passed_on.remove(at);
        *raw = send::siginfo(&info);
        true
    }
}
