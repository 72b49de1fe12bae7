//! Dispositions, masks, and waiting for signals.

use siglab_model::{Kind, MaskHow, SigSet, Signal, WaitFor, WaitResult};

use super::{failure, returned, signal_argument};
use crate::fault::{Fault, Outcome};
use crate::kernel::arch::{Regs, scratch};
use crate::kernel::siginfo;
use crate::kernel::sys::errno::{ERESTARTNOHAND, ERESTARTSYS};
use crate::kernel::sys::{Errno, Pid, memory, proc};
use crate::kernel::syscalls::Sys;
use crate::signals::deliver::discards;
use crate::signals::waits::acceptable;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::{After, Buffer, Call};
use crate::world::process::RawAction;

/// What rt_sigtimedwait(2) and its kin are called with: sigset_t of this size.
const SIGSET_SIZE: u64 = 8;

impl Run<'_> {
    /// rt_sigaction(signal, new, old, size).
    pub(super) fn sigaction(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let signal = signal_argument(regs.arg(0)).filter(|signal| signal.can_be_caught());
        if regs.arg(1) == 0 {
            return Ok(Next::USER);
        }
        let (Some(signal), SIGSET_SIZE) = (signal, regs.arg(3)) else {
            return self.begin_to_fail(tid, &regs);
        };
        // struct kernel_sigaction: handler, flags, restorer, mask.
        let Ok([handler, flags, restorer, mask]) = memory::read::<[u64; 4]>(tid, regs.arg(1))
        else {
            return self.begin_to_fail(tid, &regs);
        };
        let new = RawAction {
            handler,
            flags,
            restorer,
            mask: SigSet::from_bits(mask),
        };
        let function = new
            .is_handler()
            .then(|| self.function_at(tid, handler))
            .flatten();
        let process = self.world.process_of(tid)?;
        let pid = process.pid;
        let old = std::mem::replace(process.action_mut(signal), new);
        process.has_handled |= new.is_handler();
        self.action_changed(pid, signal, discards(&new, signal))?;
        self.waits_changed(pid, signal, &old)?;
        if old != new {
            let new = new.disposition(function);
            self.world
                .task_event(tid, Kind::DispositionChanged { signal, new });
        }
        Ok(Next::USER)
    }

    /// rt_sigprocmask(how, new, old, size).
    pub(super) fn sigprocmask(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if regs.arg(1) == 0 {
            return Ok(Next::USER);
        }
        let (Ok(bits), SIGSET_SIZE) = (memory::read::<u64>(tid, regs.arg(1)), regs.arg(3)) else {
            return self.begin_to_fail(tid, &regs);
        };
        let set = SigSet::from_bits(bits);
        let old = self.tracer.stopped(tid)?.signal_mask()?;
        let (how, mut mask) = match regs.arg(0) as u32 as i32 {
            libc::SIG_BLOCK => (MaskHow::Block, old.union(set)),
            libc::SIG_UNBLOCK => (MaskHow::Unblock, old.difference(set)),
            libc::SIG_SETMASK => (MaskHow::Set, set),
            _ => return self.begin_to_fail(tid, &regs),
        };
        mask.remove(Signal::KILL);
        mask.remove(Signal::STOP);
        self.world.task(tid)?.blocked = mask;
        if mask != old {
            self.world.task_event(tid, Kind::MaskChanged { how, mask });
        }
        Ok(Next::USER)
    }

    /// rt_sigreturn().
    pub(super) fn sigreturn(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.on_sigreturn(tid, &regs)?;
        Ok(Next::USER)
    }

    /// signalfd(fd, mask, size) and signalfd4(fd, mask, size, flags).
    pub(super) fn new_signalfd(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.begin(tid, &regs, After::NewSignalfd, WaitFor::Unnamed, None)
    }

    /// sigaltstack(new, old).
    pub(super) fn sigaltstack(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        const SS_DISABLE: u64 = 2;
        if regs.arg(0) != 0
            && let Ok([low, flags, size]) = memory::read::<[u64; 3]>(tid, regs.arg(0))
        {
            let disabled = flags & 0xffff_ffff & SS_DISABLE != 0;
            self.world.task(tid)?.altstack = (!disabled).then_some((low, size));
        }
        Ok(Next::USER)
    }

    /// pause() and rt_sigsuspend(mask, size).
    pub(super) fn signal_wait(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let what = if regs.sys() == Some(Sys::Pause) {
            WaitFor::AnySignal
        } else {
            match memory::read::<u64>(tid, regs.arg(0)) {
                Ok(0) => WaitFor::AnySignal,
                Ok(bits) => WaitFor::AnySignalBut(SigSet::from_bits(bits)),
                Err(_) => WaitFor::Unnamed,
            }
        };
        self.begin(tid, &regs, After::Nothing, what, None)
    }

    /// rt_sigtimedwait(set, info, timeout, size).
    pub(super) fn sigtimedwait(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let what = memory::read::<u64>(tid, regs.arg(0)).map_or(WaitFor::Unnamed, |bits| {
            WaitFor::OneOf(SigSet::from_bits(bits))
        });
        let timeout = self.take_over_timeout(tid, &regs)?;
        self.leave_out_discarded(tid, &regs)?;
        let info = self.ask_for_info(tid, &regs)?;
        self.begin(tid, &regs, After::Accept(info), what, timeout)
    }

    /// Where the kernel will write the siginfo: if the program doesn't want it, below the
    /// red zone of its stack, because the engine does.
    fn ask_for_info(&mut self, tid: Pid, regs: &Regs) -> Outcome<u64> {
        const BELOW_THE_SET: u64 = 1024;
        if regs.arg(1) != 0 {
            return Ok(regs.arg(1));
        }
        let address = scratch(regs, BELOW_THE_SET);
        if memory::write(tid, address, &[0u64; 16]).is_err() {
            return Ok(0);
        }
        let mut changed = self.tracer.stopped(tid)?.regs()?;
        changed.set_arg(1, address);
        self.tracer.stopped(tid)?.set_regs(&changed)?;
        Ok(address)
    }

    /// A tracee's wait would also end with signals that natively are thrown away, or end the
    /// process. Those are taken out of its set, in a copy below the red zone of the stack, where
    /// nothing is alive.
    fn leave_out_discarded(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        const BELOW_OTHERS: u64 = 128;
        let Ok(bits) = memory::read::<u64>(tid, regs.arg(0)) else {
            return Ok(());
        };
        let mask = self.tracer.stopped(tid)?.signal_mask()?;
        let kept = acceptable(self.world.process_of(tid)?, mask, SigSet::from_bits(bits));
        let address = scratch(regs, BELOW_OTHERS);
        if kept.bits() == bits || memory::write(tid, address, &kept.bits()).is_err() {
            return Ok(());
        }
        let mut changed = self.tracer.stopped(tid)?.regs()?;
        changed.set_arg(0, address);
        self.tracer.stopped(tid)?.set_regs(&changed)?;
        Ok(())
    }

    /// rt_sigtimedwait(2) returned. Returns what the trace says of its result; `None`: natively the signal
    /// is thrown away, and it waits on.
    pub(super) fn accepted(
        &mut self,
        tid: Pid,
        regs: &mut Regs,
        call: &Call,
        info_address: u64,
    ) -> Outcome<Option<WaitResult>> {
        let result = regs.result();
        let Some(signal) = u64::try_from(result).ok().and_then(signal_argument) else {
            return Ok(Some(returned(result)));
        };
        let pid = self.world.task(tid)?.pid;
        let described = if info_address == 0 {
            self.world.expected.take(pid, signal).unwrap_or_default()
        } else {
            let mut raw = siginfo::read(tid, info_address)
                .map_err(Fault::of(tid, "reach the memory of a task"))?;
            if self.drops_stale(pid, signal, &raw) {
                self.begin_again(tid, regs, call, ERESTARTNOHAND)?;
                return Ok(None);
            }
            if self.rewrite_info(pid, &mut raw) {
                memory::write(tid, info_address, &siginfo::fields(&raw))
                    .map_err(Fault::of(tid, "reach the memory of a task"))?;
            }
            let described = self.describe_info(pid, &raw);
            self.saw_delivery(tid, signal, &raw, &described)?;
            described
        };
        let by = call.sys.name().to_owned();
        self.world.task_event(
            tid,
            Kind::Accepted {
                signal,
                by,
                info: described,
            },
        );
        Ok(Some(WaitResult::Signal(signal)))
    }

    /// A read from a signalfd returned. Returns what the trace says of its result; `None`: all that was
    /// read is thrown away natively, and the read begins again.
    pub(super) fn read_signals(
        &mut self,
        tid: Pid,
        regs: &mut Regs,
        call: &Call,
        buffers: &[Buffer],
    ) -> Outcome<Option<WaitResult>> {
        let read = u64::try_from(regs.result()).unwrap_or(0);
        let kept = self.take_signals(tid, call.sys, buffers, read)?;
        if kept == read {
            return Ok(Some(returned(regs.result())));
        }
        if kept == 0 && !self.reads_without_waiting(tid, call)? {
            self.begin_again(tid, regs, call, ERESTARTSYS)?;
            return Ok(None);
        }
        let result = match kept {
            0 => failure(Errno::EAGAIN),
            kept => i64::try_from(kept).unwrap_or(0),
        };
        regs.set_result(result);
        self.tracer.stopped(tid)?.set_regs(regs)?;
        Ok(Some(returned(result)))
    }

    fn reads_without_waiting(&mut self, tid: Pid, call: &Call) -> Outcome<bool> {
        let pid = self.world.task(tid)?.pid;
        let flags = proc::open_flags(pid, call.entry.arg(0) as u32 as i32).unwrap_or(0);
        let no_wait =
            call.sys == Sys::Preadv2 && call.entry.arg(5) as u32 as i32 & libc::RWF_NOWAIT != 0;
        Ok(no_wait || flags & libc::O_NONBLOCK != 0)
    }

    /// io_submit(2) returned: its reads of signalfds are over, and their results are in the
    /// ring that the kernel shares with the program.
    pub(super) fn submitted(
        &mut self,
        tid: Pid,
        call: &Call,
        reads: &[(u64, Vec<Buffer>)],
    ) -> Outcome<()> {
        for (iocb, buffers) in reads {
            let Some((address, read)) = completion(tid, call.entry.arg(0), *iocb) else {
                continue;
            };
            let kept = self.take_signals(tid, call.sys, buffers, read)?;
            if kept < read {
                let result = match kept {
                    0 => failure(Errno::EAGAIN).cast_unsigned(),
                    kept => kept,
                };
                // The program gave its ring away: then it won't look there.
                let _ = memory::write(tid, address, &result);
            }
        }
        Ok(())
    }

    /// Signals were read into `buffers`, so many bytes of them. Returns how many are left
    /// when those are taken out that natively are thrown away.
    fn take_signals(&mut self, tid: Pid, by: Sys, buffers: &[Buffer], read: u64) -> Outcome<u64> {
        /// struct signalfd_siginfo: linux/signalfd.h.
        const SIZE: usize = 128;
        let pid = self.world.task(tid)?.pid;
        let Some(mut bytes) = gather(tid, buffers, read) else {
            return Ok(read);
        };
        let mut kept = Vec::with_capacity(bytes.len());
        let mut changed = false;
        for record in bytes.chunks_exact_mut(SIZE) {
            let Ok(before) = <[u8; SIZE]>::try_from(&*record) else {
                continue;
            };
            let mut raw = siginfo::from_signalfd(&before);
            let Some(signal) = Signal::new(raw.si_signo) else {
                kept.extend_from_slice(record);
                continue;
            };
            if self.drops_stale(pid, signal, &raw) {
                changed = true;
                continue;
            }
            if self.rewrite_info(pid, &mut raw) {
                record.copy_from_slice(&siginfo::to_signalfd(&raw, before));
                changed = true;
            }
            kept.extend_from_slice(record);
            let described = self.describe_info(pid, &raw);
            self.saw_delivery(tid, signal, &raw, &described)?;
            self.world.task_event(
                tid,
                Kind::Accepted {
                    signal,
                    by: by.name().to_owned(),
                    info: described,
                },
            );
        }
        if changed {
            scatter(tid, buffers, &kept).map_err(Fault::of(tid, "reach the memory of a task"))?;
        }
        Ok(kept.len() as u64)
    }
}

/// Whether what a descriptor leads to is a signalfd.
pub(super) fn is_signalfd(target: &str) -> bool {
    target == "anon_inode:[signalfd]"
}

/// Where a call puts what it reads from a signalfd; `None` if it can't read from one.
/// pread(2) fails, and so do recv(2), splice(2) and sendfile(2).
pub(super) fn buffers(tid: Pid, sys: Sys, regs: &Regs) -> Option<Vec<Buffer>> {
    match sys {
        Sys::Read => Some(vec![Buffer {
            address: regs.arg(1),
            length: regs.arg(2),
        }]),
        Sys::Readv | Sys::Preadv2 => Some(vectors(tid, regs.arg(1), regs.arg(2))),
        _ => None,
    }
}

/// An array of `struct iovec`.
fn vectors(tid: Pid, address: u64, count: u64) -> Vec<Buffer> {
    (0..count.min(libc::UIO_MAXIOV as u64))
        .map_while(|index| memory::read::<[u64; 2]>(tid, address + index * 16).ok())
        .map(|[address, length]| Buffer { address, length })
        .collect()
}

/// What siglab needs of a `struct iocb`: linux/aio_abi.h.
pub(super) struct Iocb {
    address: u64,
    operation: u16,
    pub(super) descriptor: i32,
    buffer: u64,
    length: u64,
}

/// Those that io_submit(context, count, pointers) is given.
pub(super) fn iocbs(tid: Pid, regs: &Regs) -> impl Iterator<Item = Iocb> {
    const MOST: u64 = 4096;
    let (count, pointers) = (regs.arg(1).min(MOST), regs.arg(2));
    (0..count)
        .map_while(move |index| memory::read::<u64>(tid, pointers + index * 8).ok())
        .map_while(move |address| {
            let [_, _, how, buffer, length] = memory::read::<[u64; 5]>(tid, address).ok()?;
            Some(Iocb {
                address,
                operation: how as u16,
                descriptor: (how >> 32) as u32 as i32,
                buffer,
                length,
            })
        })
}

/// The reads of signalfds that are submitted, each with its `iocb`'s address.
pub(super) fn submitted_reads(pid: Pid, tid: Pid, regs: &Regs) -> Vec<(u64, Vec<Buffer>)> {
    /// `IOCB_CMD_PREAD` and `IOCB_CMD_PREADV`.
    const PREAD: u16 = 0;
    const PREADV: u16 = 7;
    iocbs(tid, regs)
        .filter(|iocb| {
            proc::fd_target(pid, iocb.descriptor).is_some_and(|target| is_signalfd(&target))
        })
        .filter_map(|iocb| {
            let buffers = match iocb.operation {
                PREAD => vec![Buffer {
                    address: iocb.buffer,
                    length: iocb.length,
                }],
                PREADV => vectors(tid, iocb.buffer, iocb.length),
                _ => return None,
            };
            Some((iocb.address, buffers))
        })
        .collect()
}

/// The result of an `iocb` that is over: where it is in the ring of its context, and how
/// much was read. struct aio_ring in fs/aio.c, struct io_event in linux/aio_abi.h.
fn completion(tid: Pid, ring: u64, iocb: u64) -> Option<(u64, u64)> {
    const HEADER: u64 = 32;
    const EVENT: u64 = 32;
    /// The ring is the program's memory, which may say anything: 4 MiB of events.
    const MOST_EVENTS: u64 = 1 << 17;
    let [size, places] = memory::read::<[u64; 2]>(tid, ring).ok()?;
    let (size, head, tail) = (size >> 32, places & 0xffff_ffff, places >> 32);
    if size == 0 || size > MOST_EVENTS || head >= size || tail >= size {
        return None;
    }
    let count = (tail + size - head) % size;
    (0..count).rev().find_map(|index| {
        let event = ring + HEADER + (head + index) % size * EVENT;
        let [_, of, result, _] = memory::read::<[u64; 4]>(tid, event).ok()?;
        let read = u64::try_from(result.cast_signed()).ok()?;
        (of == iocb).then_some((event + 16, read))
    })
}

/// The first `length` bytes of what `buffers` hold; `None` if they are more than anything
/// that is read for signals.
fn gather(tid: Pid, buffers: &[Buffer], length: u64) -> Option<Vec<u8>> {
    const MOST_BYTES: u64 = 1 << 20;
    if length > MOST_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    for buffer in buffers {
        let left = length - bytes.len() as u64;
        let mut part = vec![0; usize::try_from(left.min(buffer.length)).ok()?];
        memory::read_bytes(tid, buffer.address, &mut part).ok()?;
        bytes.extend(part);
    }
    Some(bytes)
}

/// Puts `bytes` at the start of what `buffers` hold.
fn scatter(tid: Pid, buffers: &[Buffer], mut bytes: &[u8]) -> crate::kernel::sys::Result<()> {
    for buffer in buffers {
        let length = usize::try_from(buffer.length)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let (part, rest) = bytes.split_at(length);
        memory::write_bytes(tid, buffer.address, part)?;
        bytes = rest;
    }
    Ok(())
}
