//! L1: user ids that nobody else has.

use std::io;
use std::ops::Range;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::sys::process;

/// Ids above what systemd gives to users and containers: UIDS-GIDS.md of systemd.
const PREFERRED: Range<u32> = 0x7000_0000..0x7001_0000;

/// How many ids are tried until one is free.
const TRIES: usize = 64;

/// A range of ids to take from. Also the ids of groups: each user has its own.
#[derive(Debug)]
pub(crate) struct Uids {
    range: Range<u32>,
    next: AtomicU32,
}

/// An id that no other siglab uses while this lives.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) uid: u32,
    /// The kernel forgets its name when the last process that has it open ends, however
    /// that ends.
    _name: UnixDatagram,
}

impl Uids {
    /// A range within this process's user namespace.
    pub(crate) fn new() -> io::Result<Self> {
        let map = std::fs::read_to_string("/proc/self/uid_map")?;
        let range = range_in(&map)
            .ok_or_else(|| io::Error::other("the user namespace has no ids to spare"))?;
        // Others that start at the same time begin somewhere else.
        let start = std::process::id().wrapping_mul(257) % (range.end - range.start);
        Ok(Self {
            range,
            next: AtomicU32::new(start),
        })
    }

    /// An id that nobody uses.
    pub(crate) fn lease(&self) -> io::Result<Lease> {
        let length = self.range.end - self.range.start;
        for _ in 0..TRIES {
            let uid = self.range.start + self.next.fetch_add(1, Ordering::Relaxed) % length;
            let name = SocketAddr::from_abstract_name(format!("siglab-uid-{uid}"))?;
            match UnixDatagram::bind_addr(&name) {
                Ok(socket) => return Ok(Lease { uid, _name: socket }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("no user id is free"))
    }
}

impl Lease {
    /// Kills everything that this user runs.
    pub(crate) fn sweep(&self) {
        // Without the right to become that user there would be no lease; and where no
        // child can be made for it, the caller's next one fails, too.
        let _ = process::sweep(self.uid);
    }
}

/// Where to take ids from under this `/proc/PID/uid_map`: user_namespaces(7).
fn range_in(map: &str) -> Option<Range<u32>> {
    let extents = map.lines().filter_map(|line| {
        let mut fields = line
            .split_whitespace()
            .map(|field| field.parse::<u64>().ok());
        let (first, _, count) = (fields.next()??, fields.next()??, fields.next()??);
        Some((first, first + count))
    });
    let (first, end) = extents.max_by_key(|(first, end)| end - first)?;
    if first <= u64::from(PREFERRED.start) && u64::from(PREFERRED.end) <= end {
        return Some(PREFERRED);
    }
    // The upper half of what there is, without the highest, where `nobody` often is.
    let (start, end) = (first + (end - first) / 2, end.saturating_sub(1024));
    let range = u32::try_from(start).ok()?..u32::try_from(end).ok()?;
    (range.len() >= 1024).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_from_what_is_mapped() {
        assert_eq!(
            range_in("         0          0 4294967295\n"),
            Some(PREFERRED)
        );
        assert_eq!(range_in("0 100000 65536\n"), Some(32768..64512));
        assert_eq!(range_in("1000 1000 1\n1 100000 65536"), Some(32769..64513));
        assert_eq!(range_in("1000 1000 1\n"), None);
        assert_eq!(range_in(""), None);
    }

    #[test]
    fn an_id_is_leased_once() {
        let uids = Uids {
            range: 0x7100_0000..0x7100_0002,
            next: AtomicU32::new(0),
        };
        let (one, two) = (
            uids.lease().expect("one is free"),
            uids.lease().expect("one is left"),
        );
        assert_ne!(one.uid, two.uid);
        uids.lease().expect_err("none is free");
        let uid = one.uid;
        drop(one);
        assert_eq!(uids.lease().expect("it was given back").uid, uid);
    }
}
