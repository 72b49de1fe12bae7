//! The stacks of tasks, with names.
//!
//! A handler's stack and that of the code it interrupted are walked separately, each from
//! registers that the engine has seen: the unwind tables of the kernel's signal frame
//! needn't be understood.

use siglab_model::Frame;

use crate::fault::Outcome;
use crate::inspect::code::read_instruction;
use crate::inspect::unwind::addresses;
use crate::kernel::arch::{self, Called, Regs};
use crate::kernel::sys::{Pid, memory};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;

impl Run<'_> {
    /// The stack of a task in a ptrace-stop, innermost call first.
    pub(crate) fn user_stack(&mut self, tid: Pid) -> Vec<Frame> {
        match self.regs_if_stopped(tid) {
            Some(regs) => self.walk(tid, &regs, None),
            None => Vec::new(),
        }
    }

    /// Notes the line from which a task makes a call: the innermost of the program's own.
    pub(crate) fn note_caller(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        // What a handler returns to isn't a line that calls.
        let caller = match regs.sys() {
            Some(Sys::RtSigreturn) => None,
            _ => self.walk(tid, regs, None).into_iter().find(is_own_line),
        };
        let task = self.world.task(tid)?;
        let (role, pid) = (task.role.clone(), task.pid);
        let process = self.world.process_of(tid)?.role.clone();
        let threads = self.world.tasks.iter().filter(|task| task.pid == pid);
        let is_alone = threads.count() == 1;
        let callers = &mut self.world.recorder.callers;
        callers.note(&role, is_alone.then_some(&process), caller);
        if !is_alone {
            callers.forget_process(&process);
        }
        Ok(())
    }

    /// The registers of a task that has no call in progress; it may have died.
    fn regs_if_stopped(&self, tid: Pid) -> Option<Regs> {
        self.tracer.stopped.get(&tid)?.regs().ok()
    }

    /// The stack of a waiting task, innermost call first, and that of the code which its
    /// innermost handler interrupted.
    pub(crate) fn stacks(&mut self, tid: Pid) -> (Vec<Frame>, Vec<Frame>) {
        let Ok(task) = self.world.task(tid) else {
            return (Vec::new(), Vec::new());
        };
        let handler = task.handlers.last().cloned();
        let now = match task.call() {
            Some(call) => call.entry,
            None => match self.regs_if_stopped(tid) {
                Some(regs) => regs,
                None => return (Vec::new(), Vec::new()),
            },
        };
        // The handler's return address is that of the code that calls rt_sigreturn.
        let restorer = handler
            .as_ref()
            .and_then(|h| memory::read::<u64>(tid, h.sp).ok());
        let stack = self.walk(tid, &now, restorer);
        let interrupted = handler
            .map(|h| self.walk(tid, &h.interrupted, None))
            .unwrap_or_default();
        (stack, interrupted)
    }

    fn walk(&mut self, tid: Pid, regs: &Regs, until: Option<u64>) -> Vec<Frame> {
        let Ok(pid) = self.world.task(tid).map(|task| task.pid) else {
            return Vec::new();
        };
        let mut frames: Vec<Frame> = Vec::new();
        for address in addresses(pid, tid, regs) {
            if until.is_some_and(|until| address + 1 == until || address == until) {
                break;
            }
            // A function without a name is what is called here, or where that jumped to.
            if let Some(called) = frames.last_mut()
                && called.function.is_none()
            {
                called.function = self.called_before(pid, tid, address + 1);
            }
            let Some((path, image, address)) = self.tracer.symbols.locate(pid, address) else {
                continue;
            };
            frames.extend(image.located(&path, address).frames.iter().cloned());
        }
        // What comes before main is the same for every program.
        if let Some(main) = frames
            .iter()
            .position(|f| f.function.as_deref() == Some("main"))
        {
            frames.truncate(main + 1);
        }
        frames
    }
}

impl Run<'_> {
    /// The function that is called by the call which returns to an address, if it is called by its
    /// name. A library's function may jump to one that has none: then that name is what people know.
    fn called_before(&mut self, pid: Pid, tid: Pid, address: u64) -> Option<String> {
        let start = address.checked_sub(arch::LONGEST_CALL as u64)?;
        let mut before = [0; arch::LONGEST_CALL];
        memory::read_bytes(tid, start, &mut before).ok()?;
        let slot = match arch::called(before, address)? {
            Called::Slot(slot) => slot,
            Called::Code(target) => {
                let (_, image, local) = self.tracer.symbols.locate(pid, target)?;
                if let Some(name) = image.name_of(local) {
                    return Some(name.to_owned());
                }
                arch::stub_slot(&read_instruction(tid, target)?, target)?
            }
        };
        let (_, image, slot) = self.tracer.symbols.locate(pid, slot)?;
        image.slot(slot).map(str::to_owned)
    }

    /// The function at an address.
    pub(crate) fn function_at(&mut self, tid: Pid, address: u64) -> Option<String> {
        let pid = self.world.task(tid).ok()?.pid;
        let (_, image, address) = self.tracer.symbols.locate(pid, address)?;
        image.name_of(address).map(str::to_owned)
    }

    /// The global variable at an address.
    pub(crate) fn variable_at(&mut self, tid: Pid, address: u64) -> Option<String> {
        self.function_at(tid, address)
    }
}

/// Whether a frame is a line of the program, and not of a library.
fn is_own_line(frame: &Frame) -> bool {
    let is_shared = |module: &String| module.contains(".so");
    frame.line.is_some() && !frame.library && !frame.module.as_ref().is_some_and(is_shared)
}
