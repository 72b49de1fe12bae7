//! Stacks: which functions called which, from a task's registers and memory.
//!
//! A handler's stack and that of the code it interrupted are walked separately, each from
//! registers that the engine has seen: the unwind tables of the kernel's signal frame
//! needn't be understood.

use std::path::Path;

use framehop::{ExplicitModuleSectionInfo, Module, Unwinder as _};

use crate::inspect::symbols::{Bytes, Image, image, mapped_image};
use crate::kernel::arch::{Regs, UnwindCache, UnwindRegs, Unwinder, unwind_from, unwind_with};
use crate::kernel::sys::proc::NamedFile;
use crate::kernel::sys::{Pid, memory, proc};

/// Frames of one stack at the most: endless recursion has more.
const MOST_FRAMES: usize = 64;

/// The addresses of the instructions that are being executed or called from.
pub(crate) fn addresses(pid: Pid, tid: Pid, regs: &Regs) -> Vec<u64> {
    let mut unwinder = Unwinder::<Bytes>::new();
    let mappings = proc::mappings(pid);
    let mut files: Vec<&NamedFile> = mappings
        .iter()
        .filter(|m| m.executable)
        .filter_map(|m| m.file.as_ref())
        .collect();
    files.dedup();
    for file in files {
        let of_file = || {
            mappings
                .iter()
                .filter(|mapping| mapping.file.as_ref() == Some(file))
        };
        let start = of_file().map(|mapping| mapping.start).min().unwrap_or(0);
        let end = of_file().map(|mapping| mapping.end).max().unwrap_or(0);
        let image = mapped_image(pid, file);
        unwinder.add_module(module(&file.path, &image, start, end));
    }
    let mut read = |address| memory::read::<u64>(tid, address).map_err(|_| ());
    walk(&unwinder, regs.ip(), unwind_from(regs), &mut read)
}

/// The addresses of the callers of what is at `address` in a file, by its unwind table, on a
/// stack with these words: what a stack walk does with a file, without a process that has it.
#[must_use]
pub fn callers_at(path: &Path, address: u64, stack: &[u64]) -> Vec<u64> {
    /// Where the file and the stack are.
    const FILE: u64 = 0x5555_5555_4000;
    const STACK: u64 = 0x7fff_ffff_0000;
    let image = image(path);
    let mut unwinder = Unwinder::<Bytes>::new();
    unwinder.add_module(module(path, &image, FILE, STACK));
    let address = image.mapped_at(address, FILE);
    let mut read = |address: u64| {
        let at = usize::try_from(address.wrapping_sub(STACK) / 8).map_err(drop)?;
        stack.get(at).copied().ok_or(())
    };
    walk(
        &unwinder,
        address,
        unwind_with(address, STACK, STACK + 16),
        &mut read,
    )
}

fn walk(
    unwinder: &Unwinder<Bytes>,
    address: u64,
    regs: UnwindRegs,
    read: &mut dyn FnMut(u64) -> Result<u64, ()>,
) -> Vec<u64> {
    let mut cache = UnwindCache::new();
    let mut read = |address| read(address);
    let mut frames = unwinder.iter_frames(address, regs, &mut cache, &mut read);
    let mut found = Vec::new();
    while let Ok(Some(frame)) = frames.next() {
        found.push(frame.address_for_lookup());
        if found.len() == MOST_FRAMES {
            break;
        }
    }
    found
}

fn module(path: &Path, image: &Image, start: u64, end: u64) -> Module<Bytes> {
    let section = |name: &str| {
        let (address, bytes) = image.sections.get(name)?;
        Some((*address..*address + bytes.len() as u64, Bytes::clone(bytes)))
    };
    let (text_svma, text) = section(".text").unzip();
    let (eh_frame_svma, eh_frame) = section(".eh_frame").unzip();
    let (eh_frame_hdr_svma, eh_frame_hdr) = section(".eh_frame_hdr").unzip();
    let got_svma = section(".got").map(|(range, _)| range);
    let info = ExplicitModuleSectionInfo {
        base_svma: image.base,
        text_svma,
        text,
        got_svma,
        eh_frame_svma,
        eh_frame,
        eh_frame_hdr_svma,
        eh_frame_hdr,
        ..Default::default()
    };
    Module::new(path.to_string_lossy().into_owned(), start..end, start, info)
}
