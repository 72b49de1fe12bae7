//! Stacks: which functions called which, from a task's registers and memory.
//!
//! A handler's stack and that of the code it interrupted are walked separately, each from
//! registers that the engine has seen: the unwind tables of the kernel's signal frame
//! needn't be understood.

use std::path::Path;

use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};
use framehop::{ExplicitModuleSectionInfo, Module, Unwinder};
use siglab_model::Frame;

use crate::arch::Regs;
use crate::run::Run;
use crate::stack::{Bytes, Image, mapped_image};
use crate::sys::proc::NamedFile;
use crate::sys::{Pid, memory, proc, ptrace};

/// Frames of one stack at the most: endless recursion has more.
const MOST_FRAMES: usize = 64;

impl Run<'_> {
    /// The stack of a task in a ptrace-stop, innermost call first.
    pub(crate) fn user_stack(&mut self, tid: Pid) -> Vec<Frame> {
        match ptrace::regs(tid) {
            Ok(regs) => self.walk(tid, &regs, None),
            Err(_) => Vec::new(),
        }
    }

    /// The stack of a waiting task, innermost call first, and that of the code which its
    /// innermost handler interrupted.
    pub(crate) fn stacks(&mut self, tid: Pid) -> (Vec<Frame>, Vec<Frame>) {
        let Ok(task) = self.task(tid) else {
            return (Vec::new(), Vec::new());
        };
        let handler = task.handlers.last().cloned();
        let now = match &task.call {
            Some(call) => call.entry,
            None => match ptrace::regs(tid) {
                Ok(regs) => regs,
                Err(_) => return (Vec::new(), Vec::new()),
            },
        };
        // The handler's return address is that of the code that calls rt_sigreturn.
        let restorer = handler
            .as_ref()
            .and_then(|h| memory::read::<u64>(tid, h.sp).ok());
        let stack = self.walk(tid, &now, restorer);
        let interrupted = handler
            .map(|h| self.walk(tid, &h.interrupted, None))
            .unwrap_or_default();
        (stack, interrupted)
    }

    fn walk(&mut self, tid: Pid, regs: &Regs, until: Option<u64>) -> Vec<Frame> {
        let Ok(pid) = self.task(tid).map(|task| task.pid) else {
            return Vec::new();
        };
        let mut frames = Vec::new();
        for address in addresses(pid, tid, regs) {
            if until.is_some_and(|until| address + 1 == until || address == until) {
                break;
            }
            let Some((path, image, address)) = self.symbols.locate(pid, address) else {
                continue;
            };
            frames.extend(image.located(&path, address).frames.iter().cloned());
        }
        // What comes before main is the same for every program.
        if let Some(main) = frames
            .iter()
            .position(|f| f.function.as_deref() == Some("main"))
        {
            frames.truncate(main + 1);
        }
        frames
    }
}

/// The addresses of the instructions that are being executed or called from.
fn addresses(pid: Pid, tid: Pid, regs: &Regs) -> Vec<u64> {
    let mut unwinder = UnwinderX86_64::<Bytes>::new();
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
    let mut cache = CacheX86_64::<_>::new();
    let registers = UnwindRegsX86_64::new(regs.ip(), regs.sp(), regs.frame_pointer());
    let mut read = |address| memory::read::<u64>(tid, address).map_err(|_| ());
    let mut frames = unwinder.iter_frames(regs.ip(), registers, &mut cache, &mut read);
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
