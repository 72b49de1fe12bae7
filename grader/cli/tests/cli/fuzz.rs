//! The fuzz targets of `fuzz/`, with a few good and broken inputs of each kind: that they compile,
//! and that the good inputs are good.

use std::fs;

use siglab_explore::WITNESS_SCHEMA;
use siglab_tests::build::c_program;

#[expect(unreachable_pub, reason = "it is a module of a library there")]
#[path = "../../../../fuzz/src/targets.rs"]
mod targets;

use crate::root;

/// An input that is right.
fn good(target: &str) -> Vec<u8> {
    match target {
        "send" => b"SIGINT@0.4s:child.2".to_vec(),
        "steps" => b"steps = [{ at = \"0.4s\", send = \"SIGINT\" }]".to_vec(),
        "manifest" => fs::read(root().join("exercises/terminator/lab.toml")).expect("a lab"),
        "witness" => format!(
            r#"{{"schema":"{WITNESS_SCHEMA}","program":"/p","program_hash":"{0}",
               "policy":"in-order","injections":[],"trace_hash":"{0}"}}"#,
            "0123456789abcdef"
        )
        .into_bytes(),
        "trace" => br#"{"schema":"siglab/trace/v1","program":"p","args":[],"clock":"virtual","policy":"in-order","script":[]}
{"t":0,"role":"main","event":"spawn","program":"p"}
{"t":5,"role":"main","event":"exit","code":0}
{"outcome":{"status":{"exited":0},"deadlock":false}}
"#
        .to_vec(),
        "sheet" => "Student,ID,SIS Login ID,Section,lab (7)\nPoints Possible,,,,10\nA B,1,ab,x,\n".into(),
        "program" => fs::read(c_program("orphan", &[])).expect("it was just built"),
        _ => panic!("no good input of {target}"),
    }
}

#[test]
fn good_and_broken_inputs_are_no_surprise() {
    for (name, target) in targets::TARGETS {
        let good = good(name);
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
