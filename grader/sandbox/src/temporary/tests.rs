use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

/// A folder as a siglab leaves it that is killed: all is there, and nobody has the lock.
fn killed(parent: &Path) -> PathBuf {
    let folder = Temporary::new_in("", parent).expect("there is room");
    let path = folder.path().to_owned();
    drop(folder.keep());
    path
}

fn tidied(parent: &Path) -> Tidied {
    let mut tidied = Tidied::default();
    tidy(parent, &mut tidied);
    tidied
}

fn names(parent: &Path) -> Vec<String> {
    let entries = fs::read_dir(parent).expect("it is there");
    let name = |entry: io::Result<fs::DirEntry>| entry.expect("readable").file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn nothing_stays_of_a_folder_that_is_dropped() {
    let parent = TempDir::new().expect("there is room");
    let folder = Temporary::new_in("class", parent.path()).expect("there is room");
    let name = folder.name().to_string_lossy().into_owned();
    assert!(name.starts_with("siglab-class-"), "{name}");
    assert_eq!(names(parent.path()), [name.clone(), format!("{name}.lock")]);
    fs::write(folder.path().join("file"), "content").expect("a file");
    drop(folder);
    assert_eq!(names(parent.path()), [""; 0]);
}

#[test]
fn what_a_dead_siglab_left_is_removed() {
    let parent = TempDir::new().expect("there is room");
    let left = killed(parent.path());
    let outside = parent.path().join("outside");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("precious"), "content").expect("a file");
    fs::write(left.join("file"), "content").expect("a file");
    fs::create_dir_all(left.join("a/b/c")).expect("folders");
    symlink(&outside, left.join("a/link")).expect("a link");
    fs::hard_link(outside.join("precious"), left.join("a/hard")).expect("a link");
    // Killed before the folder was made, and when it was removed already.
    fs::remove_dir(killed(parent.path())).expect("it is empty");
    let living = Temporary::new_in("", parent.path()).expect("there is room");
    fs::write(living.path().join("file"), "content").expect("a file");

    let done = tidied(parent.path());
    assert!(done.removed.contains(&left), "{done:?}");
    assert_eq!((done.removed.len(), done.left.len()), (2, 0), "{done:?}");
    let name = living.name().to_string_lossy().into_owned();
    let expected = ["outside".to_owned(), name.clone(), format!("{name}.lock")];
    assert_eq!(names(parent.path()), expected);
    assert_eq!(names(living.path()), ["file"]);
    assert_eq!(names(&outside), ["precious"]);
    assert_eq!(tidied(parent.path()).removed.len(), 0);
}

/// Whoever forks a worker and is killed: the folder is in use until the worker has ended, too.
#[test]
fn a_folder_is_in_use_until_the_last_user_ends() {
    let parent = TempDir::new().expect("there is room");
    let folder = Temporary::new_in("", parent.path()).expect("there is room");
    let path = folder.path().to_owned();
    let Lock::Own(lock) = &folder.lock else {
        panic!("{folder:?}");
    };
    // As fork(2) does it: another descriptor for the same open file.
    let workers = lock.as_file().try_clone().expect("a descriptor");
    drop(folder.keep());
    assert_eq!(tidied(parent.path()).removed.len(), 0);
    drop(workers);
    assert_eq!(tidied(parent.path()).removed, [path]);
}

/// Folders and files that are called alike, links that lead elsewhere, and locks that aren't.
#[test]
fn nothing_else_is_touched() {
    let parent = TempDir::new().expect("there is room");
    let at = |name: &str| parent.path().join(name);
    let elsewhere = TempDir::new().expect("there is room");
    fs::write(elsewhere.path().join("precious"), "content").expect("a file");
    let lock = |name: &str| format!("{MAGIC}{name}\n");

    fs::create_dir(at("siglab-alone1")).expect("a folder");
    fs::create_dir(at("siglab-other1")).expect("a folder");
    fs::write(at("siglab-other1.lock"), "12345\n").expect("a file");
    fs::create_dir(at("siglab-empty1")).expect("a folder");
    fs::write(at("siglab-empty1.lock"), "").expect("a file");
    // A lock of another folder.
    fs::create_dir(at("siglab-wrong1")).expect("a folder");
    fs::write(at("siglab-wrong1.lock"), lock("siglab-alone1")).expect("a file");
    // A lock with another name.
    fs::write(elsewhere.path().join("lock"), lock("siglab-hard01")).expect("a file");
    fs::hard_link(elsewhere.path().join("lock"), at("siglab-hard01.lock")).expect("a link");
    fs::create_dir(at("siglab-hard01")).expect("a folder");
    // A link to a lock, a folder, and a pipe that would make one wait.
    fs::write(elsewhere.path().join("soft"), lock("siglab-soft01")).expect("a file");
    symlink(elsewhere.path().join("soft"), at("siglab-soft01.lock")).expect("a link");
    fs::create_dir(at("siglab-soft01")).expect("a folder");
    fs::create_dir(at("siglab-folder.lock")).expect("a folder");
    nix::unistd::mkfifo(&at("siglab-pipe01.lock"), Mode::S_IRWXU).expect("a pipe");
    let before = names(parent.path());
    let done = tidied(parent.path());
    assert_eq!((done.removed.len(), done.left.len()), (0, 0), "{done:?}");
    assert_eq!(names(parent.path()), before);

    // A true lock, and something else than the folder that it belonged to.
    let left = killed(parent.path());
    fs::remove_dir(&left).expect("it is empty");
    symlink(elsewhere.path(), &left).expect("a link");
    let done = tidied(parent.path());
    assert_eq!((done.removed.len(), done.left.len()), (0, 1), "{done:?}");
    assert_eq!(names(elsewhere.path()), ["lock", "precious", "soft"]);
}

/// Deeper than there are descriptors, and longer than a path may be.
#[test]
fn no_tree_is_too_deep() {
    let parent = TempDir::new().expect("there is room");
    let left = killed(parent.path());
    let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut here = open(&left, flags, Mode::empty()).expect("a folder");
    for _ in 0..3000 {
        nix::sys::stat::mkdirat(&here, "d", Mode::S_IRWXU).expect("a folder");
        here = nix::fcntl::openat(&here, "d", flags, Mode::empty()).expect("a folder");
    }
    assert_eq!(tidied(parent.path()).removed, [left]);
    assert_eq!(names(parent.path()), [""; 0]);
}
