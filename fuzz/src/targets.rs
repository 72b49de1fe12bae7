//! The targets' functions: each takes what a file may hold, says whether siglab takes it for what it
//! should be, and panics if siglab does something wrong with it.

use std::io::Write;

use siglab_class::Roster;
use siglab_explore::Witness;
use siglab_lab::Manifest;
use siglab_model::Trace;
use siglab_report::class::{CanvasExport, MoodleWorksheet, Sheet};
use siglab_report::{Timeline, TimelineOptions};

#[path = "../../grader/cli/src/send.rs"]
mod send_argument;

/// A target's name, and its function: whether what it got was taken for what it should be.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// All of them.
pub const TARGETS: [Target; 7] = [
    ("send", send),
    ("steps", steps),
    ("manifest", manifest),
    ("witness", witness),
    ("trace", trace),
    ("sheet", sheet),
    ("program", program),
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
    frames
        .iter()
        .flatten()
        .any(|frame| frame.function.is_some())
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
