//! The fuzz targets of `fuzz/`, with good and broken inputs of each kind: that they compile, that
//! the good inputs are good, and that what is made of them is no surprise.

use std::fs;
use std::io::{Cursor, Write as _};

use siglab_class::Store;
use siglab_explore::WITNESS_SCHEMA;
use siglab_tests::build::c_program;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

#[expect(unreachable_pub, reason = "it is a module of a library there")]
#[path = "../../../../fuzz/src/mutation.rs"]
mod mutation;
#[expect(unreachable_pub, reason = "it is a module of a library there")]
#[path = "../../../../fuzz/src/targets.rs"]
mod targets;

use crate::root;

/// How many inputs are made for each target that get past its parser, if nobody says.
const FEW: usize = 20;

/// Inputs that are right, the simplest one first.
fn good(target: &str) -> Vec<Vec<u8>> {
    let texts = |texts: &[&str]| texts.iter().map(|it| it.as_bytes().to_vec()).collect();
    match target {
        "send" => texts(&[
            "SIGINT@0.4s:child.2",
            "SIGUSR1=42",
            "SIGTERM@10ms",
            "SIGRTMIN+3@1h:main.child.1",
        ]),
        "steps" => texts(&[
            "steps = [{ at = \"0.4s\", send = \"SIGINT\" }]",
            "steps = [{ after = \"1s\", send = \"SIGUSR1\", to = \"child\" },\n\
             { when = { event = \"sigaction\", signal = \"SIGINT\" }, send = \"SIGINT\", count = 3 }]",
            "time_limit = \"1h\"\nstdin = \"a\\n\"\nargs = [\"1\", \"2\"]\n\
             steps = [{ at = \"1ms\", type = \"text\" }]",
        ]),
        "manifest" => ["terminator", "more_info", "signal_mask", "simple_handler"]
            .iter()
            .map(|lab| fs::read(root().join(format!("exercises/{lab}/lab.toml"))).expect("a lab"))
            .collect(),
        "witness" => vec![
            format!(
                r#"{{"schema":"{WITNESS_SCHEMA}","program":"/p","program_hash":"{0}",
                   "policy":"in-order","injections":[],"trace_hash":"{0}"}}"#,
                "0123456789abcdef"
            )
            .into_bytes(),
            format!(
                r#"{{"schema":"{WITNESS_SCHEMA}","program":"/p","started_as":"p","name":"p",
                   "args":["1"],"dir":"/","terminal":{{"rows":24,"columns":80}},"program_hash":"{0}","policy":"in-order",
                   "script":[{{"when":{{"at":400000000}},"action":{{"send":{{"signal":"SIGINT","to":"main"}}}}}}],
                   "injections":[{{"moment":{{"role":"main","calls":1,"place":{{"instruction":
                   {{"module":"p","address":4652,"hit":1}}}}}},"signal":"SIGUSR1"}}],
                   "followed":true,"virtual_limit":3600000000000,
                   "trace_hash":"{0}","kind":"crash"}}"#,
                "0123456789abcdef"
            )
            .into_bytes(),
        ],
        "trace" => {
            let folder = root().join("grader/report/tests/report/traces");
            let mut traces = vec![br#"{"schema":"siglab/trace/v1","program":"p","args":[],"clock":"virtual","policy":"in-order","script":[]}
{"t":0,"role":"main","event":"spawn","program":"p"}
{"t":5,"role":"main","event":"exit","code":0}
{"outcome":{"status":{"exited":0},"deadlock":false}}
"#
            .to_vec()];
            let files = ["terminator", "deadlock", "noise", "simple_handler", "odd"];
            let read = |name| fs::read(folder.join(format!("{name}.jsonl"))).expect("it is there");
            traces.extend(files.map(read));
            traces
        }
        "sheet" => texts(&[
            "Student,ID,SIS Login ID,Section,lab (7)\nPoints Possible,,,,10\nA B,1,ab,x,\n",
            "Identifier;Full name;Status;Grade;Maximum grade\nParticipant 7;A B;;;10,00\n",
            "\u{feff}Email\tFirst name\tLast name\nab@example.edu\tA\t\"B \"\"C\"\"\"\n",
        ]),
        "program" => vec![
            fs::read(c_program("orphan", &[])).expect("it was just built"),
            fs::read(c_program("orphan", &["-O2", "-g"])).expect("it was just built"),
        ],
        "archive" => vec![zip(), tar()],
        "course" => texts(&[
            "students = \"one\"\n[[lab]]\nid = \"a\"\n",
            "title = \"Signals\"\nout = \"out\"\nroster = \"r.csv\"\n\
             [[lab]]\nid = \"a\"\nsubmissions = \"one\"\npoints = 20\nseed = 7\n\
             [[lab]]\nid = \"b\"\nsubmissions = \"two\"\ngradebook = \"B (12)\"\n",
        ]),
        "metadata" => texts(&[
            "submission_1:\n  :submitters:\n  - :name: Jane Doe\n    :sid: '0012'\n    :email: j@example.edu\n",
            "---\nsubmission_1:\n  :submitters:\n    - :name: \"Zo\\u00eb\"\n  :score: 3\n",
        ]),
        "store" => vec![store()],
        "source" => texts(&[
            "0int f(void); int child(void) { return f(); } int main(void) { return child(); }",
            "1use a::f; fn child() { f() } fn main() { child() }",
            "0# 1 \"a.c\"\n#pragma weak f\nstruct s { int a; } v; enum { A, B = 2 };\n\
             __attribute__((noinline)) static int (f)(void) { asm(\"nop\"); return 'x' + 0x1.p3; }\n\
             int child(void) { return f(); }",
            "1#![allow(x)] use {a::{self, b as c}, d::*}; macro_rules! m { ($x:tt) => { fn g() { } } }\n\
             #[no_mangle] extern \"C\" { fn f(); } mod n { pub(crate) const X: u8 = b'a'; }\n\
             fn child() { f() }",
        ]),
        _ => panic!("no good input of {target}"),
    }
}

fn zip() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["lab.c", "help.h", "notes.txt", "old/b.h"] {
        let options = SimpleFileOptions::default();
        zip.start_file(name, options).expect("there is room");
        zip.write_all(name.repeat(9).as_bytes())
            .expect("there is room");
    }
    zip.finish().expect("there is room").into_inner()
}

/// As tar(5), "POSIX ustar Archives".
fn tar() -> Vec<u8> {
    let content = b"int main(void) { }";
    let mut header = [0; 512];
    let fields: [(usize, &[u8]); 9] = [
        (0, b"lab.c"),
        (100, b"0000644"),
        (108, b"0000000"),
        (116, b"0000000"),
        (124, b"00000000022"),
        (136, b"00000000000"),
        (148, b"        "),
        (156, b"0"),
        (257, b"ustar\x0000"),
    ];
    for (at, field) in fields {
        header[at..at + field.len()].copy_from_slice(field);
    }
    let sum: u32 = header.iter().map(|it| u32::from(*it)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut tar = header.to_vec();
    tar.extend(content);
    tar.resize(512 * 4, 0);
    tar
}

fn store() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("siglab.db");
    drop(Store::open(&path, true).expect("it is new"));
    fs::read(path).expect("it was just written")
}

/// Inputs made from good ones, until so many were taken for what they should be, or it is clear
/// that they won't be.
fn inputs_past_the_parser(name: &str, target: fn(&[u8]) -> bool, wanted: usize) {
    let mut mutator = mutation::Mutator::new(0x5161_ab00, good(name));
    let (mut taken, mut made) = (0, 0);
    // Whoever looks for what went wrong finds it there.
    let last = std::env::var_os("SIGLAB_FUZZ_LAST").map(|it| root().join(it).join(name));
    while taken < wanted && made < 64 * wanted {
        let input = mutator.next();
        if let Some(last) = &last {
            fs::write(last, &input).expect("there is room");
        }
        made += 1;
        if target(&input) {
            taken += 1;
            mutator.keep(input);
        }
    }
    eprintln!("{name}: {taken} of {made} inputs got past the parser");
    assert!(taken > wanted / 8, "{name}: {taken} of {made} are good");
}

/// `SIGLAB_FUZZ`: how many there have to be; `SIGLAB_FUZZ_TARGET`: of which target.
#[test]
fn inputs_made_from_good_ones_are_no_surprise() {
    let wanted = std::env::var("SIGLAB_FUZZ").map_or(FEW, |it| it.parse().expect("a number"));
    let only = std::env::var("SIGLAB_FUZZ_TARGET").ok();
    for (name, target) in targets::TARGETS {
        if only.as_deref().is_none_or(|only| only == name) {
            inputs_past_the_parser(name, target, wanted);
        }
    }
}

#[test]
fn good_and_broken_inputs_are_no_surprise() {
    for (name, target) in targets::TARGETS {
        let inputs = good(name);
        let good = inputs[0].clone();
        assert!(target(&good), "{name}");
        let length = good.len();
        for cut in (0..length).step_by(length.div_ceil(64)) {
            let _ = target(&good[..cut]);
            for byte in [0, b'"', b'9', 0xff] {
                let mut broken = good.clone();
                broken[cut] = byte;
                let _ = target(&broken);
            }
        }
    }
}

#[test]
fn every_target_has_a_file_and_a_line_in_the_manifest() {
    let folder = root().join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("it is there");
    for (name, _) in targets::TARGETS {
        let path = format!("fuzz_targets/{name}.rs");
        assert!(folder.join(&path).is_file(), "{path}");
        assert!(manifest.contains(&format!("path = \"{path}\"")), "{path}");
    }
}
