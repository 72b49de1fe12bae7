//! What handlers do that they must not: calls of functions that aren't async-signal-safe,
//! and changes of errno.

use std::sync::Arc;

use siglab_model::safety::is_async_signal_safe;
use siglab_model::{Kind, Signal, UnsafeFunction};

use crate::fault::{Fault, Outcome};
use crate::inspect::code::{Code, Ground};
use crate::inspect::follower::Thread;
use crate::inspect::handler::{Context, Open, back_from, is_unsafe_in_rust};
use crate::kernel::arch::{Regs, scratch};
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::wait::Status;
use crate::kernel::sys::{Pid, memory, proc};
use crate::tracer::Run;

impl Run<'_> {
    /// A handler is entered: the task is at its first instruction.
    pub(crate) fn follow_handler(&mut self, tid: Pid, signal: Signal) -> Outcome<()> {
        if self.tracer.follower.is_none() {
            return Ok(());
        }
        let errno = match self.errno_address(tid)? {
            Some(at) => memory::read::<i32>(tid, at).ok().map(|value| (at, value)),
            None => None,
        };
        let sp = self.tracer.stopped(tid)?.regs()?.sp();
        let depth = self.world.task(tid)?.handlers.len();
        if let Some(follower) = &mut self.tracer.follower {
            let contexts = &mut follower.thread(tid).contexts;
            contexts.truncate(depth - 1);
            contexts.push(Context {
                signal,
                sp,
                entered: false,
                home: None,
                errno,
                call: None,
                through: None,
            });
        }
        Ok(())
    }

    /// A handler returns.
    pub(crate) fn follow_handler_return(&mut self, tid: Pid) -> Outcome<()> {
        let depth = self.world.task(tid)?.handlers.len();
        let Some(follower) = &mut self.tracer.follower else {
            return Ok(());
        };
        let contexts = &mut follower.thread(tid).contexts;
        contexts.truncate(depth);
        let Some(context) = contexts.pop() else {
            return Ok(());
        };
        let Some((at, before)) = context.errno else {
            return Ok(());
        };
        let Ok(after) = memory::read::<i32>(tid, at) else {
            return Ok(());
        };
        if after != before {
            let interrupted = self.stacks(tid).1;
            self.drain_for(Some(tid));
            self.world.task_event(
                tid,
                Kind::ErrnoChanged {
                    signal: context.signal,
                    before,
                    after,
                    interrupted,
                },
            );
        }
        Ok(())
    }

    /// Looks at an instruction that a handler is about to execute.
    pub(crate) fn watch_handler(
        &mut self,
        thread: &mut Thread,
        tid: Pid,
        regs: &Regs,
        code: &Code,
        before: Option<&Code>,
    ) -> Outcome<()> {
        let task = self.world.task(tid)?;
        let (pid, depth) = (task.pid, task.handlers.len());
        thread.contexts.truncate(depth);
        let Some(context) = thread.contexts.last_mut() else {
            return Ok(());
        };
        let sp = regs.sp();
        if !std::mem::replace(&mut context.entered, true) && code.ground == Ground::Library {
            context.home = Some(Arc::clone(&code.module));
        }
        let is_own = code.ground == Ground::Own || context.home.as_ref() == Some(&code.module);
        if let Some(through) = before.and_then(|before| before.through.as_ref()) {
            context.through = Some(Arc::clone(through));
        }
        if context.call.as_ref().is_some_and(|call| sp > call.sp) {
            context.call = None;
        }
        // Its own last instruction leads to libc's, which ends it.
        let is_over = sp > context.sp;
        if is_over || is_own || matches!(code.ground, Ground::Stub | Ground::Linker) {
            if is_own {
                context.through = None;
            }
            return Ok(());
        }
        let is_settled = |call: &Open| call.judged || call.within.is_some_and(|(at, _)| sp <= at);
        if context.call.as_ref().is_some_and(is_settled) {
            return Ok(());
        }
        let built_in = code.ground == Ground::BuiltIn;
        // The symbol has the whole path of Rust's names, the debug information of some
        // functions hasn't.
        let mut name = code.image.name_of(code.address).map(str::to_owned);
        if !built_in {
            name = context.through.as_deref().map(str::to_owned).or(name);
            if name.is_none() {
                name = self.tracer.symbols.name_in_slot(pid, tid, regs.ip());
            }
        } else if name.is_none() {
            let located = code.image.located(&code.path, code.address);
            name = located
                .frames
                .last()
                .and_then(|frame| frame.function.clone());
        }
        // What has no name may be any function, a safe one, too.
        let is_unknown = name.is_none() && !built_in;
        let name = name.unwrap_or_default();
        let (outer, inner) = match &mut context.call {
            None => {
                // Without debug information of its own, C's library linked in statically.
                let is_c = built_in && !name.contains("::");
                let call = context.call.insert(Open {
                    sp,
                    name: name.clone(),
                    judged: false,
                    built_in: built_in && !is_c,
                    back: back_from(tid, code, sp),
                    within: None,
                });
                if call.built_in {
                    if !is_unsafe_in_rust(&name) {
                        return Ok(());
                    }
                    (name.clone(), name)
                } else {
                    call.judged = true;
                    if is_unknown || is_async_signal_safe(&name) {
                        return Ok(());
                    }
                    (name.clone(), name)
                }
            }
            Some(call) if built_in => {
                if !code.begins_function {
                    return Ok(());
                }
                call.within = None;
                if !is_unsafe_in_rust(&name) {
                    return Ok(());
                }
                (call.name.clone(), name)
            }
            Some(call) => {
                context.through = None;
                if is_unknown || is_async_signal_safe(&name) {
                    call.within = Some((sp, back_from(tid, code, sp)));
                    return Ok(());
                }
                (call.name.clone(), name)
            }
        };
        if let Some(call) = &mut context.call {
            call.judged = true;
        }
        context.through = None;
        let signal = context.signal;
        let function = UnsafeFunction {
            inner: (inner != outer).then_some(inner),
            called: outer,
        };
        let stack = self.stacks(tid).0;
        // What was written before comes before.
        self.drain_for(Some(tid));
        self.world.task_event(
            tid,
            Kind::UnsafeCall {
                signal,
                function,
                stack,
            },
        );
        Ok(())
    }

    /// Where a task's errno is: what `__errno_location` says, which the task is made to
    /// call. Only when it has just entered a handler: nothing below its stack pointer is
    /// in use then.
    fn errno_address(&mut self, tid: Pid) -> Outcome<Option<u64>> {
        const MOST_STEPS: usize = 16;
        if let Some(known) = self.world.task(tid)?.errno_address {
            return Ok(known);
        }
        let pid = self.world.task(tid)?.pid;
        let sets =
            proc::signal_sets(tid).map_err(Fault::of(tid, "read the signal sets of a task"))?;
        let pending = sets.thread_pending.union(sets.process_pending);
        if !pending.difference(sets.blocked).is_empty() {
            // It would be delivered at the first step.
            return Ok(None);
        }
        let Some(function) = self.tracer.symbols.function(pid, "__errno_location") else {
            self.world.task(tid)?.errno_address = Some(None);
            return Ok(None);
        };
        let saved = self.tracer.stopped(tid)?.regs()?;
        let mut regs = saved;
        let back = regs.call_function(function, scratch(&saved, 1024));
        memory::write(tid, back, &0u64).map_err(Fault::of(tid, "reach the memory of a task"))?;
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        let mut found = None;
        for _ in 0..MOST_STEPS {
            if self.go_to_stop(tid, Resume::Step)? != Status::Signal(Signal::TRAP) {
                break;
            }
            let regs = self.tracer.stopped(tid)?.regs()?;
            if regs.ip() == 0 {
                found = Some(regs.result().cast_unsigned());
                break;
            }
        }
        self.tracer.stopped(tid)?.set_regs(&saved)?;
        self.undo_reset(tid, Signal::TRAP)?;
        self.world.task(tid)?.errno_address = Some(found);
        Ok(found)
    }
}
