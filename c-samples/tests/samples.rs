//! The C programs compile without a warning, and they are found by name.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use c_samples::recipe::{FLAGS, Recipe, recipes};

/// The samples, freshly listed: a file added since the build is there, too.
fn listed() -> Vec<Recipe> {
    recipes(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("list the C files")
}

/// The same for the unsafe handlers and their twins.
fn listed_twins() -> Vec<Recipe> {
    recipes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("unsafe")).expect("list the C files")
}

/// Compiles every sample with `compiler` and expects not a word from it.
fn compiles_silently(compiler: &str) {
    match Command::new(compiler).arg("--version").output() {
        Ok(version) if version.status.success() => {}
        _ => {
            eprintln!("skipped: {compiler} is not installed");
            return;
        }
    }
    let folder = tempfile::tempdir().expect("make a temporary folder");
    for recipe in listed().into_iter().chain(listed_twins()) {
        let output = Command::new(compiler)
            .args(FLAGS)
            .args(&recipe.options)
            .arg(&recipe.source)
            .arg("-o")
            .arg(folder.path().join(&recipe.name))
            .output()
            .expect("start the compiler");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), said.as_str()),
            (Some(0), ""),
            "{compiler}: {recipe:?}"
        );
    }
}

#[test]
fn gcc_has_nothing_to_say() {
    compiles_silently("gcc");
}

#[test]
fn clang_has_nothing_to_say() {
    compiles_silently("clang");
}

#[test]
fn every_c_file_is_built_and_found_by_name() {
    let names = |recipes: Vec<Recipe>| -> Vec<String> {
        recipes.into_iter().map(|recipe| recipe.name).collect()
    };
    let found: Vec<&str> = c_samples::all().map(|(name, _)| name).collect();
    assert_eq!(found, names(listed()));
    let found: Vec<&str> = c_samples::twins().map(|(name, _)| name).collect();
    assert_eq!(found, names(listed_twins()));

    for (name, path) in c_samples::all().chain(c_samples::twins()) {
        assert_eq!(c_samples::path(name), Ok(path.clone()));
        let shown = c_samples::shown_path(name).expect("the name is known");
        for path in [path, shown] {
            let mode = path.metadata().expect("it was built").permissions().mode();
            assert_ne!(mode & 0o111, 0, "{} is executable", path.display());
        }
    }
}

#[test]
fn more_info_is_built_for_a_real_time_signal_too() {
    let variant = listed()
        .into_iter()
        .find(|recipe| recipe.name == "more_info_rt")
        .expect("more_info.c asks for it");
    assert_eq!(variant.options, ["-DMY_SIGNAL=(SIGRTMIN+1)"]);
    assert!(variant.source.ends_with("more_info.c"));
}

/// What a case teaches is the difference between the two.
#[test]
fn every_unsafe_handler_has_a_safe_twin() {
    let names: Vec<&str> = c_samples::twins().map(|(name, _)| name).collect();
    assert!(!names.is_empty(), "there are cases");
    for name in &names {
        let other = match name.strip_suffix("_safe") {
            Some(unsafe_one) => unsafe_one.to_owned(),
            None => format!("{name}_safe"),
        };
        assert!(names.contains(&other.as_str()), "{name} has no {other}");
    }
}

#[test]
fn an_unknown_name_gets_the_known_ones() {
    let error = c_samples::path("simple_handlr").expect_err("there is no such sample");
    assert!(
        error
            .to_string()
            .starts_with("no sample \"simple_handlr\"; there are "),
        "{error}"
    );
    for (name, _) in c_samples::all().chain(c_samples::twins()) {
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_directive_without_a_name_is_an_error() {
    let folder = tempfile::tempdir().expect("make a temporary folder");
    let source = folder.path().join("nameless.c");
    std::fs::write(&source, "// siglab-build:\n").expect("write a C file");
    let error = recipes(folder.path()).expect_err("the directive has no name");
    assert_eq!(
        error.to_string(),
        format!("{}: no name after siglab-build:", source.display())
    );
}

#[test]
fn two_executables_of_one_name_are_an_error() {
    let folder = tempfile::tempdir().expect("make a temporary folder");
    std::fs::write(folder.path().join("a.c"), "// siglab-build: b -DB\n").expect("write");
    std::fs::write(folder.path().join("b.c"), "").expect("write");
    let error = recipes(folder.path()).expect_err("both build b");
    assert_eq!(
        error.to_string(),
        format!(
            "{0}/b.c: builds b, and so does {0}/a.c",
            folder.path().display()
        )
    );
}
