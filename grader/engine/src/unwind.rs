//! Stacks: which functions called which, from a task's registers and memory.
//!
//! A handler's stack and that of the code it interrupted are walked separately, each from
//! registers that the engine has seen: the unwind tables of the kernel's signal frame
//! needn't be understood.

use std::path::{Path, PathBuf};

use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};
use framehop::{ExplicitModuleSectionInfo, Module, Unwinder};
use object::{Object, ObjectSection, ObjectSegment};
use siglab_model::Frame;

use crate::arch::Regs;
use crate::run::Run;
use crate::sys::{Pid, memory, proc, ptrace};

/// Frames of one stack at the most: endless recursion has more.
const MOST_FRAMES: usize = 64;

/// Where an address is in a file.
struct Place {
    path: PathBuf,
    /// The address in the file's own terms.
    address: u64,
}

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
            let place = self
                .symbols
                .locate(pid, address)
                .map(|(path, _, address)| Place { path, address });
            let Some(place) = place else { continue };
            let symbol = self.function_at(tid, address);
            frames.extend(describe(&place, symbol));
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
    let mut unwinder = UnwinderX86_64::<Vec<u8>>::new();
    let mappings = proc::mappings(pid);
    let mut paths: Vec<&PathBuf> = mappings
        .iter()
        .filter(|m| m.executable)
        .filter_map(|m| m.path.as_ref())
        .collect();
    paths.dedup();
    for path in paths {
        let of_path = || {
            mappings
                .iter()
                .filter(|mapping| mapping.path.as_ref() == Some(path))
        };
        let start = of_path().map(|mapping| mapping.start).min().unwrap_or(0);
        let end = of_path().map(|mapping| mapping.end).max().unwrap_or(0);
        if let Some(module) = module(path, start, end) {
            unwinder.add_module(module);
        }
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

fn module(path: &Path, start: u64, end: u64) -> Option<Module<Vec<u8>>> {
    let bytes = std::fs::read(path).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    let base = file
        .segments()
        .map(|segment| segment.address())
        .min()
        .unwrap_or(0);
    let section = |name: &str| {
        let section = file.section_by_name(name)?;
        let range = section.address()..section.address() + section.size();
        Some((range, section.data().ok()?.to_vec()))
    };
    let (text_svma, text) = section(".text").unzip();
    let (eh_frame_svma, eh_frame) = section(".eh_frame").unzip();
    let (eh_frame_hdr_svma, eh_frame_hdr) = section(".eh_frame_hdr").unzip();
    let got_svma = section(".got").map(|(range, _)| range);
    let info = ExplicitModuleSectionInfo {
        base_svma: base,
        text_svma,
        text,
        got_svma,
        eh_frame_svma,
        eh_frame,
        eh_frame_hdr_svma,
        eh_frame_hdr,
        ..Default::default()
    };
    Some(Module::new(
        path.to_string_lossy().into_owned(),
        start..end,
        start,
        info,
    ))
}

/// The functions at an address, innermost first: several if some were inlined.
fn describe(place: &Place, symbol: Option<String>) -> Vec<Frame> {
    let module = place
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let from_symbol = |symbol| Frame {
        function: symbol,
        module: module.clone(),
        file: None,
        line: None,
    };
    let Ok(loader) = addr2line::Loader::new(&place.path) else {
        return vec![from_symbol(symbol)];
    };
    let mut frames = Vec::new();
    if let Ok(mut found) = loader.find_frames(place.address) {
        while let Ok(Some(frame)) = found.next() {
            let function = frame.function.as_ref().and_then(|name| {
                name.demangle()
                    .ok()
                    .map(|name| crate::stack::without_hash(&name))
            });
            let (file, line) = match &frame.location {
                Some(location) => (location.file.map(file_name), location.line),
                None => (None, None),
            };
            if function.is_some() || file.is_some() {
                let function = function.or_else(|| symbol.clone());
                frames.push(Frame {
                    function,
                    module: module.clone(),
                    file,
                    line,
                });
            }
        }
    }
    if frames.is_empty() {
        frames.push(from_symbol(symbol));
    }
    frames
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}
