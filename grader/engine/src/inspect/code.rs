//! What an instruction does, as far as moments are concerned, and whose code it is.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::inspect::symbols::{Image, Symbols};
use crate::kernel::arch::{self, Does, Touches};
use crate::kernel::sys::{Pid, memory, proc};

/// Whose code an instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// The program's own.
    Own,
    /// In the program's file, but nobody's function: the linker's stubs.
    Stub,
    /// Of a library that was compiled into the program, such as Rust's.
    BuiltIn,
    /// Of a shared library.
    Library,
    /// Of the dynamic linker.
    Linker,
}

/// What is known of an instruction. The same for all processes that run the same code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    /// Its bytes' meaning.
    pub(crate) does: Does,
    pub(crate) touches: Touches,
    pub(crate) ground: Ground,
    /// The file name of the program or library.
    pub(crate) module: Arc<str>,
    /// Its address in the file's own terms.
    pub(crate) address: u64,
    pub(crate) begins_function: bool,
    /// The function that it jumps to or calls by way of a slot.
    pub(crate) through: Option<Arc<str>>,
    pub(crate) path: Arc<PathBuf>,
    pub(crate) image: Arc<Image>,
}

/// The instructions of one process that were looked at.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    known: HashMap<u64, Arc<Code>>,
    program: Option<PathBuf>,
}

impl Codes {
    /// The instruction at `address`; `None` where no file is mapped (generated code).
    pub(crate) fn at(
        &mut self,
        symbols: &mut Symbols,
        pid: Pid,
        tid: Pid,
        address: u64,
    ) -> Option<Arc<Code>> {
        if let Some(known) = self.known.get(&address) {
            return Some(Arc::clone(known));
        }
        let (path, image, local) = symbols.locate(pid, address)?;
        if self.program.is_none() {
            self.program = proc::program(pid).map(|file| file.path);
        }
        let bytes = read_instruction(tid, address)?;
        let decoded = arch::decode(&bytes, address);
        let ground = if Some(&path) == self.program.as_ref() {
            ground_in_program(&path, &image, local)
        } else if is_linker(&path) {
            Ground::Linker
        } else {
            Ground::Library
        };
        let through = decoded.slot.and_then(|slot| {
            let (_, image, slot) = symbols.locate(pid, slot)?;
            image.slot(slot).map(Arc::from)
        });
        let module = path
            .file_name()
            .map_or_else(|| "?".into(), |name| name.to_string_lossy());
        let code = Arc::new(Code {
            does: decoded.does,
            touches: decoded.touches,
            ground,
            module: Arc::from(&*module),
            address: local,
            begins_function: image.begins_function(local),
            through,
            path: Arc::new(path.clone()),
            image,
        });
        self.known.insert(address, Arc::clone(&code));
        Some(code)
    }
}

/// The bytes of an instruction, and perhaps some of those after it.
pub(crate) fn read_instruction(tid: Pid, address: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; arch::LONGEST_INSTRUCTION];
    // At the end of a mapping there are fewer.
    let length = (1..=bytes.len())
        .rev()
        .find(|length| memory::read_bytes(tid, address, &mut bytes[..*length]).is_ok())?;
    bytes.truncate(length);
    Some(bytes)
}

fn is_linker(path: &std::path::Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("ld-"))
}

/// Without debug information, all that has a name in the program counts as its own.
fn ground_in_program(path: &std::path::Path, image: &Image, address: u64) -> Ground {
    if !image.has_lines {
        return if image.is_in_text(address) {
            Ground::Own
        } else {
            Ground::Stub
        };
    }
    let located = image.located(path, address);
    let has_line = located.frames.iter().any(|frame| frame.file.is_some());
    if has_line {
        return if located.frames.first().is_some_and(|frame| frame.library) {
            Ground::BuiltIn
        } else {
            Ground::Own
        };
    }
    // Libraries that were linked into the program have no lines, but names.
    if image.is_in_text(address) {
        Ground::BuiltIn
    } else {
        Ground::Stub
    }
}
