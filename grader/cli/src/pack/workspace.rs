//! What of the workspace a lab needs: its packages, and theirs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use siglab_lab::Lab;
use siglab_sandbox::regular;
use toml::{Table, Value};

use super::bundle::{Bundle, normal};
use crate::exit;
use crate::failure::Failure;

/// The folder of the command, which builds on all of siglab.
const COMMAND: &str = "grader/cli";
/// The folder of the C programs that courses hand out; there may be none.
const SAMPLES: &str = "c-samples";

/// The workspace that a lab is in.
#[derive(Debug)]
pub(super) struct Workspace {
    root: PathBuf,
    manifest: Table,
}

impl Workspace {
    /// The workspace of siglab that holds `lab`.
    pub(super) fn of(lab: &Lab) -> Result<Self, Failure> {
        for folder in lab.dir().ancestors() {
            if folder.join(COMMAND).is_dir() {
                let manifest = read(&folder.join("Cargo.toml"))?;
                return Ok(Self {
                    root: folder.to_owned(),
                    manifest,
                });
            }
        }
        Err(
            Failure::usage(format_args!("{} isn't in siglab's workspace", lab.id()))
                .hint("pack from a checkout of siglab, with the lab in its exercises folder"),
        )
    }

    /// The lab's folder, relative to the workspace.
    pub(super) fn folder(&self, lab: &Lab) -> PathBuf {
        let folder = lab.dir().strip_prefix(&self.root);
        folder.unwrap_or_else(|_| lab.dir()).to_owned()
    }

    /// A workspace that holds siglab and `lab`'s package: all that has to be built, and
    /// none of their tests. The lab's own files are for the caller to add.
    pub(super) fn bundle(&self, lab: &Lab) -> Result<Bundle, Failure> {
        let lab_folder = self.folder(lab);
        let mut packages = BTreeSet::new();
        let mut found = vec![lab_folder.clone(), COMMAND.into()];
        if self.root.join(SAMPLES).join("Cargo.toml").is_file() {
            found.push(SAMPLES.into());
        }
        let mut bundle = Bundle::default();
        while let Some(folder) = found.pop() {
            if !packages.insert(folder.clone()) {
                continue;
            }
            let mut manifest = read(&self.root.join(&folder).join("Cargo.toml"))?;
            if folder == lab_folder {
                // Its tests are what students run.
                found.extend(self.dependencies(&folder, &manifest, true));
                continue;
            }
            found.extend(self.dependencies(&folder, &manifest, false));
            for key in ["dev-dependencies", "test", "bench", "example"] {
                manifest.remove(key);
            }
            let from = self.root.join(&folder);
            bundle.copy_tree(&from, &folder, &is_source)?;
            bundle.add(folder.join("Cargo.toml"), manifest.to_string());
        }
        bundle.add("Cargo.toml", self.reduced(&packages, &lab_folder)?);
        for file in [
            "Cargo.lock",
            ".cargo/config.toml",
            "LICENSE-APACHE",
            "LICENSE-MIT",
        ] {
            let path = self.root.join(file);
            if path.is_file() {
                bundle.copy(&path, file)?;
            }
        }
        Ok(bundle)
    }

    /// The workspace's manifest with these packages only. A plain `cargo test` is about the
    /// lab.
    fn reduced(&self, packages: &BTreeSet<PathBuf>, lab: &Path) -> Result<String, Failure> {
        let mut manifest = self.manifest.clone();
        let workspace = manifest.get_mut("workspace").and_then(Value::as_table_mut);
        let Some(workspace) = workspace else {
            return Err(Failure::new(
                exit::INTERNAL,
                "siglab's Cargo.toml has no [workspace]",
            ));
        };
        let text = |path: &Path| Value::from(path.display().to_string());
        let members: Vec<_> = packages.iter().map(|path| text(path)).collect();
        if let Some(shared) = workspace
            .get_mut("dependencies")
            .and_then(Value::as_table_mut)
        {
            shared.retain(|_, dependency| {
                let path = dependency.get("path").and_then(Value::as_str);
                path.is_none_or(|path| packages.contains(Path::new(path)))
            });
        }
        workspace.insert("members".into(), Value::Array(members));
        workspace.insert("default-members".into(), Value::Array(vec![text(lab)]));
        Ok(manifest.to_string())
    }

    /// The folders of the packages that one depends on by path.
    fn dependencies(&self, folder: &Path, manifest: &Table, tests: bool) -> Vec<PathBuf> {
        let shared = self
            .manifest
            .get("workspace")
            .and_then(|it| it.get("dependencies"));
        let mut tables = vec![manifest];
        if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
            tables.extend(targets.values().filter_map(Value::as_table));
        }
        let mut kinds = vec!["dependencies", "build-dependencies"];
        kinds.extend(tests.then_some("dev-dependencies"));
        let mut found = Vec::new();
        for table in tables {
            let lists = kinds.iter().filter_map(|kind| table.get(*kind)?.as_table());
            for (name, dependency) in lists.flatten() {
                let path = |it: &Value| it.get("path")?.as_str().map(PathBuf::from);
                if let Some(path) = path(dependency) {
                    found.push(normal(&folder.join(path)));
                } else if dependency.get("workspace").is_some() {
                    found.extend(shared.and_then(|it| path(it.get(name)?)));
                }
            }
        }
        found
    }
}

/// Whether a file or folder of a package is built, rather than tests or what tools left.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_top = path.components().count() == 1;
    let is_for_tests = is_top && matches!(&*name, "tests" | "benches" | "examples" | "target");
    !(is_for_tests || name.starts_with('.') || name.ends_with(".snap") || name == "snapshots")
}

pub(super) fn read(path: &Path) -> Result<Table, Failure> {
    let text = regular::read_text(path, regular::MOST_TEXT)
        .map_err(|error| Failure::file("read", path, &error))?;
    text.parse()
        .map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))
}
