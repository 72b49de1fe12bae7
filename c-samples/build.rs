//! Builds an executable of every C file in this folder, and of those in `unsafe/`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/recipe.rs"]
pub mod recipe;

use recipe::{FLAGS, Recipe};

fn main() -> Result<(), Box<dyn Error>> {
    // The folder, so that a new file is seen, too.
    println!("cargo:rerun-if-changed=.");

    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    let shown_dir = shown_dir(&out_dir);
    fs::create_dir_all(&shown_dir)
        .map_err(|error| format!("create {}: {error}", shown_dir.display()))?;

    let labs = recipe::recipes(Path::new("."))?;
    let twins = recipe::recipes(Path::new("unsafe"))?;
    if let Some(twin) = twins
        .iter()
        .find(|twin| labs.iter().any(|lab| lab.name == twin.name))
    {
        return Err(format!("two executables are called {}", twin.name).into());
    }
    for (recipes, table) in [(&labs, "samples.rs"), (&twins, "twins.rs")] {
        let table = out_dir.join(table);
        fs::write(&table, build(recipes, &out_dir, &shown_dir)?)
            .map_err(|error| format!("write {}: {error}", table.display()))?;
    }
    Ok(())
}

/// Compiles all of these; returns the table of them that `lib.rs` includes.
fn build(recipes: &[Recipe], out_dir: &Path, shown_dir: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("&[\n");
    for recipe in recipes {
        let built = out_dir.join(&recipe.name);
        compile(recipe, &built)?;
        let shown = shown_dir.join(&recipe.name);
        place(&built, &shown).map_err(|error| format!("place {}: {error}", shown.display()))?;
        writeln!(
            table,
            "    Sample {{ name: {:?}, built: {built:?}, shown: {shown:?} }},",
            recipe.name
        )?;
    }
    table.push_str("]\n");
    Ok(table)
}

/// Compiles and links one executable. The compiler's warnings become Cargo's.
fn compile(recipe: &Recipe, executable: &Path) -> Result<(), Box<dyn Error>> {
    // cc builds libraries; what is wanted of it is the compiler that fits the target,
    // with the user's CC and CFLAGS.
    let compiler = cc::Build::new()
        .opt_level(1)
        .debug(true)
        .warnings(false)
        .try_get_compiler()?;
    let output = compiler
        .to_command()
        .args(FLAGS)
        .args(&recipe.options)
        .arg(&recipe.source)
        .arg("-o")
        .arg(executable)
        .output()
        .map_err(|error| format!("{}: {error}", compiler.path().display()))?;

    let messages = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!(
            "{} does not compile ({})\n{messages}",
            recipe.source.display(),
            output.status
        )
        .into());
    }
    for line in messages.lines() {
        println!("cargo:warning={line}");
    }
    Ok(())
}

/// `target/<profile>/c-samples`: `OUT_DIR` is `target/<profile>/build/<package>/out`.
fn shown_dir(out_dir: &Path) -> PathBuf {
    match out_dir
        .ancestors()
        .find(|folder| folder.file_name() == Some("build".as_ref()))
        .and_then(Path::parent)
    {
        Some(profile_dir) => profile_dir.join("c-samples"),
        None => out_dir.join("c-samples"),
    }
}

/// Puts a file at a second place, in one step: a running older one is left alone.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    let new = to.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if fs::hard_link(from, &new).is_err() {
        fs::copy(from, &new)?;
    }
    fs::rename(&new, to)?;
    // If both names were already the same file, rename(2) has done nothing.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
