//! What /proc says about tasks: proc_pid_stat(5), proc_pid_status(5), proc_pid_syscall(5).

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Errno, Pid, Result};
use siglab_model::SigSet;
use siglab_sandbox::regular;

/// Open files on a task's state, which is read often.
#[derive(Debug)]
pub(crate) struct TaskFiles {
    stat: File,
    syscall: File,
}

/// The system call in which a task is blocked: its number and arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockedIn {
    /// Its number; -1 if the task is blocked outside of one (a page fault).
    pub(crate) number: i64,
    /// Its arguments.
    pub(crate) args: [u64; 6],
}

impl TaskFiles {
    /// Opens the files of `tid`, a task of the process `pid`.
    ///
    /// # Errors
    /// Also if descriptors would run out soon: what can't be looked up then (a function's
    /// name, where a descriptor leads) would be missing in the trace.
    pub(crate) fn open(pid: Pid, tid: Pid) -> std::io::Result<Self> {
        const SPARE: usize = 8;
        let folder = PathBuf::from(format!("/proc/{pid}/task/{tid}"));
        let stat = File::open(folder.join("stat"))?;
        let syscall = File::open(folder.join("syscall"))?;
        let spare = [(); SPARE].map(|()| syscall.try_clone());
        spare.into_iter().collect::<std::io::Result<Vec<_>>>()?;
        Ok(Self { stat, syscall })
    }

    /// The task's state letter (`R`, `S`, `D`, `t`, `T`, `Z`, ...); `None` once it is gone.
    pub(crate) fn state(&self) -> Option<u8> {
        let mut buffer = [0; 128];
        let length = self.stat.read_at(&mut buffer, 0).ok()?;
        // The second field, the command, is in parentheses and may hold anything.
        let text = &buffer[..length];
        let close = text.iter().rposition(|b| *b == b')')?;
        text.get(close + 2).copied()
    }

    /// The system call in which the task sleeps. `None` if it runs, is on its way to or from a
    /// wait, or has stopped.
    ///
    /// Neither the letter nor the call says so alone. A task that looks for children, or was woken,
    /// passes through the preparations of a wait with the letter of one (do_wait). The kernel
    /// names the call only when it has made sure that the task is off the processor
    /// (wait_task_inactive), but does so of a stopped one, too. Who has stopped doesn't go on
    /// by itself: so the letter is read again.
    pub(crate) fn asleep_in(&self) -> Option<BlockedIn> {
        let is_asleep = || self.state() == Some(b'S');
        if !is_asleep() {
            return None;
        }
        let call = self.off_processor_in()?;
        is_asleep().then_some(call)
    }

    fn off_processor_in(&self) -> Option<BlockedIn> {
        let mut buffer = [0; 256];
        let length = self.syscall.read_at(&mut buffer, 0).ok()?;
        let text = std::str::from_utf8(&buffer[..length]).ok()?;
        let mut fields = text.split_ascii_whitespace();
        let number: i64 = fields.next()?.parse().ok()?;
        let mut args = [0; 6];
        if number >= 0 {
            for (arg, field) in args.iter_mut().zip(fields) {
                *arg = u64::from_str_radix(field.strip_prefix("0x")?, 16).ok()?;
            }
        }
        Some(BlockedIn { number, args })
    }
}

/// The signal sets of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignalSets {
    /// `SigPnd`: pending for the thread.
    pub(crate) thread_pending: SigSet,
    /// `ShdPnd`: pending for the process.
    pub(crate) process_pending: SigSet,
    /// `SigBlk`: blocked right now; in `rt_sigsuspend` and `rt_sigtimedwait` the mask that
    /// holds during the wait.
    pub(crate) blocked: SigSet,
    /// `SigIgn`: ignored.
    pub(crate) ignored: SigSet,
    /// `SigCgt`: with a handler.
    pub(crate) caught: SigSet,
}

/// The signal sets of `tid`.
pub(crate) fn signal_sets(tid: Pid) -> Result<SignalSets> {
    let status = fs::read_to_string(format!("/proc/{tid}/status")).map_err(|e| errno(&e))?;
    let mut sets = SignalSets::default();
    for line in status.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let set = match key {
            "SigPnd" => &mut sets.thread_pending,
            "ShdPnd" => &mut sets.process_pending,
            "SigBlk" => &mut sets.blocked,
            "SigIgn" => &mut sets.ignored,
            "SigCgt" => &mut sets.caught,
            _ => continue,
        };
        *set = SigSet::from_bits(u64::from_str_radix(value.trim(), 16).map_err(|_| Errno::EPROTO)?);
    }
    Ok(sets)
}

/// Whether a task has this capability, in effect.
pub(crate) fn has_capability(tid: Pid, number: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .is_some_and(|set| set >> number & 1 != 0)
}

/// Whether the addresses of a process are chosen at random: proc_pid_personality(5), and
/// `kernel.randomize_va_space`.
pub(crate) fn addresses_vary(pid: Pid) -> bool {
    let flags = fs::read_to_string(format!("/proc/{pid}/personality"));
    let flags = flags
        .ok()
        .and_then(|text| i32::from_str_radix(text.trim(), 16).ok());
    let is_off = flags.is_some_and(|flags| flags & libc::ADDR_NO_RANDOMIZE != 0);
    !is_off
        && fs::read_to_string("/proc/sys/kernel/randomize_va_space")
            .map_or(true, |it| it.trim() != "0")
}

/// Who a process's parent and tracer are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parentage {
    pub(crate) is_zombie: bool,
    pub(crate) parent: i32,
    /// 0 if it has none.
    pub(crate) tracer: i32,
}

/// Who the parent and the tracer of `pid` are; `None` if it is gone.
pub(crate) fn parentage(pid: Pid) -> Option<Parentage> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mut found = Parentage::default();
    for (key, value) in status.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match key {
            "State" => found.is_zombie = value.starts_with('Z'),
            "PPid" => found.parent = value.parse().ok()?,
            "TracerPid" => found.tracer = value.parse().ok()?,
            _ => {}
        }
    }
    Some(found)
}

/// The memory of a process that it can write and that is there: runs of whole pages, as first
/// address and length in bytes. What was never touched isn't there: proc_pid_pagemap(5).
/// `None` if more is mapped than can be looked through page by page, as by sanitizers.
pub(crate) fn written_memory(pid: Pid) -> Option<Vec<(u64, usize)>> {
    const PAGE: u64 = 4096;
    /// Bits 63 and 62: the page is in memory, or swapped.
    const IS_THERE: u64 = 3 << 62;
    /// 32 MiB of entries.
    const MOST_MAPPED: u64 = 16 << 30;
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let Ok(pages) = File::open(format!("/proc/{pid}/pagemap")) else {
        return Some(Vec::new());
    };
    let ranges: Vec<(u64, u64)> = maps.lines().filter_map(writable).collect();
    if ranges.iter().map(|(start, end)| end - start).sum::<u64>() > MOST_MAPPED {
        return None;
    }
    let mut runs: Vec<(u64, usize)> = Vec::new();
    let mut entries = [0; 64 << 10];
    let stride = entries.len() as u64 / 8 * PAGE;
    for (start, end) in ranges {
        for part in (start..end).step_by(stride as usize) {
            let length = ((end - part).min(stride) / PAGE * 8) as usize;
            let entries = &mut entries[..length];
            let read = pages.read_at(entries, part / PAGE * 8).unwrap_or(0);
            let addresses = (part..end).step_by(PAGE as usize);
            for (address, entry) in addresses.zip(entries[..read].chunks_exact(8)) {
                let entry = entry
                    .iter()
                    .rev()
                    .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                if entry & IS_THERE == 0 {
                    continue;
                }
                match runs.last_mut() {
                    Some((from, length)) if *from + *length as u64 == address => {
                        *length += PAGE as usize;
                    }
                    _ => runs.push((address, PAGE as usize)),
                }
            }
        }
    }
    Some(runs)
}

/// The range of a mapping that can be written, in a line of proc_pid_maps(5).
fn writable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let range = (
        u64::from_str_radix(start, 16).ok()?,
        u64::from_str_radix(end, 16).ok()?,
    );
    (rest.as_bytes().get(1) == Some(&b'w')).then_some(range)
}

/// How many bytes a process has read and written by calls on descriptors: proc_pid_io(5),
/// `rchar` and `wchar`. 0 where that may not be read.
pub(crate) fn bytes_moved(pid: Pid) -> (u64, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
            .unwrap_or(0)
    };
    (field("rchar:"), field("wchar:"))
}

/// Whether a task has a capability: the bit of its number in `CapEff`.
pub(crate) fn is_capable(tid: Pid, capability: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .is_some_and(|set| set >> capability & 1 == 1)
}

/// Whether the machine has a clock.
pub(crate) fn has_clock(id: i32) -> bool {
    nix::time::clock_gettime(nix::time::ClockId::from_raw(id)).is_ok()
}

/// The processor time that a process has used.
pub(crate) fn processor_time(pid: Pid) -> Result<Duration> {
    /// `CPUCLOCK_SCHED`.
    const SCHED: i32 = 2;
    processor_clock(pid, SCHED)
}

/// The processor time that the calling thread has used.
pub(crate) fn own_processor_time() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(Duration::ZERO, Duration::from)
}

/// The part of it that it has spent in its own code, not in the kernel. Where the kernel
/// only looks now and then what a processor does, it comes in steps of some milliseconds.
pub(crate) fn user_time(pid: Pid) -> Result<Duration> {
    /// `CPUCLOCK_VIRT`.
    const VIRT: i32 = 1;
    processor_clock(pid, VIRT)
}

/// `MAKE_PROCESS_CPUCLOCK(pid, which)`, include/linux/posix-timers_types.h.
fn processor_clock(pid: Pid, which: i32) -> Result<Duration> {
    let clock = (!pid.as_raw() << 3) | which;
    let time = nix::time::clock_gettime(nix::time::ClockId::from_raw(clock))?;
    Ok(Duration::from(time))
}

/// What a file descriptor of a process leads to: `pipe:[123]`, `anon_inode:[timerfd]`, a
/// path.
pub(crate) fn fd_target(pid: Pid, fd: i32) -> Option<String> {
    let link = fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// What a relative path begins at: the process's folder, or the one that it has open as `fd`.
pub(crate) fn folder(pid: Pid, fd: i32) -> Option<String> {
    if fd != libc::AT_FDCWD {
        return fd_target(pid, fd);
    }
    let link = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// What proc_pid_status(5) would say of a task if siglab didn't trace it. `is_asking`: whether it
/// is that task that asks.
pub(crate) fn untraced_status(tid: Pid, is_asking: bool) -> Result<String> {
    let read = |path: String| {
        fs::read_to_string(path)
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
    };
    let status = read(format!("/proc/{tid}/status"))?;
    // What the filter changes for the program, it doesn't for siglab.
    let own = read("/proc/self/status".to_owned())?;
    let value = |text: &str, key: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| Some(line.strip_prefix(key)?.trim().to_owned()))
    };
    let filters = |text: &str| value(text, "Seccomp_filters:")?.parse::<u32>().ok();
    let has_own_filter = match (filters(&status), filters(&own)) {
        (Some(all), Some(before)) => all > before + 1,
        _ => false,
    };
    let mut untraced = String::with_capacity(status.len());
    for line in status.lines() {
        let key = line.split_inclusive(':').next().unwrap_or_default();
        let other = match key {
            "TracerPid:" => Some("0".to_owned()),
            "State:" if is_asking => Some("R (running)".to_owned()),
            "State:" if line.contains("tracing stop") => Some("S (sleeping)".to_owned()),
            "NoNewPrivs:" | "Seccomp:" | "Seccomp_filters:" if !has_own_filter => value(&own, key),
            _ => None,
        };
        match other {
            Some(other) => {
                untraced.push_str(key);
                untraced.push('\t');
                untraced.push_str(&other);
            }
            None => untraced.push_str(line),
        }
        untraced.push('\n');
    }
    Ok(untraced)
}

/// Whether the word `TracerPid` occurs in a program. What was found out once is remembered.
pub(crate) fn may_ask_for_tracer(program: &Path) -> bool {
    type Version = (u64, u64, u64, i64, i64);
    static KNOWN: Mutex<Option<HashMap<Version, bool>>> = Mutex::new(None);
    /// What is larger isn't looked at: nobody writes that for a lab.
    const LARGEST: u64 = 64 << 20;
    const WORD: &[u8] = b"TracerPid";
    let Ok(file) = fs::metadata(program) else {
        return false;
    };
    if !file.is_file() || file.len() > LARGEST {
        return false;
    }
    let version = (
        file.dev(),
        file.ino(),
        file.len(),
        file.mtime(),
        file.mtime_nsec(),
    );
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    *known.entry(version).or_insert_with(|| {
        let Ok(content) = regular::read(program, LARGEST) else {
            return false;
        };
        // SAFETY: memmem(3): both pointers are valid for so many bytes.
        let found = unsafe {
            libc::memmem(
                content.as_ptr().cast(),
                content.len(),
                WORD.as_ptr().cast(),
                WORD.len(),
            )
        };
        !found.is_null()
    })
}

/// The version of the kernel, as far as it is in numbers: proc_sys_kernel(5).
pub(crate) fn kernel_release() -> Option<(u32, u32)> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The flags of a descriptor, as open(2) has them: proc_pid_fdinfo(5).
pub(crate) fn open_flags(pid: Pid, fd: i32) -> Option<i32> {
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    i32::from_str_radix(flags.trim(), 8).ok()
}

/// The open file descriptors of a process.
pub(crate) fn fds(pid: Pid) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// The process that a pidfd of `pid` stands for, if it still exists.
pub(crate) fn pidfd_target(pid: Pid, fd: i32) -> Option<Pid> {
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).ok()?;
    let number = match info.lines().find_map(|line| line.strip_prefix("Pid:")) {
        Some(number) => number.trim().to_owned(),
        // pidfd_send_signal(2) also takes a descriptor of the folder /proc/PID.
        None => fd_target(pid, fd)?.strip_prefix("/proc/")?.to_owned(),
    };
    number.parse().ok().map(Pid::from_raw)
}

/// A file as /proc tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NamedFile {
    pub(crate) path: PathBuf,
    /// There is no such file any more, or another one has taken its place, as when a program
    /// is compiled again while it runs.
    pub(crate) deleted: bool,
}

impl From<PathBuf> for NamedFile {
    /// proc_pid_maps(5) and proc_pid_exe(5): what is deleted has a suffix. A file may really
    /// have a name that ends like that.
    fn from(path: PathBuf) -> Self {
        let rest = path.as_os_str().as_bytes().strip_suffix(b" (deleted)");
        match rest {
            Some(rest) if !path.exists() => Self {
                path: OsStr::from_bytes(rest).into(),
                deleted: true,
            },
            _ => Self {
                path,
                deleted: false,
            },
        }
    }
}

/// The program that a process runs.
pub(crate) fn program(pid: Pid) -> Option<NamedFile> {
    fs::read_link(format!("/proc/{pid}/exe"))
        .ok()
        .map(NamedFile::from)
}

/// The file name of the program that a process runs, without its folder.
pub(crate) fn program_name(pid: Pid) -> String {
    program(pid)
        .and_then(|file| Some(file.path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "?".to_owned())
}

fn errno(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// The descriptors that an epoll descriptor watches: proc_pid_fdinfo(5), `tfd`.
pub(crate) fn epoll_targets(pid: Pid, fd: i32) -> Vec<i32> {
    let Ok(info) = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")) else {
        return Vec::new();
    };
    info.lines()
        .filter_map(|line| line.strip_prefix("tfd:"))
        .filter_map(|rest| rest.split_ascii_whitespace().next()?.parse().ok())
        .collect()
}

/// A mapping of a process: proc_pid_maps(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) executable: bool,
    /// The file, if it is one.
    pub(crate) file: Option<NamedFile>,
}

impl Mapping {
    pub(crate) fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }
}

/// The mappings of a process, in order of address.
pub(crate) fn mappings(pid: Pid) -> Vec<Mapping> {
    let text = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    text.lines().filter_map(mapping).collect()
}

/// Whether a process has memory that it can write and that a copy of it would share.
pub(crate) fn shares_memory(pid: Pid) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    text.lines().any(|line| {
        let permissions = line.split(' ').nth(1).unwrap_or_default();
        permissions.contains('w') && permissions.contains('s')
    })
}

fn mapping(line: &str) -> Option<Mapping> {
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    let path = fields
        .nth(3)
        .map(str::trim_start)
        .filter(|path| path.starts_with('/'));
    Some(Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        executable: permissions.contains('x'),
        file: path.map(|path| PathBuf::from(path).into()),
    })
}
