//! Who is at the other end of a socket. Needs no rights: proc_pid_net(5) and sock_diag(7).

use std::fs;

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};
use std::os::fd::AsRawFd;

use super::Pid;

/// Who could write to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Those who have the socket with this inode.
    Inode(u64),
    /// Nobody: it has no name, and isn't connected.
    Nobody,
    /// Anybody, or that isn't known.
    Unknown,
}

/// Who could write to the socket with this inode, one of the process `pid`.
pub(crate) fn peer(pid: Pid, inode: u64) -> Peer {
    match unix_peer(inode) {
        Some(peer) => peer,
        None => internet_peer(pid, inode),
    }
}

/// The same for a socket of unix(7); `None` if it is none, or the kernel can't say.
fn unix_peer(inode: u64) -> Option<Peer> {
    let diag = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkSockDiag,
    )
    .ok()?;
    let request = unix_request(u32::try_from(inode).ok()?);
    send(diag.as_raw_fd(), &request, MsgFlags::empty()).ok()?;
    let mut answer = [0; 1024];
    let length = recv(diag.as_raw_fd(), &mut answer, MsgFlags::MSG_DONTWAIT).ok()?;
    peer_in(answer.get(..length)?)
}

const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// `struct nlmsghdr` and `struct unix_diag_req` of linux/unix_diag.h: name and peer of one.
fn unix_request(inode: u32) -> Vec<u8> {
    const LENGTH: u32 = 40;
    const NLM_F_REQUEST: u16 = 1;
    const NAME_AND_PEER: u32 = 1 | 4;
    let mut request = Vec::from(LENGTH.to_ne_bytes());
    request.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    request.extend(NLM_F_REQUEST.to_ne_bytes());
    request.extend([0; 8]);
    request.extend([libc::AF_UNIX as u8, 0, 0, 0]);
    // In any state; with any cookie.
    for word in [u32::MAX, inode, NAME_AND_PEER, u32::MAX, u32::MAX] {
        request.extend(word.to_ne_bytes());
    }
    request
}

/// What `struct unix_diag_msg` and its attributes say; `None` if it is an error instead.
fn peer_in(answer: &[u8]) -> Option<Peer> {
    const HEADER: usize = 16;
    const MESSAGE: usize = 16;
    const LISTENS: u8 = 10;
    const UNIX_DIAG_NAME: u16 = 0;
    const UNIX_DIAG_PEER: u16 = 2;
    let short = |at: usize| Some(u16::from_ne_bytes(answer.get(at..at + 2)?.try_into().ok()?));
    if short(4)? != SOCK_DIAG_BY_FAMILY {
        return None;
    }
    let listens = *answer.get(HEADER + 2)? == LISTENS;
    let mut peer = if listens { Peer::Unknown } else { Peer::Nobody };
    let mut at = HEADER + MESSAGE;
    while let (Some(length @ 4..), Some(kind)) = (short(at), short(at + 2)) {
        if kind == UNIX_DIAG_PEER {
            let inode = u32::from_ne_bytes(answer.get(at + 4..at + 8)?.try_into().ok()?);
            // One that nobody has accepted yet has none.
            return Some(match inode {
                0 => Peer::Unknown,
                inode => Peer::Inode(inode.into()),
            });
        }
        if kind == UNIX_DIAG_NAME {
            peer = Peer::Unknown;
        }
        at += usize::from(length).next_multiple_of(4);
    }
    Some(peer)
}

/// The same for a socket of tcp(7) or udp(7) that is connected to one of this machine.
fn internet_peer(pid: Pid, inode: u64) -> Peer {
    for tables in [["tcp", "tcp6"], ["udp", "udp6"]] {
        let text: String = tables
            .iter()
            .filter_map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok())
            .collect();
        let rows: Vec<Row> = text.lines().filter_map(row).collect();
        if let Some(own) = rows.iter().find(|row| row.inode == inode) {
            return own.peer(&rows);
        }
    }
    Peer::Unknown
}

/// A line of /proc/PID/net/tcp and its kin. IPv4 addresses as they are, those that IPv6
/// maps, too.
#[derive(Debug, PartialEq, Eq)]
struct Row<'t> {
    local: (&'t str, &'t str),
    remote: (&'t str, &'t str),
    inode: u64,
}

impl Row<'_> {
    fn peer(&self, rows: &[Self]) -> Peer {
        if self.remote.1 == "0000" {
            return Peer::Unknown;
        }
        let is_any = |address: &str| address.bytes().all(|digit| digit == b'0');
        let others = || rows.iter().filter(|row| row.inode != self.inode);
        let connected = others().find(|row| row.local == self.remote && row.remote == self.local);
        let listens = || {
            others().find(|row| {
                row.remote.1 == "0000"
                    && row.local.1 == self.remote.1
                    && (row.local.0 == self.remote.0 || is_any(row.local.0))
            })
        };
        // One that nobody has accepted yet has none: it belongs to who listens.
        match connected.filter(|row| row.inode != 0).or_else(listens) {
            Some(row) => Peer::Inode(row.inode),
            None => Peer::Unknown,
        }
    }
}

fn row(line: &str) -> Option<Row<'_>> {
    const MAPPED: &str = "0000000000000000FFFF0000";
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let address = |index: usize| {
        let (host, port) = fields.get(index)?.split_once(':')?;
        Some((host.strip_prefix(MAPPED).unwrap_or(host), port))
    };
    Some(Row {
        local: address(1)?,
        remote: address(2)?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 17 1
   1: 0100007F:C001 0100007F:07E8 01 00000000:00000000 00:00000000 00000000     0        0 21 1
   2: 0000000000000000FFFF00000100007F:07E8 0000000000000000FFFF00000100007F:C001 01 \
00000000:00000000 00:00000000 00000000     0        0 22 1
   3: 0100007F:C002 0100007F:07E8 01 00000000:00000000 00:00000000 00000000     0        0 23 1
   4: 0100007F:07E8 0100007F:C002 01 00000000:00000000 00:00000000 00000000     0        0 0 1
   5: 0100007F:C003 08080808:0050 01 00000000:00000000 00:00000000 00000000     0        0 24 1
";

    #[test]
    fn the_other_end_of_a_connection_is_found() {
        let rows: Vec<Row> = TABLE.lines().filter_map(row).collect();
        let peer = |inode| {
            let own = rows.iter().find(|row| row.inode == inode);
            own.expect("it is in the table").peer(&rows)
        };
        assert_eq!(peer(21), Peer::Inode(22));
        assert_eq!(peer(22), Peer::Inode(21));
        // Nobody has accepted it.
        assert_eq!(peer(23), Peer::Inode(17));
        assert_eq!(peer(24), Peer::Unknown);
        assert_eq!(peer(17), Peer::Unknown);
    }

    #[test]
    fn errors_and_answers_cut_short_say_nothing() {
        assert_eq!(peer_in(&[]), None);
        assert_eq!(peer_in(&[36, 0, 0, 0, 2, 0, 0, 0]), None);
    }
}
