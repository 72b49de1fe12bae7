//! Calls that change other processes without a signal: limits, scheduling, memory. They
//! reach processes of the run only.

use super::failure;
use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Errno, Pid};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::next::Next;

/// The numbers by which a call with a kind of target and an id names processes and groups.
fn kinds(sys: Option<Sys>) -> Option<(i32, i32)> {
    match sys {
        Some(Sys::Setpriority) => Some((libc::PRIO_PROCESS as i32, libc::PRIO_PGRP as i32)),
        // IOPRIO_WHO_PROCESS and IOPRIO_WHO_PGRP of linux/ioprio.h.
        Some(Sys::IoprioSet) => Some((1, 2)),
        _ => None,
    }
}

impl Run<'_> {
    pub(super) fn call_on_other(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let argument = |index: usize| regs.arg(index) as u32 as i32;
        let is_ours = |id: i32| id == 0 || self.tgid_in_run(Pid::from_raw(id)).is_some();
        let allowed = match kinds(regs.sys()) {
            Some((process, _)) if argument(0) == process => is_ours(argument(1)),
            Some((_, group)) if argument(0) == group => {
                argument(1) == 0 || !self.members(Some(argument(1))).is_empty()
            }
            Some(_) => false,
            None => is_ours(argument(0)),
        };
        if allowed {
            return Ok(Next::USER);
        }
        self.deny(tid, regs, "a process outside the run")
    }

    /// exit_group(status).
    pub(super) fn exit_group(&mut self, tid: Pid, _: Regs) -> Outcome<Next> {
        self.world.process_of(tid)?.exiting = true;
        Ok(Next::USER)
    }

    /// prctl(PR_SET_PDEATHSIG, signal): a signal when a parent ends.
    /// prctl(PR_SET_CHILD_SUBREAPER, on): can't fail.
    /// prctl(PR_SET_DUMPABLE, value) and prctl(PR_GET_DUMPABLE).
    pub(super) fn prctl(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if regs.arg(0) as u32 as i32 == libc::PR_SET_CHILD_SUBREAPER {
            self.world.process_of(tid)?.is_subreaper = regs.arg(1) != 0;
            return Ok(Next::USER);
        }
        match regs.arg(0) as u32 as i32 {
            libc::PR_SET_DUMPABLE => return self.set_dumpable(tid, regs),
            libc::PR_GET_DUMPABLE => {
                return match self.world.process_of(tid)?.dumpable {
                    Some(value) => self.answer(tid, regs, value),
                    None => Ok(Next::USER),
                };
            }
            _ => {}
        }
        self.world.has_other_signals = true;
        self.begin_plain(tid, regs)
    }

    /// prctl(PR_SET_DUMPABLE, value): siglab could not look at the process any more, unless it is
    /// root. So that is only said.
    fn set_dumpable(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let value = match regs.arg(1) {
            0 => 0,
            1 => 1,
            _ => return self.answer(tid, regs, failure(Errno::EINVAL)),
        };
        self.world.process_of(tid)?.dumpable = Some(value);
        self.answer(tid, regs, 0)
    }

    /// io_uring_setup(entries, parameters).
    pub(super) fn no_io_uring(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.unsupported(tid, &regs, "io_uring", Errno::ENOSYS)
    }

    /// socket(domain, type, protocol), in a sandbox: not for more than this machine's
    /// processes.
    pub(super) fn socket_in_sandbox(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if regs.arg(0) as u32 as i32 == libc::AF_UNIX {
            return self.begin_plain(tid, regs);
        }
        self.deny(
            tid,
            regs,
            "a socket that reaches other machines or the kernel",
        )
    }
}
