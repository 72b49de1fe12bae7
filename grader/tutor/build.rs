//! Lists the files of topics/, so that they are part of the command and adding one is adding a file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let folder =
        Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("topics");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut text = String::new();
    for (name, folder) in [
        ("TEXTS", folder.clone()),
        ("PROGRAMS", folder.join("programs")),
    ] {
        let entries = fs::read_dir(&folder).expect("the folder is there");
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.expect("readable").path())
            .collect();
        files.retain(|file| file.is_file());
        files.sort();
        let _ = writeln!(text, "const {name}: &[(&str, &str)] = &[");
        for file in files {
            let name = file
                .file_name()
                .expect("a file has a name")
                .to_string_lossy();
            let _ = writeln!(text, "    ({name:?}, include_str!({file:?})),");
        }
        text += "];\n";
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("files.rs"), text).expect("the folder is writable");
}
