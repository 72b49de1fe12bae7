//! Names for addresses.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use object::{
    Object, ObjectSection, ObjectSegment, ObjectSymbol, ObjectSymbolTable, RelocationTarget,
    SectionKind, SymbolKind,
};
use siglab_model::Frame;
use siglab_sandbox::regular;

use crate::inspect::debug_info::{self, DebugInfo};
use crate::inspect::unwind_table;
use crate::kernel::sys::proc::NamedFile;
use crate::kernel::sys::{Pid, memory, proc};

/// Bytes of a file's section, shared between all who read them.
pub(crate) type Bytes = Arc<[u8]>;

/// What is known of an executable or library, by address in the file's own terms. Read
/// once per process of siglab's: runs of the same program share it.
#[derive(Debug, Default)]
pub(crate) struct Image {
    /// Functions and variables: first address, size, name; in order of address.
    symbols: Vec<(u64, u64, String)>,
    /// The lowest address at which a segment wants to be loaded.
    pub(crate) base: u64,
    /// The names of the functions whose addresses the dynamic linker puts into the slots at
    /// these addresses.
    slots: HashMap<u64, String>,
    /// What an unwinder needs: sections by name, with the address of their first byte.
    pub(crate) sections: HashMap<&'static str, (u64, Bytes)>,
    /// Where its variables are that live as long as the program does: address and size.
    pub(crate) statics: Vec<(u64, u64)>,
    /// Whether it has line numbers at all.
    pub(crate) has_lines: bool,
    /// Line numbers.
    lines: Lines,
}

/// Line numbers and inlined functions, with what was looked up so far.
#[derive(Default)]
struct Lines(Mutex<Looked>);

#[derive(Default)]
struct Looked {
    /// Absent until the first question; then absent within if the file can't be read.
    info: Option<Option<DebugInfo>>,
    frames: HashMap<u64, Arc<Located>>,
}

/// What the debug information says about an address.
#[derive(Debug, Default)]
pub(crate) struct Located {
    /// The functions there, innermost first: several if some were inlined.
    pub(crate) frames: Vec<Frame>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

/// What a process has mapped.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    maps: HashMap<i32, Arc<Vec<proc::Mapping>>>,
}

impl Symbols {
    /// `copy` has the same mappings as `pid`.
    pub(crate) fn copy(&mut self, pid: Pid, copy: Pid) {
        let maps = self
            .maps
            .entry(pid.as_raw())
            .or_insert_with(|| Arc::new(proc::mappings(pid)));
        let maps = Arc::clone(maps);
        self.maps.insert(copy.as_raw(), maps);
    }

    /// The process has ended, or has another program.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.maps.remove(&pid.as_raw());
    }

    /// The address in a process of what is at `address` in a file with this name.
    pub(crate) fn address_in(&mut self, pid: Pid, module: &str, address: u64) -> Option<u64> {
        let maps = proc::mappings(pid);
        let is_it = |map: &&proc::Mapping| {
            map.file
                .as_ref()
                .and_then(|file| file.path.file_name())
                .is_some_and(|name| name.to_string_lossy() == module)
        };
        let file = maps.iter().find(is_it)?.file.clone()?;
        let start = maps.iter().filter(is_it).map(|map| map.start).min()?;
        Some(mapped_image(pid, &file).mapped_at(address, start))
    }

    /// The address in a process of a function that any of its files defines.
    pub(crate) fn function(&mut self, pid: Pid, name: &str) -> Option<u64> {
        let maps = proc::mappings(pid);
        let mut files: Vec<&NamedFile> = maps.iter().filter_map(|map| map.file.as_ref()).collect();
        files.dedup();
        files.into_iter().find_map(|file| {
            let image = mapped_image(pid, file);
            let address = image.address_of(name)?;
            let of_file = maps.iter().filter(|map| map.file.as_ref() == Some(file));
            let start = of_file.map(|map| map.start).min()?;
            Some(image.mapped_at(address, start))
        })
    }

    /// The name by which a file's global offset table has the function at `address`. Those
    /// that the dynamic linker chooses for the processor have no other.
    pub(crate) fn name_in_slot(&mut self, pid: Pid, tid: Pid, address: u64) -> Option<String> {
        let maps = proc::mappings(pid);
        let mut files: Vec<&NamedFile> = maps.iter().filter_map(|map| map.file.as_ref()).collect();
        files.dedup();
        files.into_iter().find_map(|file| {
            let image = mapped_image(pid, file);
            let of_file = maps.iter().filter(|map| map.file.as_ref() == Some(file));
            let start = of_file.map(|map| map.start).min()?;
            let leads_there =
                |slot: u64| memory::read::<u64>(tid, image.mapped_at(slot, start)) == Ok(address);
            let mut slots = image.slots.iter();
            let (_, name) = slots.find(|(slot, _)| leads_there(**slot))?;
            Some(name.clone())
        })
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
                self.maps.insert(pid.as_raw(), Arc::new(maps));
                found?
            }
        };
        let file = mapping.file?;
        let image = mapped_image(pid, &file);
        let start = self
            .maps
            .get(&pid.as_raw())?
            .iter()
            .filter(|map| map.file.as_ref() == Some(&file))
            .map(|map| map.start)
            .min()?;
        let address = address.wrapping_sub(start).wrapping_add(image.base);
        Some((file.path, image, address))
    }
}

/// The symbols of a file, read once while it is in use.
pub(crate) fn image(path: &Path) -> Arc<Image> {
    read_once(path, path, read_image)
}

/// The symbols of a file that a process has mapped. A program that was deleted, or replaced,
/// can still be read by way of the process; a library can't, and has none.
pub(crate) fn mapped_image(pid: Pid, file: &NamedFile) -> Arc<Image> {
    if !file.deleted {
        return image(&file.path);
    }
    if proc::program(pid).as_ref() != Some(file) {
        return Arc::default();
    }
    let program = PathBuf::from(format!("/proc/{pid}/exe"));
    read_once(&file.path, &program, |program| {
        let image = read_image(program)?;
        // When lines are wanted, the process may be gone.
        image.load_lines(program);
        Some(image)
    })
}

/// The most files whose symbols are kept. Those of a program with debugging information take
/// megabytes, and who grades runs one program after another: each run begins with a fork of
/// siglab, which takes the longer the more memory siglab has.
const MOST_KEPT: usize = 24;

/// A file: its path, inode number and time of change.
type FileKey = (PathBuf, u64, i64);

/// The symbols of the files that were used last.
#[derive(Default)]
struct Kept {
    images: HashMap<FileKey, (Arc<Image>, u64)>,
    /// How often one was asked for.
    uses: u64,
}

impl Kept {
    fn get(&mut self, key: FileKey, read: impl FnOnce() -> Image) -> Arc<Image> {
        self.uses += 1;
        let uses = self.uses;
        let (image, used) = self
            .images
            .entry(key)
            .or_insert_with(|| (Arc::new(read()), uses));
        *used = uses;
        let image = Arc::clone(image);
        if self.images.len() > MOST_KEPT {
            let last_used = self.images.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(key) = last_used.map(|(key, _)| key.clone()) {
                self.images.remove(&key);
            }
        }
        image
    }
}

/// `from`: where the file called `path` can be read.
fn read_once(path: &Path, from: &Path, read: impl Fn(&Path) -> Option<Image>) -> Arc<Image> {
    static KEPT: std::sync::LazyLock<Mutex<Kept>> = std::sync::LazyLock::new(Mutex::default);
    let Ok(status) = nix::sys::stat::stat(from) else {
        return Arc::default();
    };
    let key = (
        path.to_owned(),
        status.st_ino,
        status.st_mtime_nsec ^ status.st_mtime,
    );
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.get(key, || read(from).unwrap_or_default())
}

/// What is at this address and above belongs to the kernel, and can't be mapped.
const END_OF_USER_SPACE: u64 = 1 << 47;

/// The most bytes of all sections that are kept together: they may lie upon each other.
const MOST_IN_SECTIONS: usize = 64 << 20;

/// The most bytes of all names, before and after they were made readable. Symbols can share
/// one name in the file, and a short one may stand for a long one.
const MOST_IN_NAMES: usize = 64 << 20;

fn read_image(path: &Path) -> Option<Image> {
    let bytes = regular::read(path, regular::MOST_PROGRAM).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    let is_loadable = file.segments().all(|segment| {
        let end = segment.address().checked_add(segment.size());
        end.is_some_and(|end| end < END_OF_USER_SPACE)
    });
    if !is_loadable {
        return None;
    }
    let base = file
        .segments()
        .map(|segment| segment.address())
        .min()
        .unwrap_or(0);
    let mut names = Names(MOST_IN_NAMES);
    Some(Image {
        symbols: symbols(&file, &mut names),
        base,
        slots: slots(&file, &mut names),
        sections: sections(&file, base, is_systems(path)),
        statics: statics(&file),
        has_lines: file.section_by_name(".debug_line").is_some(),
        lines: Lines::default(),
    })
}

fn symbols(file: &object::File<'_>, names: &mut Names) -> Vec<(u64, u64, String)> {
    let mut symbols = Vec::new();
    for symbol in file.symbols().chain(file.dynamic_symbols()) {
        let address = symbol.address();
        let is_named = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data)
            && (1..END_OF_USER_SPACE).contains(&address);
        if !is_named {
            continue;
        }
        if names.is_spent() {
            break;
        }
        if let Some(name) = symbol.name().ok().and_then(|it| names.readable(it)) {
            let size = symbol.size().min(END_OF_USER_SPACE - address);
            symbols.push((address, size, name));
        }
    }
    // Of several names for one address, the one that people know: `puts`, not `_IO_puts`.
    let internal = |name: &str| (name.starts_with('_'), name.len());
    symbols.sort_by(|a, b| (a.0, internal(&a.2), &a.2).cmp(&(b.0, internal(&b.2), &b.2)));
    symbols.dedup_by_key(|(address, ..)| *address);
    symbols
}

/// What an unwinder needs. A table that a stranger brought along must be bounded, and every
/// section must be where it can be mapped, from `base` on.
fn sections(
    file: &object::File<'_>,
    base: u64,
    is_trusted: bool,
) -> HashMap<&'static str, (u64, Bytes)> {
    const SECTIONS: [&str; 4] = [".text", ".eh_frame", ".eh_frame_hdr", ".got"];
    let is_bounded = is_trusted || unwind_table::is_bounded(file);
    let mut left = MOST_IN_SECTIONS;
    let names = SECTIONS.into_iter();
    names
        .filter(|name| is_bounded || !name.starts_with(".eh_frame"))
        .filter_map(|name| {
            let section = file.section_by_name(name)?;
            let data = section.data().ok()?;
            left = left.checked_sub(data.len())?;
            let end = section.address().checked_add(data.len() as u64)?;
            let is_mapped = section.address() >= base && end < END_OF_USER_SPACE;
            is_mapped.then(|| (name, (section.address(), Bytes::from(data))))
        })
        .collect()
}

/// Sections that are written, but not those that only the dynamic linker and start-up code write.
fn statics(file: &object::File<'_>) -> Vec<(u64, u64)> {
    const MOST_SECTIONS: usize = 64;
    let is_meant = |section: &object::Section<'_, '_>| {
        let is_data = matches!(
            section.kind(),
            SectionKind::Data | SectionKind::UninitializedData | SectionKind::Common
        );
        let name = section.name().unwrap_or_default();
        is_data
            && ![".got", ".data.rel.ro"]
                .iter()
                .any(|other| name.starts_with(other))
    };
    let sections = file.sections().filter(is_meant).take(MOST_SECTIONS);
    let places = sections.map(|section| (section.address(), section.size()));
    places.filter(|(address, _)| *address != 0).collect()
}

/// Whether a file belongs to the system: what a submission brings along isn't there.
fn is_systems(path: &Path) -> bool {
    let is_there = ["/lib", "/lib64", "/usr"]
        .iter()
        .any(|folder| path.starts_with(folder));
    is_there
        && std::fs::metadata(path)
            .is_ok_and(|status| status.uid() == 0 && status.mode() & 0o022 == 0)
}

/// The slots of the global offset table that hold functions' addresses, by address.
fn slots(file: &object::File<'_>, names: &mut Names) -> HashMap<u64, String> {
    let (Some(relocations), Some(symbols)) =
        (file.dynamic_relocations(), file.dynamic_symbol_table())
    else {
        return HashMap::new();
    };
    relocations
        .filter_map(|(address, relocation)| {
            let RelocationTarget::Symbol(index) = relocation.target() else {
                return None;
            };
            if names.is_spent() {
                return None;
            }
            let symbol = symbols.symbol_by_index(index).ok()?;
            Some((address, names.readable(symbol.name().ok()?)?))
        })
        .collect()
}

/// How many bytes of names are left.
struct Names(usize);

impl Names {
    /// Whether no more names are looked at: finding out how long one is takes time, too.
    fn is_spent(&self) -> bool {
        self.0 == 0
    }

    /// A symbol's name for people: without mangling, without a hash at its end. Nothing if it
    /// is empty, or longer than any name, or there were too many.
    fn readable(&mut self, name: &str) -> Option<String> {
        /// What one takes besides its letters.
        const EACH: usize = 32;
        self.0 = self.0.saturating_sub(name.len() + EACH);
        if name.is_empty() || name.len() > debug_info::LONGEST_NAME || self.is_spent() {
            return None;
        }
        let name = addr2line::demangle_auto(name.into(), None);
        self.0 = self.0.saturating_sub(name.len());
        (name.len() <= debug_info::LONGEST_NAME).then(|| without_hash(&name))
    }
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
    /// Where in a process, if the file's first byte is mapped at `start`. A file may say
    /// any address: what isn't there isn't found.
    pub(crate) fn mapped_at(&self, address: u64, start: u64) -> u64 {
        address.wrapping_sub(self.base).wrapping_add(start)
    }

    fn symbol_at(&self, address: u64) -> Option<&(u64, u64, String)> {
        let after = self
            .symbols
            .partition_point(|(start, ..)| *start <= address);
        let symbol = self.symbols.get(after.checked_sub(1)?)?;
        let (start, size, _) = symbol;
        // Without a size (`_init`), it goes on to the next one, but not into the linker's stubs.
        let belongs = match size {
            0 => address == *start || self.is_in_text(address),
            _ => address < start + size,
        };
        belongs.then_some(symbol)
    }

    /// The function or variable that an address belongs to.
    pub(crate) fn name_of(&self, address: u64) -> Option<&str> {
        self.symbol_at(address).map(|(.., name)| name.as_str())
    }

    /// Whether a function begins here.
    pub(crate) fn begins_function(&self, address: u64) -> bool {
        self.symbols
            .binary_search_by_key(&address, |(start, ..)| *start)
            .is_ok()
    }

    /// Where a function begins.
    pub(crate) fn address_of(&self, function: &str) -> Option<u64> {
        let symbol = self.symbols.iter().find(|(.., name)| name == function)?;
        Some(symbol.0)
    }

    /// Whether an address is in the section for functions, and not in the linker's stubs.
    pub(crate) fn is_in_text(&self, address: u64) -> bool {
        self.sections
            .get(".text")
            .is_some_and(|(start, bytes)| (*start..start + bytes.len() as u64).contains(&address))
    }

    /// The function whose address is in the slot at this address.
    pub(crate) fn slot(&self, address: u64) -> Option<&str> {
        self.slots.get(&address).map(String::as_str)
    }

    fn info(&self, path: &Path) -> Option<DebugInfo> {
        self.has_lines.then(|| DebugInfo::read(path)).flatten()
    }

    /// Reads the line numbers now, rather than when they are wanted.
    fn load_lines(&self, path: &Path) {
        let mut looked = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.info = Some(self.info(path));
    }

    /// What the debug information says about an address.
    pub(crate) fn located(&self, path: &Path, address: u64) -> Arc<Located> {
        let mut looked = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = looked.frames.get(&address) {
            return Arc::clone(known);
        }
        let symbol = self.name_of(address).map(str::to_owned);
        let module = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let info = looked.info.get_or_insert_with(|| self.info(path));
        let found = match info {
            Some(info) => lines_at(info, address, symbol, module.as_ref()),
            _ => Located {
                frames: vec![Frame {
                    function: symbol,
                    module,
                    ..Frame::default()
                }],
            },
        };
        let found = Arc::new(found);
        looked.frames.insert(address, Arc::clone(&found));
        found
    }
}

/// The functions at an address, innermost first.
fn lines_at(
    info: &DebugInfo,
    address: u64,
    symbol: Option<String>,
    module: Option<&String>,
) -> Located {
    let mut located = Located::default();
    for place in info.places(address) {
        let function = place.function.map(|name| without_hash(&name));
        if function.is_some() || place.file.is_some() {
            located.frames.push(Frame {
                function: function.or_else(|| symbol.clone()),
                module: module.cloned(),
                line: place.line,
                library: place.file.as_deref().is_some_and(is_of_library),
                file: place.file.as_deref().map(file_name),
            });
        }
    }
    if located.frames.is_empty() {
        located.frames.push(Frame {
            function: symbol,
            module: module.cloned(),
            ..Frame::default()
        });
    }
    located
}

fn is_of_library(path: &str) -> bool {
    ["/rustc/", "/registry/src/", "/rustlib/src/"]
        .iter()
        .any(|folder| path.contains(folder))
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept() {
        let mut kept = Kept::default();
        let key = |nth: usize| (PathBuf::from(nth.to_string()), 0, 0);
        let mut reads = 0;
        let mut ask = |nth: usize| {
            let before = reads;
            kept.get(key(nth), || {
                reads += 1;
                Image::default()
            });
            assert!(kept.images.len() <= MOST_KEPT);
            reads > before
        };
        for nth in 1..=MOST_KEPT {
            assert!(ask(nth));
        }
        assert!(!ask(1));
        assert!(ask(MOST_KEPT + 1));
        assert!(!ask(1));
        assert!(ask(2));
    }
}
