// siglab-explore: clean
// siglab-explore: alone = waits
// siglab-explore: sent SIGTERM = exits 0
//! A self-pipe of std's own: the handler writes to one end of a socket pair that doesn't
//! block, main reads from the other.

use std::io::Read;
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};

unsafe extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn write(fd: i32, bytes: *const u8, length: usize) -> isize;
    fn __errno_location() -> *mut i32;
}

const SIGTERM: i32 = 15;

static WAKE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn on_sigterm(_number: i32) {
    // SAFETY: the address of this thread's errno; it stays valid as long as the thread lives.
    let errno = unsafe { __errno_location() };
    // SAFETY: as above.
    let before = unsafe { *errno };
    // SAFETY: one byte, of static lifetime.
    unsafe { write(WAKE.load(Ordering::SeqCst), b"x".as_ptr(), 1) };
    // SAFETY: as above.
    unsafe { *errno = before };
}

fn main() -> std::io::Result<()> {
    let (mut reader, writer) = UnixStream::pair()?;
    writer.set_nonblocking(true)?;
    WAKE.store(writer.into_raw_fd(), Ordering::SeqCst);
    // SAFETY: the handler calls write(2) only, and keeps errno.
    assert_ne!(unsafe { signal(SIGTERM, on_sigterm) }, usize::MAX);
    println!("waiting");
    // read_exact() begins again after EINTR; signal(3) sets SA_RESTART besides.
    reader.read_exact(&mut [0])?;
    println!("asked to stop");
    Ok(())
}
