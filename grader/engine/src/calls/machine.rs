//! Calls that would let something from outside into the run: randomness, processors.

use nix::sched::CpuSet;

use super::failure;
use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::{Errno, Pid, memory};
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::task::State;

impl Run<'_> {
    /// getrandom(buffer, length, flags): the same numbers in each run with the same seed.
    pub(super) fn getrandom(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        /// What one call returns at the most without being interruptible: random(7).
        const MOST: u64 = 1 << 20;
        let length = usize::try_from(regs.arg(1).min(MOST)).unwrap_or(0);
        let bytes = self.world.random.bytes(length);
        let result = match memory::write_bytes(tid, regs.arg(0), &bytes) {
            Ok(()) => i64::try_from(length).unwrap_or(0),
            Err(_) => failure(Errno::EFAULT),
        };
        self.answer(tid, regs, result)
    }

    /// sched_getaffinity(pid, size, mask): siglab pins the program to one processor, but
    /// that is its own affair.
    pub(super) fn getaffinity(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let mut bytes = vec![0u8; CpuSet::count() / 8];
        for processor in 0..CpuSet::count() {
            if self.world.processors.is_set(processor).unwrap_or(false) {
                bytes[processor / 8] |= 1 << (processor % 8);
            }
        }
        let size = usize::try_from(regs.arg(1)).unwrap_or(0).min(bytes.len());
        let needed = bytes
            .iter()
            .rposition(|b| *b != 0)
            .map_or(0, |last| last + 1);
        if size % 8 != 0 || size < needed {
            return self.answer(tid, regs, failure(Errno::EINVAL));
        }
        // The kernel writes as many bytes as its own masks have, and returns that.
        let length = size.min(needed.div_ceil(8) * 8);
        let result = match memory::write_bytes(tid, regs.arg(2), &bytes[..length]) {
            Ok(()) => i64::try_from(length).unwrap_or(0),
            Err(_) => failure(Errno::EFAULT),
        };
        self.answer(tid, regs, result)
    }

    /// sched_setaffinity(pid, size, mask): has no effect.
    pub(super) fn setaffinity(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let size = usize::try_from(regs.arg(1)).unwrap_or(0);
        let mut bytes = vec![0u8; size.min(CpuSet::count() / 8)];
        if memory::read_bytes(tid, regs.arg(2), &mut bytes).is_err() {
            return self.answer(tid, regs, failure(Errno::EFAULT));
        }
        let allowed = (0..bytes.len() * 8)
            .filter(|cpu| bytes[cpu / 8] >> (cpu % 8) & 1 == 1)
            .any(|cpu| self.world.processors.is_set(cpu).unwrap_or(false));
        let result = if allowed { 0 } else { failure(Errno::EINVAL) };
        self.answer(tid, regs, result)
    }

    /// getcpu(processor, node): always the first that the program may use.
    pub(super) fn getcpu(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let first = (0..CpuSet::count())
            .find(|cpu| self.world.processors.is_set(*cpu).unwrap_or(false))
            .and_then(|cpu| i32::try_from(cpu).ok())
            .unwrap_or(0);
        for (address, value) in [(regs.arg(0), first), (regs.arg(1), 0)] {
            if address != 0 && memory::write(tid, address, &value).is_err() {
                return self.answer(tid, regs, failure(Errno::EFAULT));
            }
        }
        self.answer(tid, regs, 0)
    }

    /// sched_yield(): the others first, in order.
    pub(super) fn sched_yield(&mut self, tid: Pid, _: Regs) -> Outcome<Next> {
        let others = self
            .world
            .tasks
            .iter()
            .any(|task| task.tid != tid && matches!(task.state, State::Parked { .. }));
        if others {
            self.world.yielded = Some(tid);
        }
        Ok(Next::User(Resume::Cont, None))
    }
}
