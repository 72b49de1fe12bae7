//! Names for addresses.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use object::{Object, ObjectSegment, ObjectSymbol, SymbolKind};

use crate::run::Run;
use crate::sys::{Pid, proc};

/// The symbols of an executable or library, by address in the file's own terms.
#[derive(Debug, Default)]
pub(crate) struct Image {
    /// Functions and variables: first address, size, name; in order of address.
    symbols: Vec<(u64, u64, String)>,
    /// The lowest address at which a segment wants to be loaded.
    base: u64,
}

/// What a process has mapped.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    maps: HashMap<i32, Vec<proc::Mapping>>,
}

impl Symbols {
    /// The process has ended, or has another program.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.maps.remove(&pid.as_raw());
    }

    /// The image at an address, and the address in its terms.
    pub(crate) fn locate(&mut self, pid: Pid, address: u64) -> Option<(PathBuf, Arc<Image>, u64)> {
        let find = |maps: &[proc::Mapping]| maps.iter().find(|map| map.contains(address)).cloned();
        let known = self.maps.get(&pid.as_raw()).and_then(|maps| find(maps));
        let mapping = match known {
            Some(mapping) => mapping,
            None => {
                let maps = proc::mappings(pid);
                let found = find(&maps);
                self.maps.insert(pid.as_raw(), maps);
                found?
            }
        };
        let path = mapping.path.clone()?;
        let image = image(&path);
        let start = self
            .maps
            .get(&pid.as_raw())?
            .iter()
            .filter(|map| map.path.as_ref() == Some(&path))
            .map(|map| map.start)
            .min()?;
        Some((path, Arc::clone(&image), address - start + image.base))
    }
}

/// The symbols of a file, read once per process of siglab's.
fn image(path: &Path) -> Arc<Image> {
    type Cache = Mutex<HashMap<(PathBuf, u64, i64), Arc<Image>>>;
    static CACHE: std::sync::LazyLock<Cache> = std::sync::LazyLock::new(Mutex::default);
    let Ok(status) = nix::sys::stat::stat(path) else {
        return Arc::default();
    };
    let key = (
        path.to_owned(),
        status.st_ino,
        status.st_mtime_nsec ^ status.st_mtime,
    );
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(
        cache
            .entry(key)
            .or_insert_with(|| Arc::new(read_image(path).unwrap_or_default())),
    )
}

fn read_image(path: &Path) -> Option<Image> {
    let bytes = std::fs::read(path).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    let base = file
        .segments()
        .map(|segment| segment.address())
        .min()
        .unwrap_or(0);
    let mut symbols: Vec<_> = file
        .symbols()
        .chain(file.dynamic_symbols())
        .filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data))
        .filter(|symbol| symbol.address() != 0)
        .filter_map(|symbol| {
            let name = symbol.name().ok().filter(|name| !name.is_empty())?;
            Some((symbol.address(), symbol.size(), readable(name)))
        })
        .collect();
    symbols.sort();
    symbols.dedup_by_key(|(address, ..)| *address);
    Some(Image { symbols, base })
}

/// A symbol's name for people: without mangling, without a hash at its end.
fn readable(name: &str) -> String {
    without_hash(&addr2line::demangle_auto(name.into(), None))
}

/// A Rust name without the hash that the compiler puts at its end, which changes from
/// build to build.
pub(crate) fn without_hash(name: &str) -> String {
    match name.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            path.to_owned()
        }
        _ => name.to_owned(),
    }
}

impl Image {
    fn name_of(&self, address: u64) -> Option<&str> {
        let after = self
            .symbols
            .partition_point(|(start, ..)| *start <= address);
        let (start, size, name) = self.symbols.get(after.checked_sub(1)?)?;
        (*size == 0 || address < start + size).then_some(name)
    }
}

impl Run<'_> {
    /// The function at an address.
    pub(crate) fn function_at(&mut self, tid: Pid, address: u64) -> Option<String> {
        let pid = self.task(tid).ok()?.pid;
        let (_, image, address) = self.symbols.locate(pid, address)?;
        image.name_of(address).map(str::to_owned)
    }

    /// The global variable at an address.
    pub(crate) fn variable_at(&mut self, tid: Pid, address: u64) -> Option<String> {
        self.function_at(tid, address)
    }
}
