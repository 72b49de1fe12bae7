//! Injecting signals at moments, or letting others run: breakpoints that a task is to run into.
//!
//! A moment is counted from the task's last controlled call. When the task goes on after
//! that call, a breakpoint is put at the instruction; it is taken away at whatever stop
//! comes next, so no other task, no new process and no system call ever meets it.

use siglab_model::{Frame, Injection, Kind, Moment, Place, Role, Signal};

use crate::fault::{Fault, Outcome};
use crate::inspect::breakpoint::Purpose;
use crate::kernel::arch;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::{Pid, memory};
use crate::moments::breakpoint::{is_call, put_breakpoint};
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::Injections;
use crate::world::task::{Phase, State};

impl Run<'_> {
    fn next_injection(&self) -> Option<&Injection> {
        self.world
            .options
            .injections
            .get(self.world.injections.next)
    }

    /// The moment of the next injection or pre-emption.
    fn next_moment(&self) -> Option<&Moment> {
        let injections = &self.world.options.injections;
        match injections.get(self.world.injections.next) {
            Some(injection) => Some(&injection.moment),
            None => self
                .world
                .options
                .preemptions
                .get(self.world.injections.next - injections.len()),
        }
    }

    /// The address of the next moment at which to intervene, if it is one of `tid` since its
    /// last call. Before the script has got to where signals may be injected there is none:
    /// visits count from there, also if the task makes no controlled call in between.
    fn injection_address(&mut self, tid: Pid) -> Outcome<Option<u64>> {
        if !self.world.may_inject() {
            return Ok(None);
        }
        let Some(moment) = self.next_moment().cloned() else {
            return Ok(None);
        };
        let task = self.world.task(tid)?;
        if task.role != moment.role || task.calls != moment.calls {
            return Ok(None);
        }
        let Place::Instruction {
            module, address, ..
        } = moment.place
        else {
            return Ok(None);
        };
        if self.world.injections.address.is_none() {
            let pid = self.world.task(tid)?.pid;
            self.world.injections.address = self.tracer.symbols.address_in(pid, &module, address);
        }
        Ok(self.world.injections.address)
    }

    /// The task is at an instruction, and about to execute it. Whether others are to run.
    pub(crate) fn inject_here(&mut self, tid: Pid) -> Outcome<bool> {
        while let Some(address) = self.injection_address(tid)? {
            if self.tracer.stopped(tid)?.regs()?.ip() != address || !self.is_hit() {
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
        self.world.injections = Injections {
            next: self.world.injections.next + 1,
            ..Injections::default()
        };
        let stack = self.stack_to_explain(tid);
        self.drain_for(Some(tid));
        self.world.task_event(tid, Kind::Preempted { stack });
        self.world.yielded = Some(tid);
        self.world.task(tid)?.state = State::Parked {
            resume: Resume::Cont,
            signal: None,
        };
        Ok(true)
    }

    fn stack_to_explain(&mut self, tid: Pid) -> Vec<Frame> {
        if self.world.options.explains {
            self.stacks(tid).0
        } else {
            Vec::new()
        }
    }

    /// Counts a visit. Whether it is the one that counts.
    fn is_hit(&mut self) -> bool {
        self.world.injections.hits += 1;
        let hits = self.world.injections.hits;
        self.next_moment().is_some_and(
            |moment| matches!(moment.place, Place::Instruction { hit, .. } if hit == hits),
        )
    }

    /// Injects into a task that waits, if that is the next moment. Whether it did.
    pub(crate) fn inject_into_wait(&mut self) -> Outcome<bool> {
        let Some(Injection { moment, .. }) = self.next_injection() else {
            return Ok(false);
        };
        if moment.place != Place::Waiting || !self.world.may_inject() {
            return Ok(false);
        }
        let waiting = self
            .world
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
        self.world.injections = Injections {
            next: self.world.injections.next + 1,
            ..Injections::default()
        };
        self.inject_signal(tid, injection.signal)
    }

    /// Sends a signal to a task: as a timer of its own would, if that is where the signal comes from,
    /// or else as the script would.
    pub(crate) fn inject_signal(&mut self, tid: Pid, signal: siglab_model::Signal) -> Outcome<()> {
        let stack = self.stack_to_explain(tid);
        self.drain_for(Some(tid));
        self.world.progress.has_injected = true;
        self.world.task_event(tid, Kind::Injected { signal, stack });
        let pid = self.world.task(tid)?.pid;
        let thread = (tid != pid).then_some(tid);
        if self.send_as_timer(pid, thread, signal)? {
            return Ok(());
        }
        self.script_signal(pid, thread, signal, None)
    }

    /// Puts a breakpoint where the task is to be injected into. Returns how it has to be
    /// resumed for that.
    pub(crate) fn arm(&mut self, tid: Pid, at_entry: bool) -> Outcome<Option<Resume>> {
        let Some(address) = self.injection_address(tid)? else {
            return Ok(None);
        };
        self.arm_at(tid, address, Purpose::Inject, at_entry)
    }

    /// A new program: what was looked up is somewhere else in it.
    pub(crate) fn forget_addresses(&mut self) {
        self.tracer.armed = None;
        self.world.injections.address = None;
    }

    /// A trap: a breakpoint, or the end of a step. `None`: it is the program's own.
    pub(crate) fn on_trap(&mut self, tid: Pid) -> Outcome<Option<Next>> {
        /// `TRAP_BRKPT` and `TRAP_TRACE`: asm-generic/siginfo.h.
        const STEPPED: [i32; 2] = [1, 2];
        if matches!(self.world.task(tid)?.phase, Phase::Entering(_)) {
            return Ok(None);
        }
        let code = self.tracer.stopped(tid)?.siginfo()?.si_code;
        let stepped = STEPPED.contains(&code);
        if let Some(mut armed) = self.tracer.armed.take_if(|armed| armed.tid == tid) {
            let mut regs = self.tracer.stopped(tid)?.regs()?;
            match armed.patched {
                Some(patched)
                    if code == arch::SI_KERNEL
                        && regs.ip() == arch::after_breakpoint(armed.address) =>
                {
                    memory::poke_bytes(tid, armed.address, &patched)
                        .map_err(Fault::of(tid, "reach the memory of a task"))?;
                    regs.set_ip(armed.address);
                    self.tracer.stopped(tid)?.set_regs(&regs)?;
                    self.undo_reset(tid, Signal::TRAP)?;
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
                    armed.patched = None;
                    self.tracer.armed = Some(armed);
                    return Ok(Some(Next::Kernel(Resume::Step, None)));
                }
                None if stepped => {
                    self.undo_reset(tid, Signal::TRAP)?;
                    armed.patched = Some(
                        put_breakpoint(tid, armed.address)
                            .map_err(Fault::of(tid, "reach the memory of a task"))?,
                    );
                    self.tracer.armed = Some(armed);
                    return Ok(Some(Next::Kernel(Resume::Cont, None)));
                }
                _ => self.tracer.armed = Some(armed),
            }
        }
        if !(stepped && self.world.task(tid)?.stepping) {
            return Ok(None);
        }
        self.undo_reset(tid, Signal::TRAP)?;
        Ok(Some(Next::USER))
    }

    /// The injections and pre-emptions that never took place, in words.
    pub(crate) fn missed_injections(&self) -> impl Iterator<Item = (Role, String)> {
        let injections = self.world.options.injections.iter().map(|injection| {
            let role = &injection.moment.role;
            (role, format!("inject {} into {role}", injection.signal))
        });
        let preemptions = self.world.options.preemptions.iter().map(|moment| {
            let role = &moment.role;
            (role, format!("let others run in place of {role}"))
        });
        injections
            .chain(preemptions)
            .skip(self.world.injections.next)
            .map(|(role, what)| (role.clone(), what))
    }
}
