//! What is found in folders of submissions, and what of it is compiled.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use siglab_lab::Language;
use tempfile::TempDir;

use super::source::Source;
use super::{Entry, safe, scan};

/// A folder with these files; those whose names end in `/` are folders. The content of a
/// file is its path.
fn class(files: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("there is room");
    for file in files {
        let path = folder.path().join(file);
        if file.ends_with('/') {
            fs::create_dir_all(path).expect("there is room");
        } else {
            fs::create_dir_all(path.parent().expect("it is in the folder")).expect("room");
            fs::write(path, file).expect("there is room");
        }
    }
    folder
}

/// What of an entry is compiled, in one line.
fn chosen(entry: &Entry) -> String {
    match Source::read(entry, "lab") {
        Ok(source) => {
            let mut line = format!("{} {}", source.language, source.main);
            for (name, _) in &source.beside {
                line.push_str(&format!(" +{name}"));
            }
            line
        }
        Err(refusal) => format!("refused: {refusal}"),
    }
}

/// Every submission of a class, in a line: its name, who handed it in, what is compiled.
fn listed(folder: &Path) -> Vec<String> {
    let entries = scan(folder, None).expect("there are submissions");
    let line = |entry: &Entry| {
        let who = &entry.who;
        let late = if who.late { " late" } else { "" };
        let people = who
            .names
            .iter()
            .chain(&who.ids)
            .cloned()
            .collect::<Vec<_>>();
        format!(
            "{} [{}{late}] {}",
            entry.name,
            people.join(", "),
            chosen(entry)
        )
    };
    entries.iter().map(line).collect()
}

#[test]
fn files_and_folders_of_any_name() {
    let folder = class(&[
        "alice.c",
        "alice.rs",
        "Zoë Ünal.c",
        "bob/lab.c",
        "bob/notes.txt",
        "carol/my work/deep/solution.rs",
        "dave/",
        "erin/report.pdf",
        "frank/a.c",
        "frank/b.c",
        "grace/Cargo.toml",
        "grace/src/main.rs",
        "grace/src/signals/mod.rs",
        "grace/target/debug/build/x.rs",
        "heidi/main.c",
        "heidi/main.rs",
        "ivan/lab.c",
        "ivan/old/main.c",
        "ivan/helpers/helper.h",
        "judy.py",
        ".DS_Store",
        "__MACOSX/._alice.c",
        "kim/.git/x.c",
    ]);
    assert_eq!(
        listed(folder.path()),
        [
            "Zoë Ünal.c [Zoë Ünal] c Zoë Ünal.c",
            "alice.c [alice] c alice.c",
            "alice.rs [alice] rust alice.rs",
            "bob [bob] c bob/lab.c",
            "carol [carol] rust carol/my work/deep/solution.rs",
            "dave [dave] refused: it holds no C or Rust file; expected lab.c or lab.rs, found nothing",
            "erin [erin] refused: it holds no C or Rust file; expected lab.c or lab.rs, found report.pdf",
            "frank [frank] refused: it holds 2 files that could be meant (a.c, b.c); hand in one, or name it lab.c or lab.rs",
            "grace [grace] rust grace/src/main.rs +signals/mod.rs",
            "heidi [heidi] refused: it holds 2 files that could be meant (main.c, main.rs); hand in one, or name it lab.c or lab.rs",
            "ivan [ivan] c ivan/lab.c +helpers/helper.h",
            "judy.py [judy] refused: it holds no C or Rust file; expected lab.c or lab.rs, found judy.py",
            "kim [kim] refused: it holds no C or Rust file; expected lab.c or lab.rs, found nothing",
        ]
    );
}

#[test]
fn canvas_downloads() {
    let folder = class(&[
        "doejane_1234_5678_lab.c",
        "doejane_1234_5680_lab-1.c",
        "doejane_1234_5681_notes.pdf",
        "oneilzoë_LATE_77_5690_My Solution.rs",
    ]);
    assert_eq!(
        listed(folder.path()),
        [
            "doejane_1234 [doejane, 1234] c doejane_1234_5680_lab-1.c",
            "oneilzoë_77 [oneilzoë, 77 late] rust oneilzoë_LATE_77_5690_My Solution.rs",
        ]
    );
}

#[test]
fn moodle_downloads() {
    let folder = class(&[
        "Ada van Berg_42_assignsubmission_file_/lab.c",
        "Ada van Berg_42_assignsubmission_onlinetext_/onlinetext.html",
        "Jo Li_43_assignsubmission_file_lab.rs",
        "Kim_44_assignsubmission_onlinetext_/onlinetext.html",
    ]);
    assert_eq!(
        listed(folder.path()),
        [
            "Ada van Berg_42 [Ada van Berg, 42] c Ada van Berg_42_assignsubmission_file_/lab.c",
            "Jo Li_43 [Jo Li, 43] rust Jo Li_43_assignsubmission_file_lab.rs",
            "Kim_44 [Kim, 44] refused: it holds no C or Rust file; expected lab.c or lab.rs, found onlinetext.html",
        ]
    );
}

#[test]
fn gradescope_exports() {
    let folder = class(&["submission_7/lab.c", "submission_8/lab.rs"]);
    let metadata = "submission_7:\n  :submitters:\n  - :name: Jane Doe\n    :sid: '12'\n    \
                    :email: jane@example.edu\n  - :name: Jo Li\n    :sid: ''\n";
    fs::write(folder.path().join("submission_metadata.yml"), metadata).expect("there is room");
    assert_eq!(
        listed(folder.path()),
        [
            "submission_7 [Jane Doe, Jo Li, 12, jane@example.edu] c submission_7/lab.c",
            "submission_8 [] rust submission_8/lab.rs",
        ]
    );
}

/// What is put into an archive: a file, or a link to a path.
enum Put<'a> {
    File(&'a str, &'a [u8]),
    Link(&'a str, &'a str),
}

fn zip(path: &Path, content: &[Put<'_>]) {
    let mut archive = zip::ZipWriter::new(File::create(path).expect("there is room"));
    let options = zip::write::SimpleFileOptions::default();
    for put in content {
        match put {
            Put::File(name, bytes) => {
                archive.start_file(*name, options).expect("it can be added");
                archive.write_all(bytes).expect("there is room");
            }
            Put::Link(name, target) => {
                archive
                    .add_symlink(*name, *target, options)
                    .expect("it can be added");
            }
        }
    }
    archive.finish().expect("there is room");
}

fn tar_gz(path: &Path, content: &[Put<'_>]) {
    let file = File::create(path).expect("there is room");
    let mut archive = tar::Builder::new(GzEncoder::new(file, flate2::Compression::fast()));
    for put in content {
        let mut header = tar::Header::new_gnu();
        let (name, bytes) = match put {
            Put::File(name, bytes) => (name, *bytes),
            Put::Link(name, target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_link_name(target).expect("it is short");
                (name, &[] as &[u8])
            }
        };
        header.set_size(bytes.len() as u64);
        if name.len() > 100 {
            let added = archive.append_data(&mut header, name, bytes);
            added.expect("there is room");
            continue;
        }
        // Past the checks of the library: an attacker has none.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, bytes).expect("there is room");
    }
    let encoder = archive.into_inner().expect("there is room");
    encoder.finish().expect("there is room");
}

/// What is compiled of an archive with this content, as zip and as tar; they must agree.
fn unpacked(content: &[Put<'_>]) -> String {
    let folder = TempDir::new().expect("there is room");
    zip(&folder.path().join("a.zip"), content);
    tar_gz(&folder.path().join("a.tar.gz"), content);
    let entries = scan(folder.path(), None).expect("there are two");
    let said: Vec<String> = entries
        .iter()
        .map(|entry| chosen(entry).replace("a.zip", "A").replace("a.tar.gz", "A"))
        .collect();
    assert_eq!(said[0], said[1]);
    said[0].clone()
}

#[test]
fn archives_are_opened() {
    let content = [
        Put::File("work/lab.c", b"it"),
        Put::File("work/a.h", b"h"),
        Put::File("__MACOSX/work/._lab.c", b"litter"),
        Put::File("work/large.bin", &[0; 3 << 20]),
    ];
    assert_eq!(unpacked(&content), "c it +a.h");
    let backslashes = [Put::File("work\\lab.c", b"it")];
    assert_eq!(unpacked(&backslashes), "c it");
    assert_eq!(
        unpacked(&[Put::File("a.txt", b"no")]),
        "refused: it holds no C or Rust file; expected lab.c or lab.rs, found a.txt"
    );
}

#[test]
fn archives_that_could_do_harm_are_refused() {
    let good = Put::File("lab.c", b"int main(void) { }");
    for (bad, said) in [
        (
            Put::File("../lab.h", b"x"),
            "refused: A holds `../lab.h`, a path that leads out of it",
        ),
        (
            Put::File("a/../../b.c", b"x"),
            "refused: A holds `a/../../b.c`, a path that leads out of it",
        ),
        (
            Put::File("/etc/cron.d/x", b"x"),
            "refused: A holds `/etc/cron.d/x`, a path that leads out of it",
        ),
        (
            Put::Link("a.c", "/etc/passwd"),
            "refused: A holds `a.c`, which is not a regular file",
        ),
    ] {
        assert_eq!(unpacked(&[bad, Put::File("lab.c", b"x")]), said);
    }
    assert_eq!(unpacked(&[good]), "c int main(void) { }");
}

#[test]
fn archives_are_bounded() {
    let names: Vec<String> = (0..2_001).map(|number| format!("{number}.txt")).collect();
    let many: Vec<Put<'_>> = names.iter().map(|name| Put::File(name, b"")).collect();
    assert_eq!(unpacked(&many), "refused: A holds more than 2000 files");
    let large = vec![b'x'; 2 << 20];
    assert_eq!(
        unpacked(&[Put::File("lab.c", &large)]),
        "refused: lab.c is larger than 1 MiB; is that a source file?"
    );
    let names: Vec<String> = (0..20).map(|number| format!("{number}.c")).collect();
    let many: Vec<Put<'_>> = names.iter().map(|name| Put::File(name, &large)).collect();
    assert_eq!(
        unpacked(&many),
        "refused: A there are more than 16 MiB of source files"
    );
    let folder = TempDir::new().expect("there is room");
    let bomb = vec![0; 65 << 20];
    tar_gz(&folder.path().join("a.tgz"), &[Put::File("x.bin", &bomb)]);
    fs::write(folder.path().join("b.zip"), b"PK\x03\x04 not really").expect("there is room");
    fs::write(folder.path().join("c.tar"), vec![b'x'; 2048]).expect("there is room");
    let said = listed(folder.path());
    assert_eq!(
        said[0],
        "a.tgz [a] refused: a.tgz unpacks to more than 64 MiB"
    );
    assert!(said[1].contains("b.zip can't be unpacked"), "{said:?}");
    assert!(said[2].contains("c.tar can't be unpacked"), "{said:?}");
}

/// They become names of files when they are compiled.
#[test]
fn names_in_archives_fit_for_files() {
    let long = format!("{}.h", "x".repeat(300));
    let deep = format!("{}lab.h", "a/".repeat(10_000));
    let deeper = format!("{}lab.h", "a/".repeat(13));
    for (name, said) in [
        (
            long.as_str(),
            "refused: A holds `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...`, a name that is too long for a file",
        ),
        (
            &deep,
            "refused: A holds `a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/...`, a name that is too long for a file",
        ),
        (&deeper, "refused: A has folders more than 12 deep"),
        (
            "lab.c/x.h",
            "refused: A lab.c is in a folder that is a file, too",
        ),
        (
            "x.h/y.h",
            "refused: A x.h/y.h is in a folder that is a file, too",
        ),
    ] {
        let content = [
            Put::File("x.h", b"x"),
            Put::File(name, b"x"),
            Put::File("lab.c", b"x"),
        ];
        assert_eq!(unpacked(&content), said);
    }
    let content = [Put::File("main.c", b"x"), Put::File("lab.c/x.h", b"x")];
    assert_eq!(
        unpacked(&content),
        "refused: lab.c/ is a folder; it has to be the file"
    );
}

/// A directory of many entries is not read to its end, nor is what is packed into nothing.
#[test]
fn archives_are_read_within_bounds() {
    let folder = TempDir::new().expect("there is room");
    // zip: APPNOTE.TXT, 4.3.12 and 4.3.16; each entry is the same one.
    let mut entry = b"PK\x01\x02".to_vec();
    entry.resize(46, 0);
    entry[28] = 5;
    entry.extend(b"a.txt");
    let count = 60_000_u16;
    let mut zip = vec![b'x'; 4];
    zip.extend(entry.repeat(count.into()));
    zip.extend(vec![b'y'; 4 << 20]);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    zip.extend((u32::from(count) * 51).to_le_bytes());
    zip.extend(4_u32.to_le_bytes());
    zip.extend([0, 0]);
    fs::write(folder.path().join("a.zip"), zip).expect("there is room");
    // gzip: RFC 1952, and blocks of RFC 1951 that are stored and empty.
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    gzip.extend([0, 0, 0, 0xff, 0xff].repeat((66 << 20) / 5));
    fs::write(folder.path().join("b.tgz"), gzip).expect("there is room");
    let sparse = File::create(folder.path().join("c.tar")).expect("there is room");
    sparse.set_len(1 << 40).expect("holes take no room");
    let said = listed(folder.path());
    assert!(said[0].contains("a.zip"), "{said:?}");
    assert!(said[0].contains("refused"), "{said:?}");
    assert!(
        said[1].contains("refused: b.tgz unpacks to more than"),
        "{said:?}"
    );
    assert!(said[2].contains("refused"), "{said:?}");
}

/// Whatever has the name of the platform's list, grading goes on without it, and at once.
#[test]
fn a_list_of_submitters_is_a_file() {
    let folder = class(&["submission_1/lab.c"]);
    let list = folder.path().join("submission_metadata.yml");
    let said = |is_there: bool| {
        assert_eq!(list.symlink_metadata().is_ok(), is_there);
        listed(folder.path())
    };
    let without = said(false);
    nix::unistd::mkfifo(&list, nix::sys::stat::Mode::S_IRWXU).expect("FIFOs can be made");
    assert_eq!(said(true), without);
    fs::remove_file(&list).expect("it is there");
    symlink("/dev/zero", &list).expect("links can be made");
    assert_eq!(said(true), without);
    fs::remove_file(&list).expect("it is there");
    let sparse = File::create(&list).expect("there is room");
    sparse.set_len(1 << 40).expect("holes take no room");
    assert_eq!(said(true), without);
    let text = "submission_1:\n  :submitters:\n  - :name: Jane Doe\n";
    fs::write(&list, text).expect("there is room");
    assert!(said(true)[0].contains("Jane Doe"));
}

#[test]
fn links_and_devices_are_refused() {
    let folder = class(&["alice/lab.c"]);
    let at = |name: &str| folder.path().join(name);
    symlink(at("alice/lab.c"), at("bob.c")).expect("links can be made");
    fs::create_dir(at("carol")).expect("there is room");
    symlink("../alice/lab.c", at("carol/lab.c")).expect("links can be made");
    nix::unistd::mkfifo(&at("dave.c"), nix::sys::stat::Mode::S_IRWXU).expect("FIFOs can be made");
    assert_eq!(
        listed(folder.path()),
        [
            "alice [alice] c alice/lab.c",
            "bob.c [bob] refused: bob.c is a symbolic link",
            "carol [carol] refused: lab.c is a symbolic link",
            "dave.c [dave] refused: dave.c is not a regular file",
        ]
    );
}

#[test]
fn text_is_normalised() {
    let source = |content: &[u8]| {
        let folder = TempDir::new().expect("there is room");
        let path = folder.path().join("x.c");
        fs::write(&path, content).expect("there is room");
        let entry = &scan(folder.path(), None).expect("there is one")[0];
        Source::read(entry, "lab").map_err(|refusal| refusal.0)
    };
    let plain = source(b"int main(void)\n{ }\n").expect("it is text");
    assert_eq!(plain.language, Language::C);
    assert_eq!(source(b"\xef\xbb\xbfint main(void)\r\n{ }\r\n"), Ok(plain));
    for (content, said) in [
        (b"" as &[u8], "x.c is empty"),
        (b" \n", "x.c is empty"),
        (b"a\nb \xff", "x.c, line 2: not UTF-8"),
    ] {
        assert_eq!(source(content), Err(said.to_owned()));
    }
}

#[test]
fn names_are_fit_for_files() {
    assert_eq!(safe("a\nb\u{7f}"), "a%0Ab%7F");
    let long = safe(&"ü".repeat(120));
    assert!(long.len() <= 180 && long.contains('~'), "{long}");
    assert_ne!(long, safe(&"ü".repeat(121)));
    let folder = TempDir::new().expect("there is room");
    for name in [b"a\xff.c" as &[u8], b"a%FF.c"] {
        let path: PathBuf = folder.path().join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, "x").expect("there is room");
    }
    let names: Vec<String> = scan(folder.path(), None)
        .expect("there are two")
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names, ["a%25FF.c", "a%FF.c"]);
}
