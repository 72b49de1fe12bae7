//! The targets' functions: each takes what a file may hold, says whether siglab takes it for what it
//! should be, and panics if siglab does something wrong with it.

use std::io::Write;

use siglab_class::intake::scan;
use siglab_class::{Course, Roster, Source, Store};
use siglab_explore::Witness;
use siglab_lab::{Language, Manifest, keeps_function};
use siglab_model::Trace;
use siglab_report::class::{CanvasExport, MoodleWorksheet, Sheet};
use siglab_report::{Timeline, TimelineOptions};

#[path = "../../grader/cli/src/send.rs"]
mod send_argument;

/// A target's name, and its function: whether what it got was taken for what it should be.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// All of them.
pub const TARGETS: [Target; 12] = [
    ("send", send),
    ("steps", steps),
    ("manifest", manifest),
    ("witness", witness),
    ("trace", trace),
    ("sheet", sheet),
    ("program", program),
    ("archive", archive),
    ("metadata", metadata),
    ("course", course),
    ("store", store),
    ("source", source),
];

/// The value of `--send`.
pub fn send(bytes: &[u8]) -> bool {
    let Some(send) = text(bytes).and_then(|text| text.parse().ok()) else {
        return false;
    };
    assert_eq!(send_argument::script(&[send]).steps.len(), 1);
    true
}

/// Steps of a scenario, in a manifest that is right but for them.
pub fn steps(bytes: &[u8]) -> bool {
    let manifest = |steps| {
        format!(
            "id = \"script\"\ntitle = \"script\"\n\
             criterion = [{{ id = \"it\", title = \"it\", points = 0, kind = \"builds\" }}]\n\
             [[scenario]]\nid = \"script\"\n{steps}"
        )
    };
    text(bytes).is_some_and(|steps: &str| is_manifest(&manifest(steps)))
}

/// A lab's manifest.
pub fn manifest(bytes: &[u8]) -> bool {
    text(bytes).is_some_and(is_manifest)
}

fn is_manifest(text: &str) -> bool {
    match Manifest::parse(text, "lab.toml", None) {
        Ok(manifest) => {
            for step in manifest.scenarios.iter().flat_map(|it| &it.script.steps) {
                assert_ne!(step.to_string(), "");
            }
            true
        }
        Err(error) => {
            assert!(!error.problems().is_empty(), "it says why");
            for problem in error.problems() {
                let (line, _) = error.location(problem);
                assert!(line <= text.lines().count() + 1, "it is in the file");
            }
            false
        }
    }
}

/// A witness.
pub fn witness(bytes: &[u8]) -> bool {
    let Some(Ok(witness)) = text(bytes).map(Witness::parse) else {
        return false;
    };
    let written = serde_json::to_string(&witness).expect("its paths are UTF-8");
    let again = Witness::parse(&written).expect("it was just written");
    assert_eq!(again, witness);
    true
}

/// A trace.
pub fn trace(bytes: &[u8]) -> bool {
    let Some(Ok(trace)) = text(bytes).map(Trace::from_jsonl) else {
        return false;
    };
    let again = Trace::from_jsonl(&trace.to_jsonl()).expect("it was just written");
    assert_eq!(again, trace);
    let drawn = Timeline::new(&trace, TimelineOptions::default()).to_string();
    assert_ne!(drawn, "");
    true
}

/// A roster or a gradebook.
pub fn sheet(bytes: &[u8]) -> bool {
    if let Some(Ok(sheet)) = text(bytes).map(Sheet::read) {
        if let Ok(export) = CanvasExport::recognise(&sheet) {
            assert!(export.assignments().len() <= sheet.headings().len());
        }
        if let Ok(worksheet) = MoodleWorksheet::recognise(&sheet) {
            assert!(worksheet.identifier() < sheet.headings().len());
        }
    }
    let Ok(roster) = Roster::load(file_of(bytes).path()) else {
        return false;
    };
    assert!(!roster.students.is_empty(), "it names somebody");
    true
}

/// A program or a library.
pub fn program(bytes: &[u8]) -> bool {
    let file = file_of(bytes);
    // Where it begins, if it is a program: `e_entry` of elf(5).
    let entry = bytes.get(24..32).and_then(|it| it.try_into().ok());
    let entry = entry.map_or(0, u64::from_le_bytes);
    let places = [0, entry, entry.wrapping_add(0x100), 1 << 40, u64::MAX];
    let frames = places.map(|place| siglab_engine::frames_at(file.path(), place));
    for place in places {
        let stack: Vec<u64> = (0..64).map(|at| 0x7fff_ffff_0000 + 8 * at).collect();
        let callers = siglab_engine::callers_at(file.path(), place, &stack);
        assert!(callers.len() <= 64, "a stack is walked to a bound");
    }
    let info = siglab_engine::DebugInfo::read(file.path());
    for (address, file, _) in info.iter().flat_map(|it| it.lines()).flatten().take(256) {
        assert!(file.len() <= 4096, "names are bounded");
        let _ = info.as_ref().map(|it| it.places(address));
    }
    frames
        .iter()
        .flatten()
        .any(|frame| frame.function.is_some())
}

/// A submission that is an archive: in each of the ways in which one may be packed.
pub fn archive(bytes: &[u8]) -> bool {
    let class = tempfile::tempdir().expect("there is room for temporary files");
    for name in ["zip.zip", "tar.tar", "tgz.tgz"] {
        std::fs::write(class.path().join(name), bytes).expect("there is room");
    }
    let entries = scan(class.path(), None).expect("there are submissions");
    let sources = entries.iter().map(|entry| Source::read(entry, "lab"));
    let sources: Vec<_> = sources.collect();
    for source in sources.iter().flatten() {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let main = source.unpack("lab", folder.path());
        assert!(
            main.is_ok_and(|it| it.is_file()),
            "what was taken can be unpacked"
        );
    }
    sources.iter().any(Result::is_ok)
}

/// A platform's list of who handed in what.
pub fn metadata(bytes: &[u8]) -> bool {
    let class = tempfile::tempdir().expect("there is room for temporary files");
    std::fs::create_dir(class.path().join("submission_1")).expect("there is room");
    let list = class.path().join("submission_metadata.yml");
    std::fs::write(list, bytes).expect("there is room for temporary files");
    let entries = scan(class.path(), None).expect("there is a submission");
    assert_eq!(entries.len(), 1);
    !entries[0].who.names.is_empty()
}

/// A course, beside folders for submissions.
pub fn course(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    for name in ["one", "two"] {
        std::fs::create_dir(folder.path().join(name)).expect("there is room");
    }
    let path = folder.path().join("course.toml");
    std::fs::write(&path, bytes).expect("there is room for temporary files");
    match Course::load(&path) {
        Ok(course) => {
            let ids: std::collections::BTreeSet<_> = course.labs.iter().map(|it| &it.id).collect();
            assert!(!ids.is_empty() && ids.len() == course.labs.len());
            true
        }
        Err(error) => {
            assert_ne!(error.to_string(), "", "it says why");
            false
        }
    }
}

/// A store of results.
pub fn store(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let path = folder.path().join("siglab.db");
    std::fs::write(&path, bytes).expect("there is room for temporary files");
    let Ok(store) = Store::open(&path, false) else {
        return false;
    };
    let _ = (store.names(), store.note("lab"));
    let read = store.read(|row, _| {
        assert!(!row.name.contains('/'), "it is the name of a file");
        Ok(())
    });
    read.is_ok()
}

/// A submission's text, beside the program that was handed out: C after a byte 0, Rust after 1.
pub fn source(bytes: &[u8]) -> bool {
    const C: &str =
        "int f(void); int child(void) { return f(); } int main(void) { return child(); }";
    const RUST: &str = "use a::f; fn child() { f() } fn main() { child() }";
    let Some((first, text)) = bytes.split_first() else {
        return false;
    };
    let Ok(text) = str::from_utf8(text) else {
        return false;
    };
    let (language, original) = match first % 2 {
        0 => (Language::C, C),
        _ => (Language::Rust, RUST),
    };
    // It is past the lexer if the function is there, whatever it looks like.
    let same = keeps_function(language, original, text, "child");
    let _ = keeps_function(language, text, original, "child");
    match same {
        Ok(()) => true,
        Err(why) => !why.contains("no function") && !why.contains("can't be read"),
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("there is room for temporary files");
    file.write_all(bytes)
        .expect("there is room for temporary files");
    file
}
