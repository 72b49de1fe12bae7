//! Files whose names or contents others chose: a student's, a class folder's, a lab's.
//!
//! Such a file may be a FIFO that nobody writes to, a device without an end, a link to
//! somewhere else, or larger than memory. Reading one must neither wait nor take more than
//! it is worth, whatever it is: all of siglab reads them here.

use std::fs::{self, File, FileType, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The most bytes of a text that people write or a platform exports: a manifest, a script, a
/// witness, a roster, a platform's list of submissions. The largest export that was seen has
/// a hundredth of that.
pub const MOST_TEXT: u64 = 64 << 20;

/// The most bytes of a program, with all of its debugging information; a lab's have a
/// hundredth of that.
pub const MOST_PROGRAM: u64 = 256 << 20;

/// Opens a regular file; a link may lead to it.
///
/// # Errors
/// If it can't be opened, or is anything else than a regular file: that isn't waited for, and
/// a device isn't touched.
pub fn open(path: &Path) -> io::Result<File> {
    check(fs::metadata(path)?.file_type())?;
    let file = open_now(path, 0)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// Opens a regular file that is no link: one could lead to a solution, or to what only root
/// may read.
///
/// # Errors
/// As [`open`]; also if it is a symbolic link.
pub fn open_unlinked(path: &Path) -> io::Result<File> {
    check(fs::symlink_metadata(path)?.file_type())?;
    let file = open_now(path, libc::O_NOFOLLOW)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// Opens a file that is there to be locked, for reading and writing; makes it, empty, if there is
/// none. What is there keeps its content.
///
/// # Errors
/// If it can't be opened or made, or is anything else than a regular file: that isn't waited for,
/// and no link is followed.
pub fn open_lock(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(found) => check(found.file_type())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW)
        .open(path)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// Writes a file whole or not at all, with this mode, from which the umask is taken. Whatever has
/// its name is replaced, and not opened.
///
/// # Errors
/// If there is no room, or a folder has its name.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".siglab-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// The content of a regular file; a link may lead to it.
///
/// # Errors
/// As [`open`]; also if it has more than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_open(open(path)?, most)
}

/// The content of a regular file that is no link.
///
/// # Errors
/// As [`open_unlinked`]; also if it has more than `most` bytes.
pub fn read_unlinked(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_open(open_unlinked(path)?, most)
}

/// As [`read`], of text in UTF-8.
///
/// # Errors
/// As [`read`]; also if it isn't UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    text(read(path, most)?)
}

/// The content of a file that somebody named on the command line: a regular one, or a pipe, as
/// a shell's `<(...)` is. A FIFO that nobody has open for writing is empty.
///
/// # Errors
/// If it can't be opened or read, is anything else, or has more than `most` bytes.
pub fn read_named(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let is_pipe = |kind: FileType| match kind.is_fifo() {
        true => Ok(true),
        false => check(kind).map(|()| false),
    };
    is_pipe(fs::metadata(path)?.file_type())?;
    let file = open_now(path, 0)?;
    if is_pipe(file.metadata()?.file_type())? {
        read_pipe(file, most)
    } else {
        read_open(file, most)
    }
}

/// As [`read_named`], of text in UTF-8.
///
/// # Errors
/// As [`read_named`]; also if it isn't UTF-8.
pub fn read_named_text(path: &Path, most: u64) -> io::Result<String> {
    text(read_named(path, most)?)
}

/// Opens without waiting, and without getting a terminal.
fn open_now(path: &Path, flags: libc::c_int) -> io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | flags)
        .open(path)
}

fn check(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    Err(if kind.is_dir() {
        Errno::EISDIR.into()
    } else {
        let what = match () {
            () if kind.is_symlink() => "a symbolic link",
            () if kind.is_fifo() => "a FIFO",
            () if kind.is_socket() => "a socket",
            () => "a device",
        };
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("it is {what}, not a regular file"),
        )
    })
}

fn read_open(file: File, most: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    // Before anything is read: a sparse file takes no room on a disk, but does in memory.
    if length > most {
        return Err(too_large(most));
    }
    let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // It may have grown, or be one of those files of proc(5) that say they were empty.
    file.take(most.saturating_add(1))
        .read_to_end(&mut content)?;
    within(content, most)
}

fn read_pipe(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut from = (&file).take(most.saturating_add(1));
    loop {
        match from.read_to_end(&mut content) {
            Ok(_) => return within(content, most),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
                match poll(&mut fds, PollTimeout::NONE) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn within(content: Vec<u8>, most: u64) -> io::Result<Vec<u8>> {
    if content.len() as u64 > most {
        return Err(too_large(most));
    }
    Ok(content)
}

fn too_large(most: u64) -> io::Error {
    let most = match most {
        0..0x400 => format!("{most} bytes"),
        0x400..0x10_0000 => format!("{} KiB", most >> 10),
        _ => format!("{} MiB", most >> 20),
    };
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it is larger than {most}"),
    )
}

fn text(content: Vec<u8>) -> io::Result<String> {
    String::from_utf8(content).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("line {line} is not UTF-8"),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::{self, Write as _};
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use tempfile::TempDir;

    use super::{open_lock, read, read_named, read_named_text, read_text, read_unlinked, replace};

    fn said<T: AsRef<[u8]>>(result: io::Result<T>) -> String {
        match result {
            Ok(content) => format!("{} bytes", content.as_ref().len()),
            Err(error) => error.to_string(),
        }
    }

    /// Nothing waits, nothing is read of what has no end, and each says what it is.
    #[test]
    fn only_regular_files_within_bounds_are_read() {
        let dir = TempDir::new().expect("there is room");
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "text").expect("there is room");
        fs::write(at("latin1"), b"a\nb\n\xe9").expect("there is room");
        mkfifo(&at("fifo"), Mode::S_IRWXU).expect("FIFOs can be made");
        let _socket = UnixListener::bind(at("socket")).expect("there is room");
        symlink("file", at("link")).expect("there is room");
        symlink("fifo", at("link-to-fifo")).expect("there is room");
        symlink("/dev/zero", at("link-to-zero")).expect("there is room");
        symlink("loop", at("loop")).expect("there is room");
        let sparse = File::create(at("sparse")).expect("there is room");
        sparse.set_len(1 << 40).expect("holes take no room");
        let fifo = "it is a FIFO, not a regular file";
        let device = "it is a device, not a regular file";
        let link = "it is a symbolic link, not a regular file";
        for (name, through_links, itself) in [
            ("file", "4 bytes", "4 bytes"),
            ("fifo", fifo, fifo),
            (
                "socket",
                "it is a socket, not a regular file",
                "it is a socket, not a regular file",
            ),
            ("link", "4 bytes", link),
            ("link-to-fifo", fifo, link),
            ("link-to-zero", device, link),
            (
                "loop",
                "Too many levels of symbolic links (os error 40)",
                link,
            ),
            (
                "sparse",
                "it is larger than 1 MiB",
                "it is larger than 1 MiB",
            ),
            (
                "",
                "Is a directory (os error 21)",
                "Is a directory (os error 21)",
            ),
            (
                "no",
                "No such file or directory (os error 2)",
                "No such file or directory (os error 2)",
            ),
        ] {
            assert_eq!(said(read(&at(name), 1 << 20)), through_links, "{name}");
            assert_eq!(said(read_unlinked(&at(name), 1 << 20)), itself, "{name}");
        }
        for (most, is_said) in [(4, "4 bytes"), (3, "it is larger than 3 bytes")] {
            assert_eq!(said(read(&at("file"), most)), is_said);
        }
        assert_eq!(said(read_text(&at("latin1"), 9)), "line 3 is not UTF-8");
        assert_eq!(said(read(Path::new("/dev/null"), 9)), device);
        // Its length is 0 until it is read.
        let status = read_text(Path::new("/proc/self/status"), 1 << 20);
        assert!(status.is_ok_and(|text| text.contains("Name:")));
    }

    /// Whatever has the name of a lock or of a file to be written, nobody waits for it, and what a
    /// link leads to isn't touched.
    #[test]
    fn locks_and_new_files_are_regular() {
        let dir = TempDir::new().expect("there is room");
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "text").expect("there is room");
        mkfifo(&at("fifo"), Mode::S_IRWXU).expect("FIFOs can be made");
        symlink("file", at("link")).expect("there is room");
        fs::create_dir(at("folder")).expect("there is room");
        for (name, is_said) in [
            ("file", "4 bytes"),
            ("new", "0 bytes"),
            ("fifo", "it is a FIFO, not a regular file"),
            ("link", "it is a symbolic link, not a regular file"),
            ("folder", "Is a directory (os error 21)"),
        ] {
            let lock = open_lock(&at(name)).and_then(|_| fs::read(at(name)));
            assert_eq!(said(lock), is_said, "{name}");
        }
        for name in ["new", "newer", "fifo", "link"] {
            replace(&at(name), b"written", 0o666).expect("there is room");
            assert_eq!(said(read_unlinked(&at(name), 9)), "7 bytes", "{name}");
        }
        assert_eq!(said(read(&at("file"), 9)), "4 bytes");
        assert!(replace(&at("folder"), b"", 0o666).is_err());
    }

    #[test]
    fn a_pipe_may_be_named() {
        let dir = TempDir::new().expect("there is room");
        let fifo = dir.path().join("fifo");
        mkfifo(&fifo, Mode::S_IRWXU).expect("FIFOs can be made");
        assert_eq!(said(read_named(&fifo, 9)), "0 bytes");
        let (reader, mut writer) = io::pipe().expect("there are descriptors");
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
        let writes = std::thread::spawn(move || writer.write_all(b"steps = []"));
        let text = read_named_text(Path::new(&path), 10);
        assert_eq!(text.expect("it can be read"), "steps = []");
        writes.join().expect("no panic").expect("it is read");
        assert_eq!(
            said(read_named(Path::new("/dev/zero"), 9)),
            "it is a device, not a regular file"
        );
    }
}
