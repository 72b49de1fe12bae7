//! Reading and writing a tracee's memory: process_vm_readv(2), and word by word with
//! ptrace where that isn't permitted (some container profiles).

use std::ffi::c_void;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};

use super::{Errno, Pid, Result};

/// Plain data: any bytes are a valid value.
///
/// # Safety
/// The type has no padding that is read, no pointers that Rust follows, no invalid values.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: integers.
unsafe impl Plain for u8 {}
// SAFETY: integers.
unsafe impl Plain for i32 {}
// SAFETY: integers.
unsafe impl Plain for u64 {}
// SAFETY: integers.
unsafe impl<const N: usize> Plain for [u64; N] {}
// SAFETY: integers.
unsafe impl<const N: usize> Plain for [u8; N] {}
// SAFETY: two 64-bit integers.
unsafe impl Plain for libc::timespec {}
// SAFETY: two 64-bit integers.
unsafe impl Plain for libc::timeval {}
// SAFETY: integers; the kernel writes all 128 bytes.
unsafe impl Plain for super::send::QueuedInfo {}

/// Fills `buffer` from `address`. All or nothing: `EFAULT`.
pub(crate) fn read_bytes(pid: Pid, address: u64, buffer: &mut [u8]) -> Result<()> {
    let length = buffer.len();
    let remote = [RemoteIoVec {
        base: address as usize,
        len: length,
    }];
    match process_vm_readv(pid, &mut [IoSliceMut::new(buffer)], &remote) {
        Ok(read) if read == length => Ok(()),
        Ok(_) => Err(Errno::EFAULT),
        Err(Errno::EPERM | Errno::ENOSYS) => peek_bytes(pid, address, buffer),
        Err(errno) => Err(errno),
    }
}

fn peek_bytes(pid: Pid, address: u64, buffer: &mut [u8]) -> Result<()> {
    for (index, byte) in buffer.iter_mut().enumerate() {
        let at = address.wrapping_add(index as u64);
        let word = ptrace::read(pid, (at & !7) as *mut c_void)?;
        *byte = word.to_ne_bytes()[(at & 7) as usize];
    }
    Ok(())
}

/// The text at `address`, up to its NUL; nothing if there is none within `most` bytes, or it isn't
/// UTF-8.
pub(crate) fn read_string(pid: Pid, address: u64, most: usize) -> Option<String> {
    const PIECE: u64 = 256;
    let mut text = Vec::new();
    while text.len() < most {
        let at = address.checked_add(text.len() as u64)?;
        // Up to a boundary, so that what comes after the text need not be there.
        let mut piece = [0; PIECE as usize];
        let piece = &mut piece[..(PIECE - at % PIECE) as usize];
        read_bytes(pid, at, piece).ok()?;
        if let Some(end) = piece.iter().position(|byte| *byte == 0) {
            text.extend_from_slice(&piece[..end]);
            return String::from_utf8(text).ok();
        }
        text.extend_from_slice(piece);
    }
    None
}

/// Reads a value at `address`.
pub(crate) fn read<T: Plain>(pid: Pid, address: u64) -> Result<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: the slice covers exactly the value, which is initialised to zero.
    let bytes =
        unsafe { std::slice::from_raw_parts_mut(value.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
    read_bytes(pid, address, bytes)?;
    // SAFETY: `T: Plain`, so any bytes are a valid value.
    Ok(unsafe { value.assume_init() })
}

/// Writes `bytes` to `address`.
pub(crate) fn write_bytes(pid: Pid, address: u64, bytes: &[u8]) -> Result<()> {
    let remote = [RemoteIoVec {
        base: address as usize,
        len: bytes.len(),
    }];
    match process_vm_writev(pid, &[IoSlice::new(bytes)], &remote) {
        Ok(written) if written == bytes.len() => Ok(()),
        Ok(_) => Err(Errno::EFAULT),
        Err(Errno::EPERM | Errno::ENOSYS) => poke_bytes(pid, address, bytes),
        Err(errno) => Err(errno),
    }
}

/// Writes `bytes` to `address`, whether or not the tracee itself could: PTRACE_POKEDATA.
pub(crate) fn poke_bytes(pid: Pid, address: u64, bytes: &[u8]) -> Result<()> {
    for (index, byte) in bytes.iter().enumerate() {
        let at = address.wrapping_add(index as u64);
        let aligned = (at & !7) as *mut c_void;
        let mut word = ptrace::read(pid, aligned)?.to_ne_bytes();
        word[(at & 7) as usize] = *byte;
        ptrace::write(pid, aligned, i64::from_ne_bytes(word))?;
    }
    Ok(())
}

/// Writes a value to `address`.
pub(crate) fn write<T: Plain>(pid: Pid, address: u64, value: &T) -> Result<()> {
    // SAFETY: the slice covers exactly the value; `T: Plain` has no padding that matters.
    let bytes = unsafe {
        std::slice::from_raw_parts(std::ptr::from_ref(value).cast::<u8>(), size_of::<T>())
    };
    write_bytes(pid, address, bytes)
}

/// A stack for a child that has siglab's memory. Below it is a page that nobody may touch.
#[derive(Debug)]
pub(crate) struct Stack {
    start: NonNull<c_void>,
    size: NonZeroUsize,
}

impl Stack {
    /// `size` in bytes, a multiple of the size of a page; with the page below.
    pub(crate) fn new(size: usize) -> Result<Self> {
        const PAGE: usize = 4096;
        let size = NonZeroUsize::new(size).ok_or(Errno::EINVAL)?;
        let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_STACK;
        // SAFETY: mmap(2): a new mapping, at an address of the kernel's choice.
        let start = unsafe {
            mmap_anonymous(
                None,
                size,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                flags,
            )
        }?;
        let stack = Self { start, size };
        // SAFETY: mprotect(2): nobody uses the mapping yet.
        unsafe { mprotect(start, PAGE, ProtFlags::PROT_NONE) }?;
        Ok(stack)
    }

    /// Where it begins: stacks grow downwards.
    pub(crate) fn top(&self) -> *mut c_void {
        self.start.as_ptr().wrapping_byte_add(self.size.get())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: munmap(2): the mapping is this one's, and nobody uses it any more.
        let _ = unsafe { munmap(self.start, self.size.get()) };
    }
}
