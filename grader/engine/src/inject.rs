//! Injecting signals at moments, or letting others run: breakpoints that a task is to run into.
//!
//! A moment is counted from the task's last controlled call. When the task goes on after
//! that call, a breakpoint is put at the instruction; it is taken away at whatever stop
//! comes next, so no other task, no new process and no system call ever meets it.

use siglab_model::{Frame, Injection, Kind, Moment, Place, Role};

use crate::arch;
use crate::drive::Next;
use crate::fault::Outcome;
use crate::run::Run;
use crate::sys::ptrace::{self, Resume};
use crate::sys::{Errno, Pid, memory};
use crate::task::State;

/// The injections of a run, and then its pre-emptions, that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Injections {
    /// Position of the next one.
    next: usize,
    /// The address of its instruction, once looked up.
    address: Option<u64>,
    /// How often its task was there.
    hits: u32,
}

/// A breakpoint.
#[derive(Debug)]
pub(crate) struct Armed {
    tid: Pid,
    address: u64,
    /// The byte in whose place it is; `None` while its instruction is stepped over.
    byte: Option<u8>,
    purpose: Purpose,
}

/// Why there is a breakpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A signal is to be injected there, or others are to run.
    Inject,
    /// The task is followed again from there.
    Follow,
}

impl Run<'_> {
    fn next_injection(&self) -> Option<&Injection> {
        self.options.injections.get(self.injections.next)
    }

    /// The moment of the next injection or pre-emption.
    fn next_moment(&self) -> Option<&Moment> {
        let injections = &self.options.injections;
        match injections.get(self.injections.next) {
            Some(injection) => Some(&injection.moment),
            None => self
                .options
                .preemptions
                .get(self.injections.next - injections.len()),
        }
    }

    /// The address of the next moment at which to intervene, if it is one of `tid` since its
    /// last call.
    fn injection_address(&mut self, tid: Pid) -> Outcome<Option<u64>> {
        let Some(moment) = self.next_moment().cloned() else {
            return Ok(None);
        };
        let task = self.task(tid)?;
        if task.role != moment.role || task.calls != moment.calls {
            return Ok(None);
        }
        let Place::Instruction {
            module, address, ..
        } = moment.place
        else {
            return Ok(None);
        };
        if self.injections.address.is_none() {
            let pid = self.task(tid)?.pid;
            self.injections.address = self.symbols.address_in(pid, &module, address);
        }
        Ok(self.injections.address)
    }

    /// The task is at an instruction, and about to execute it. Whether others are to run.
    pub(crate) fn inject_here(&mut self, tid: Pid) -> Outcome<bool> {
        while let Some(address) = self.injection_address(tid)? {
            if ptrace::regs(tid)?.ip() != address || !self.is_hit() {
                return Ok(false);
            }
            if self.intervene(tid)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Does what is to be done at this moment. Whether others are to run.
    fn intervene(&mut self, tid: Pid) -> Outcome<bool> {
        if self.next_injection().is_some() {
            self.inject(tid)?;
            return Ok(false);
        }
        self.injections = Injections {
            next: self.injections.next + 1,
            ..Injections::default()
        };
        let stack = self.stack_to_explain(tid);
        self.drain_for(Some(tid));
        self.task_event(tid, Kind::Preempted { stack });
        self.yielded = Some(tid);
        self.task(tid)?.state = State::Parked {
            resume: Resume::Cont,
            signal: None,
        };
        Ok(true)
    }

    fn stack_to_explain(&mut self, tid: Pid) -> Vec<Frame> {
        if self.options.explains {
            self.stacks(tid).0
        } else {
            Vec::new()
        }
    }

    /// Counts a visit. Whether it is the one that counts.
    fn is_hit(&mut self) -> bool {
        self.injections.hits += 1;
        let hits = self.injections.hits;
        self.next_moment().is_some_and(
            |moment| matches!(moment.place, Place::Instruction { hit, .. } if hit == hits),
        )
    }

    /// Injects into a task that waits, if that is the next moment. Whether it did.
    pub(crate) fn inject_into_wait(&mut self) -> Outcome<bool> {
        let Some(Injection { moment, .. }) = self.next_injection() else {
            return Ok(false);
        };
        if moment.place != Place::Waiting || !self.may_inject() {
            return Ok(false);
        }
        let waiting = self
            .tasks
            .iter()
            .find(|task| {
                task.role == moment.role
                    && task.calls == moment.calls
                    && task.state == State::Blocked
            })
            .map(|task| task.tid);
        match waiting {
            Some(tid) => self.inject(tid).map(|()| true),
            None => Ok(false),
        }
    }

    fn inject(&mut self, tid: Pid) -> Outcome<()> {
        let Some(injection) = self.next_injection().cloned() else {
            return Ok(());
        };
        self.injections = Injections {
            next: self.injections.next + 1,
            ..Injections::default()
        };
        self.inject_signal(tid, injection.signal)
    }

    /// Sends a signal to a task, as the script would.
    pub(crate) fn inject_signal(&mut self, tid: Pid, signal: siglab_model::Signal) -> Outcome<()> {
        let stack = self.stack_to_explain(tid);
        self.drain_for(Some(tid));
        self.has_injected = true;
        self.task_event(tid, Kind::Injected { signal, stack });
        let pid = self.task(tid)?.pid;
        self.script_signal(pid, (tid != pid).then_some(tid), signal, None)
    }

    /// Puts a breakpoint where the task is to be injected into. Returns how it has to be
    /// resumed for that.
    pub(crate) fn arm(&mut self, tid: Pid, at_entry: bool) -> Outcome<Option<Resume>> {
        let Some(address) = self.injection_address(tid)? else {
            return Ok(None);
        };
        self.arm_at(tid, address, Purpose::Inject, at_entry)
    }

    /// Puts a breakpoint there; or, if the task is there now, has it make a step first.
    pub(crate) fn arm_at(
        &mut self,
        tid: Pid,
        address: u64,
        purpose: Purpose,
        at_entry: bool,
    ) -> Outcome<Option<Resume>> {
        let is_there = !at_entry && ptrace::regs(tid)?.ip() == address;
        if is_there && is_call(tid, address) {
            return Ok(Some(Resume::Syscall));
        }
        let byte = if is_there {
            None
        } else {
            match put_breakpoint(tid, address) {
                Ok(byte) => Some(byte),
                // That code isn't loaded now.
                Err(Errno::EFAULT | Errno::EIO) => return Ok(None),
                Err(errno) => return Err(errno.into()),
            }
        };
        self.armed = Some(Armed {
            tid,
            address,
            byte,
            purpose,
        });
        Ok(is_there.then_some(Resume::Step))
    }

    /// A new program: what was looked up is somewhere else in it.
    pub(crate) fn forget_addresses(&mut self) {
        self.armed = None;
        self.injections.address = None;
    }

    /// Takes the breakpoint away: the task stopped for another reason.
    pub(crate) fn disarm(&mut self, tid: Pid) -> Outcome<()> {
        if let Some(armed) = self.armed.take_if(|armed| armed.tid == tid)
            && let Some(byte) = armed.byte
        {
            memory::poke_bytes(tid, armed.address, &[byte])?;
            self.disarmed = Some((armed.address, byte));
        }
        Ok(())
    }

    /// Whether the task has run into its breakpoint, and was stopped for another reason before
    /// it could say so.
    pub(crate) fn is_about_to_trap(&self, tid: Pid) -> Outcome<bool> {
        Ok(match &self.armed {
            Some(armed) if armed.tid == tid && armed.byte.is_some() => {
                ptrace::regs(tid)?.ip() == armed.address + 1
            }
            _ => false,
        })
    }

    /// Takes a breakpoint out of a new process that was copied with it.
    pub(crate) fn disarm_copy(&mut self, new: Pid) {
        if let Some((address, byte)) = self.disarmed.take()
            && memory::read::<u8>(new, address) == Ok(arch::BREAKPOINT)
        {
            // If it is gone already, it doesn't matter.
            let _ = memory::poke_bytes(new, address, &[byte]);
        }
    }

    /// A trap: a breakpoint, or the end of a step. `None`: it is the program's own.
    pub(crate) fn on_trap(&mut self, tid: Pid) -> Outcome<Option<Next>> {
        /// `TRAP_BRKPT` and `TRAP_TRACE`: asm-generic/siginfo.h.
        const STEPPED: [i32; 2] = [1, 2];
        if self.task(tid)?.entering.is_some() {
            return Ok(None);
        }
        let code = ptrace::siginfo(tid)?.si_code;
        let stepped = STEPPED.contains(&code);
        if let Some(mut armed) = self.armed.take_if(|armed| armed.tid == tid) {
            let mut regs = ptrace::regs(tid)?;
            match armed.byte {
                Some(byte) if code == arch::SI_KERNEL && regs.ip() == armed.address + 1 => {
                    memory::poke_bytes(tid, armed.address, &[byte])?;
                    regs.set_ip(armed.address);
                    ptrace::set_regs(tid, &regs)?;
                    if armed.purpose == Purpose::Follow {
                        return Ok(Some(Next::USER));
                    }
                    if self.is_hit() {
                        return Ok(Some(match self.intervene(tid)? {
                            true => Next::Off,
                            false => Next::Kernel(Resume::Cont, None),
                        }));
                    }
                    if is_call(tid, armed.address) {
                        return Ok(Some(Next::Kernel(Resume::Syscall, None)));
                    }
                    armed.byte = None;
                    self.armed = Some(armed);
                    return Ok(Some(Next::Kernel(Resume::Step, None)));
                }
                None if stepped => {
                    armed.byte = Some(put_breakpoint(tid, armed.address)?);
                    self.armed = Some(armed);
                    return Ok(Some(Next::Kernel(Resume::Cont, None)));
                }
                _ => self.armed = Some(armed),
            }
        }
        Ok((stepped && self.task(tid)?.stepping).then_some(Next::USER))
    }

    /// The injections and pre-emptions that never took place, in words.
    pub(crate) fn missed_injections(&self) -> impl Iterator<Item = (Role, String)> {
        let injections = self.options.injections.iter().map(|injection| {
            let role = &injection.moment.role;
            (role, format!("inject {} into {role}", injection.signal))
        });
        let preemptions = self.options.preemptions.iter().map(|moment| {
            let role = &moment.role;
            (role, format!("let others run in place of {role}"))
        });
        injections
            .chain(preemptions)
            .skip(self.injections.next)
            .map(|(role, what)| (role.clone(), what))
    }
}

/// Whether the instruction there makes a system call, over which nobody can step: the end of
/// a step could not be told from the end of a wait.
fn is_call(tid: Pid, address: u64) -> bool {
    memory::read::<[u8; 2]>(tid, address)
        .is_ok_and(|bytes| arch::decode(&bytes, address).does == arch::Does::Syscall)
}

fn put_breakpoint(tid: Pid, address: u64) -> crate::sys::Result<u8> {
    let byte = memory::read::<u8>(tid, address)?;
    memory::poke_bytes(tid, address, &[arch::BREAKPOINT])?;
    Ok(byte)
}
