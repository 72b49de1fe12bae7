//! Waiting for children.

use siglab_model::{WaitFor, WaitResult};

use super::returned;
use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::siginfo;
use crate::kernel::sys::{Pid, send};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::After;

impl Run<'_> {
    /// wait4(pid, status, options, usage) and waitid(type, id, info, options, usage).
    pub(super) fn wait_for_child(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let argument = |index: usize| regs.arg(index) as u32 as i32;
        let is_wait4 = regs.sys() == Some(Sys::Wait4);
        let (whom, options) = if is_wait4 {
            (argument(0), argument(2))
        } else {
            let whom = match regs.arg(0) as libc::idtype_t {
                libc::P_PID => argument(1),
                libc::P_PGID => argument(1).saturating_neg(),
                _ => -1,
            };
            (whom, argument(3))
        };
        let what = match whom {
            -1 => WaitFor::AnyChild,
            // Nobody can wait for a pid that isn't in the run: it isn't its child.
            1.. => self
                .world
                .recorder
                .role(whom)
                .map_or(WaitFor::Unnamed, |role| WaitFor::Child(role.clone())),
            _ => WaitFor::ChildOfGroup,
        };
        let after = if is_wait4 {
            After::Wait4
        } else {
            After::Waitid(regs.arg(2), options & libc::WNOWAIT != 0)
        };
        self.begin(tid, &regs, after, what, None)
    }

    /// wait4(2) returned.
    pub(super) fn waited4(&mut self, tid: Pid, result: i64) -> Outcome<WaitResult> {
        match i32::try_from(result) {
            Ok(child @ 1..) => self.waited(tid, Pid::from_raw(child), false),
            _ => Ok(returned(result)),
        }
    }

    /// waitid(2) returned.
    pub(super) fn waited_id(
        &mut self,
        tid: Pid,
        result: i64,
        address: u64,
        keeps: bool,
    ) -> Outcome<WaitResult> {
        if result < 0 {
            return Ok(returned(result));
        }
        let child = match address {
            0 => self.vanished_zombie(tid)?,
            _ => siginfo::read(tid, address)
                .ok()
                .map(|raw| siginfo::fields(&raw))
                .filter(|fields| fields.signo == libc::SIGCHLD)
                .map(|fields| Pid::from_raw(fields.first)),
        };
        match child {
            Some(child) => self.waited(tid, child, keeps),
            None => Ok(WaitResult::NoChild),
        }
    }

    fn waited(&mut self, tid: Pid, child: Pid, keeps: bool) -> Outcome<WaitResult> {
        let role = self.world.recorder.role(child.as_raw()).cloned();
        if !keeps {
            self.reaped(tid, child)?;
        }
        Ok(role.map_or_else(|| returned(child.as_raw().into()), WaitResult::Child))
    }

    /// The child that waitid(2) without a siginfo has just reaped: a zombie that is none
    /// any more.
    fn vanished_zombie(&mut self, tid: Pid) -> Outcome<Option<Pid>> {
        let pid = self.world.task(tid)?.pid;
        Ok(self
            .world
            .processes
            .iter()
            .filter(|p| p.parent == Some(pid) && p.status.is_some() && !p.gone)
            .map(|p| p.pid)
            .find(|pid| !send::exists(*pid)))
    }
}
