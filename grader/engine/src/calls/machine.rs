//! Calls that would let something from outside into the run: randomness, processors.

use nix::sched::CpuSet;

use super::failure;
use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::ptrace::Resume;
use crate::kernel::sys::{Errno, Pid, cpu, memory};
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::task::State;

impl Run<'_> {
    /// getrandom(buffer, length, flags): the same numbers in each run with the same seed.
    pub(super) fn getrandom(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        const NONE_BLOCKS: u32 = libc::GRND_NONBLOCK | libc::GRND_RANDOM | libc::GRND_INSECURE;
        const NOT_BOTH: u32 = libc::GRND_RANDOM | libc::GRND_INSECURE;
        /// `MAX_RW_COUNT`: what one call transfers at the most.
        const MOST: u64 = 0x7fff_f000;
        const PAGE: u64 = 4096;
        let flags = regs.arg(2) as u32;
        if flags & !NONE_BLOCKS != 0 || flags & NOT_BOTH == NOT_BOTH {
            return self.answer(tid, regs, failure(Errno::EINVAL));
        }
        let (address, length) = (regs.arg(0), regs.arg(1).min(MOST));
        // Where memory ends, so does what is written: get_random_bytes_user.
        let mut done = 0;
        while done < length {
            let at = address.wrapping_add(done);
            let part = (PAGE - at % PAGE).min(length - done);
            let bytes = self.world.random.bytes(usize::try_from(part).unwrap_or(0));
            if memory::write_bytes(tid, at, &bytes).is_err() {
                break;
            }
            done += part;
        }
        let result = match done {
            0 if length > 0 => failure(Errno::EFAULT),
            done => i64::try_from(done).unwrap_or(0),
        };
        self.answer(tid, regs, result)
    }

    /// sched_getaffinity(pid, size, mask): siglab pins the program to one processor, but
    /// that is its own affair.
    pub(super) fn getaffinity(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if !self.is_meant_by(regs.arg(0)) {
            return Ok(Next::USER);
        }
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
        let length = size.min(cpu::mask_size().max(needed));
        let result = match memory::write_bytes(tid, regs.arg(2), &bytes[..length]) {
            Ok(()) => i64::try_from(length).unwrap_or(0),
            Err(_) => failure(Errno::EFAULT),
        };
        self.answer(tid, regs, result)
    }

    /// sched_setaffinity(pid, size, mask): has no effect.
    pub(super) fn setaffinity(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if !self.is_meant_by(regs.arg(0)) {
            return self.answer(tid, regs, failure(Errno::ESRCH));
        }
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

    /// Whether an argument names a task of the run; 0 is the caller.
    fn is_meant_by(&self, argument: u64) -> bool {
        let pid = argument as u32 as i32;
        pid == 0 || self.tgid_in_run(Pid::from_raw(pid)).is_some()
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
