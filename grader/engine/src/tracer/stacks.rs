//! The stacks of tasks, with names.
//!
//! A handler's stack and that of the code it interrupted are walked separately, each from
//! registers that the engine has seen: the unwind tables of the kernel's signal frame
//! needn't be understood.

use siglab_model::Frame;

use crate::inspect::unwind::addresses;
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Pid, memory};
use crate::tracer::Run;

impl Run<'_> {
    /// The stack of a task in a ptrace-stop, innermost call first.
    pub(crate) fn user_stack(&mut self, tid: Pid) -> Vec<Frame> {
        match self.regs_if_stopped(tid) {
            Some(regs) => self.walk(tid, &regs, None),
            None => Vec::new(),
        }
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
        let mut frames = Vec::new();
        for address in addresses(pid, tid, regs) {
            if until.is_some_and(|until| address + 1 == until || address == until) {
                break;
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
