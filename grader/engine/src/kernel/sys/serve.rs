//! Calls that siglab makes in a program's place: the filter hands them over
//! (`SECCOMP_RET_USER_NOTIF` of seccomp(2)). So siglab gets descriptors that the program has,
//! too, without pidfd_getfd(2), which containers refuse.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};

use super::{Errno, Pid, Result};

/// Which argument of a call says that it is to be handed over.
pub(crate) const MARKED: u8 = 5;

/// The value of that argument: nobody but siglab knows it.
pub(crate) fn mark() -> u32 {
    static MARK: OnceLock<u32> = OnceLock::new();
    *MARK.get_or_init(|| {
        let mut bytes = [0; 4];
        // SAFETY: getrandom(2): the buffer has this length.
        let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
        let chosen = if got == 4 { bytes } else { *b"mark" };
        u32::from_ne_bytes(chosen)
    })
}

/// Where the calls arrive.
#[derive(Debug)]
pub(crate) struct Listener(OwnedFd);

/// A call that waits for its result.
#[derive(Debug)]
pub(crate) struct Request {
    id: u64,
    /// Whose call it is.
    pub(crate) tid: Pid,
}

/// Sends a descriptor through a socket. Async-signal-safe.
pub(crate) fn send_descriptor(socket: RawFd, descriptor: RawFd) -> Result<()> {
    /// A header and a descriptor, aligned as a header: cmsg(3).
    #[repr(C)]
    struct Control {
        header: libc::cmsghdr,
        descriptor: RawFd,
    }
    let mut byte = 0u8;
    let mut part = libc::iovec {
        iov_base: (&raw mut byte).cast(),
        iov_len: 1,
    };
    // SAFETY: all-zero structures of these types are valid.
    let (mut control, mut message): (Control, libc::msghdr) = unsafe { std::mem::zeroed() };
    control.header.cmsg_level = libc::SOL_SOCKET;
    control.header.cmsg_type = libc::SCM_RIGHTS;
    // SAFETY: CMSG_LEN(3) only computes.
    control.header.cmsg_len = unsafe { libc::CMSG_LEN(size_of::<RawFd>() as libc::c_uint) } as _;
    control.descriptor = descriptor;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut control).cast();
    message.msg_controllen = size_of::<Control>() as _;
    // SAFETY: sendmsg(2): the message and what it points to live until it returns.
    Errno::result(unsafe { libc::sendmsg(socket, &raw const message, 0) }).map(drop)
}

impl Listener {
    /// Takes the listener that [`send_descriptor`] sent; `None` if none was.
    pub(crate) fn receive(socket: &OwnedFd) -> Option<Self> {
        let mut space = nix::cmsg_space!(RawFd);
        let mut byte = [0];
        let mut parts = [std::io::IoSliceMut::new(&mut byte)];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
        let message =
            recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags).ok()?;
        let rights = message.cmsgs().ok()?.find_map(|control| match control {
            ControlMessageOwned::ScmRights(descriptors) => descriptors.first().copied(),
            _ => None,
        })?;
        // SAFETY: recvmsg(2) has just made this descriptor for us.
        Some(Self(unsafe { OwnedFd::from_raw_fd(rights) }))
    }

    /// The next call, if one arrives within so many milliseconds.
    pub(crate) fn next(&self, millis: u8) -> Result<Option<Request>> {
        let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::from(millis)) {
            Ok(0) | Err(Errno::EINTR) => return Ok(None),
            Ok(_) => {}
            Err(errno) => return Err(errno),
        }
        // SAFETY: an all-zero seccomp_notif is what the kernel wants to get.
        let mut asked: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        match self.ioctl(libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut asked) {
            Ok(_) => Ok(Some(Request {
                id: asked.id,
                tid: Pid::from_raw(i32::try_from(asked.pid).unwrap_or(0)),
            })),
            // Its maker was interrupted or killed.
            Err(Errno::ENOENT | Errno::EINTR) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Gives the caller a copy of a descriptor, and its number as the call's result.
    pub(crate) fn give(&self, request: &Request, fd: BorrowedFd<'_>, cloexec: bool) -> Result<()> {
        let mut added = libc::seccomp_notif_addfd {
            id: request.id,
            flags: 0,
            srcfd: fd.as_raw_fd().unsigned_abs(),
            newfd: 0,
            newfd_flags: if cloexec {
                libc::O_CLOEXEC.unsigned_abs()
            } else {
                0
            },
        };
        match self.ioctl(libc::SECCOMP_IOCTL_NOTIF_ADDFD, &raw mut added) {
            Ok(number) => self.answer(request, i64::from(number), None),
            Err(Errno::ENOENT) => Ok(()),
            Err(errno) => {
                self.answer(request, 0, Some(errno))?;
                Err(errno)
            }
        }
    }

    /// Lets the call fail.
    pub(crate) fn fail(&self, request: &Request, errno: Errno) -> Result<()> {
        self.answer(request, 0, Some(errno))
    }

    fn answer(&self, request: &Request, value: i64, errno: Option<Errno>) -> Result<()> {
        let mut answer = libc::seccomp_notif_resp {
            id: request.id,
            val: value,
            error: errno.map_or(0, |errno| -(errno as i32)),
            flags: 0,
        };
        match self.ioctl(libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) {
            Ok(_) | Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    fn ioctl<T>(&self, request: libc::Ioctl, argument: *mut T) -> Result<i32> {
        // SAFETY: seccomp_unotify(2): each request gets a pointer to its structure.
        Errno::result(unsafe { libc::ioctl(self.0.as_raw_fd(), request, argument) })
    }
}
