//! Programs whose files are made to do harm to whoever looks into them. Each of these once took
//! for ever, all memory, or siglab with it.

use std::fs;
use std::path::PathBuf;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::debug_info::DebugInfo;
use super::follower::frames_at;
use super::unwind::callers_at;

/// `SHT_PROGBITS`, `SHT_SYMTAB` and `SHT_STRTAB` of elf(5).
const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;

/// `SHF_ALLOC` and `SHF_COMPRESSED`.
const ALLOC: u64 = 2;
const COMPRESSED: u64 = 0x800;

/// Where the code of these programs is.
const TEXT: u64 = 0x1000;

/// A section: its name, type and flags, its address, and what is in it.
struct Section {
    name: &'static str,
    kind: u32,
    flags: u64,
    address: u64,
    bytes: Vec<u8>,
}

fn section(name: &'static str, bytes: impl Into<Vec<u8>>) -> Section {
    Section {
        name,
        kind: PROGBITS,
        flags: 0,
        address: 0,
        bytes: bytes.into(),
    }
}

fn mapped(name: &'static str, address: u64, bytes: impl Into<Vec<u8>>) -> Section {
    Section {
        flags: ALLOC,
        address,
        ..section(name, bytes)
    }
}

/// A file in a temporary folder, as elf(5) describes it; `base` is where its segment wants to
/// be.
struct Elf {
    folder: tempfile::TempDir,
}

impl Elf {
    fn new(base: u64, sections: Vec<Section>) -> Self {
        let mut names = vec![0];
        let mut bytes = vec![0; 64 + 56];
        let mut headers = vec![0; 64];
        let mut all = sections;
        let count = all.len() + 2;
        all.push(Section {
            kind: STRTAB,
            ..section(".shstrtab", Vec::new())
        });
        for it in &all {
            let name = names.len() as u32;
            names.extend(it.name.bytes());
            names.push(0);
            let is_names = it.name == ".shstrtab";
            let content = if is_names { &names } else { &it.bytes };
            let offset = bytes.len() as u64;
            headers.extend(name.to_le_bytes());
            headers.extend(it.kind.to_le_bytes());
            // The symbols' names are in the section after them.
            let link = if it.kind == SYMTAB {
                headers.len() / 64 + 1
            } else {
                0
            } as u32;
            for word in [it.flags, it.address, offset, content.len() as u64] {
                headers.extend(word.to_le_bytes());
            }
            headers.extend(link.to_le_bytes());
            headers.extend(0_u32.to_le_bytes());
            let entry = if it.kind == SYMTAB { 24_u64 } else { 0 };
            headers.extend(8_u64.to_le_bytes());
            headers.extend(entry.to_le_bytes());
            bytes.extend(content);
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        let at = bytes.len() as u64;
        bytes.extend(headers);
        let mut start = b"\x7fELF\x02\x01\x01".to_vec();
        start.resize(16, 0);
        // ET_DYN for x86-64.
        start.extend([3, 0, 62, 0, 1, 0, 0, 0]);
        for word in [TEXT, 64, at] {
            start.extend(word.to_le_bytes());
        }
        start.extend(0_u32.to_le_bytes());
        for half in [64, 56, 1, 64, count as u16, count as u16 - 1] {
            start.extend(half.to_le_bytes());
        }
        // PT_LOAD, readable and executable.
        start.extend([1, 0, 0, 0, 5, 0, 0, 0]);
        for word in [0, base, base, 0x10_0000, 0x10_0000, 0x1000_u64] {
            start.extend(word.to_le_bytes());
        }
        bytes[..start.len()].copy_from_slice(&start);
        let elf = Self {
            folder: tempfile::tempdir().expect("there is room"),
        };
        fs::write(elf.path(), bytes).expect("there is room");
        elf
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("program")
    }

    fn info(&self) -> Option<DebugInfo> {
        DebugInfo::read(&self.path())
    }
}

/// DWARF 5 for x86-64 of one unit: abbreviations as of 7.5.3, and what follows the header.
fn unit(entries: &[u8]) -> Vec<u8> {
    let mut unit = vec![5, 0, 1, 8, 0, 0, 0, 0];
    unit.extend(entries);
    let mut info = (unit.len() as u32).to_le_bytes().to_vec();
    info.extend(unit);
    info
}

/// `DW_AT_low_pc` as an address, and `DW_AT_high_pc` as four bytes of length.
const RANGE: [u8; 4] = [0x11, 0x01, 0x12, 0x06];

/// 1: a unit; 2: a function called by a string in it; 3: one that was compiled into it. All with
/// children and a range.
fn abbreviations() -> Vec<u8> {
    let mut bytes = Vec::new();
    for (code, tag, name) in [(1, 0x11, false), (2, 0x2e, true), (3, 0x1d, true)] {
        bytes.extend([code, tag, 1]);
        if name {
            // DW_AT_name, DW_FORM_string.
            bytes.extend([0x03, 0x08]);
        }
        bytes.extend(RANGE);
        bytes.extend([0, 0]);
    }
    bytes.push(0);
    bytes
}

fn range(bytes: &mut Vec<u8>) {
    bytes.extend(TEXT.to_le_bytes());
    bytes.extend(0x100_u32.to_le_bytes());
}

/// A function with so many compiled into each other.
fn inlined(depth: usize) -> Vec<Section> {
    let mut entries = vec![1];
    range(&mut entries);
    entries.extend(b"\x02f\0");
    range(&mut entries);
    for _ in 0..depth {
        entries.extend(b"\x03g\0");
        range(&mut entries);
    }
    entries.extend(vec![0; depth + 2]);
    vec![
        section(".debug_abbrev", abbreviations()),
        section(".debug_info", unit(&entries)),
        section(".debug_line", Vec::new()),
        mapped(".text", TEXT, vec![0x90; 0x100]),
    ]
}

#[test]
fn functions_may_be_compiled_into_each_other_so_deep() {
    for (depth, found) in [(0, 1), (40, 41), (256, 257), (257, 0), (200_000, 0)] {
        let info = Elf::new(0, inlined(depth)).info();
        let places = info.map_or(0, |info| info.places(TEXT).len());
        assert_eq!(places, found, "{depth}");
    }
}

/// Each of many functions has all of many ranges: more than memory holds.
#[test]
fn ranges_that_many_share_are_not_read_for_ever() {
    let shared = |count: usize| {
        // 1: a unit; 2: a function with DW_AT_ranges, DW_FORM_sec_offset.
        let mut abbreviations = vec![1, 0x11, 1];
        abbreviations.extend(RANGE);
        abbreviations.extend([0, 0, 2, 0x2e, 0, 0x55, 0x17, 0, 0, 0]);
        let mut entries = vec![1];
        range(&mut entries);
        for _ in 0..count {
            entries.push(2);
            entries.extend(12_u32.to_le_bytes());
        }
        entries.push(0);
        let mut lists = vec![5, 0, 8, 0, 0, 0, 0, 0];
        for _ in 0..count {
            // DW_RLE_start_length
            lists.push(7);
            lists.extend(TEXT.to_le_bytes());
            lists.push(1);
        }
        lists.push(0);
        let mut rnglists = (lists.len() as u32).to_le_bytes().to_vec();
        rnglists.extend(lists);
        Elf::new(
            0,
            vec![
                section(".debug_abbrev", abbreviations),
                section(".debug_info", unit(&entries)),
                section(".debug_rnglists", rnglists),
                section(".debug_line", Vec::new()),
                mapped(".text", TEXT, vec![0x90; 0x100]),
            ],
        )
    };
    for (count, found) in [(10, 1), (100_000, 0)] {
        let info = shared(count).info().expect("it is sound");
        assert_eq!(info.places(TEXT).len(), found, "{count}");
        assert_eq!(info.places(TEXT).len(), found, "{count}, again");
    }
}

#[test]
fn sections_unfold_to_what_they_say_within_bounds() {
    let folded = |kind: u32, says: u64, bytes: &[u8]| {
        let mut header = kind.to_le_bytes().to_vec();
        header.extend([0; 4]);
        header.extend(says.to_le_bytes());
        header.extend(1_u64.to_le_bytes());
        header.extend(bytes);
        let mut sections = inlined(0);
        sections[1].flags = COMPRESSED;
        sections[1].bytes = header;
        Elf::new(0, sections).info().map(|it| it.places(TEXT).len())
    };
    let fold = |bytes: &[u8]| {
        let mut folding =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut folding, bytes).expect("there is room");
        folding.finish().expect("there is room")
    };
    let plain = inlined(0).swap_remove(1).bytes;
    let length = plain.len() as u64;
    let bomb = fold(&vec![0; 64 << 20]);
    // ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD
    for (kind, says, bytes, found) in [
        (1, length, &fold(&plain), Some(1)),
        (1, length - 1, &fold(&plain), None),
        (1, length + 1, &fold(&plain), None),
        (1, u64::MAX, &fold(&plain), None),
        (1, 1 << 40, &bomb, None),
        (1, length, &bomb, None),
        (1, length, &plain, None),
        (2, length, &plain, None),
    ] {
        let is_found = folded(kind, says, bytes);
        // What unfolds to something else may have no functions.
        assert_eq!(is_found.filter(|it| *it > 0), found, "{kind} {says}");
    }
}

/// Split debugging information names a file; that it is a FIFO makes nobody wait.
#[test]
fn no_other_file_is_opened() {
    let mut sections = inlined(0);
    // 1: a skeleton unit with DW_AT_dwo_name and DW_AT_comp_dir as strings; its header has an id.
    sections[0].bytes = vec![1, 0x4a, 0, 0x76, 0x08, 0x1b, 0x08];
    sections[0].bytes.extend(RANGE);
    sections[0].bytes.extend([0, 0, 0]);
    let folder = tempfile::tempdir().expect("there is room");
    for name in ["fifo", "program.dwp"] {
        mkfifo(&folder.path().join(name), Mode::S_IRWXU).expect("FIFOs can be made");
    }
    let mut entries = vec![5, 0, 4, 8, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1];
    entries.extend(b"fifo\0");
    entries.extend(folder.path().to_str().expect("it is UTF-8").bytes());
    entries.push(0);
    range(&mut entries);
    sections[1].bytes = (entries.len() as u32).to_le_bytes().to_vec();
    sections[1].bytes.extend(entries);
    let elf = Elf::new(0, sections);
    mkfifo(&elf.path().with_extension("dwp"), Mode::S_IRWXU).expect("FIFOs can be made");
    assert_eq!(elf.info().map(|it| it.places(TEXT).len()), Some(0));
}

/// An unwind table of one function, and an index to it. Its CFA is the stack pointer and 8, and
/// its caller's address below it.
fn table(change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) -> Vec<Section> {
    const FRAMES: u32 = 0x2000;
    const INDEX: u32 = 0x3000;
    let mut frames = vec![
        0x14, 0, 0, 0, 0, 0, 0, 0, 1, b'z', b'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0,
        0,
    ];
    frames.extend([0x14, 0, 0, 0, 0x1c, 0, 0, 0]);
    frames.extend((TEXT as u32).wrapping_sub(FRAMES + 32).to_le_bytes());
    frames.extend([0, 1, 0, 0]);
    frames.resize(24 + 24, 0);
    frames.extend([0; 4]);
    let mut index = vec![1, 0x1b, 0x03, 0x3b];
    index.extend(FRAMES.wrapping_sub(INDEX + 4).to_le_bytes());
    index.extend(1_u32.to_le_bytes());
    index.extend((TEXT as u32).wrapping_sub(INDEX).to_le_bytes());
    index.extend((FRAMES + 24).wrapping_sub(INDEX).to_le_bytes());
    change(&mut frames, &mut index);
    vec![
        mapped(".text", TEXT, vec![0x90; 0x100]),
        mapped(".eh_frame", FRAMES.into(), frames),
        mapped(".eh_frame_hdr", INDEX.into(), index),
    ]
}

#[test]
fn an_unwind_table_is_taken_only_if_all_of_it_is_sound() {
    let callers = |sections| {
        let elf = Elf::new(0, sections);
        callers_at(&elf.path(), TEXT + 0x10, &[0x40_0001, 7, 0x50_0001])
    };
    let own = callers(table(|_, _| {}));
    assert_eq!(own.get(1), Some(&0x40_0000), "{own:x?}");
    // Without it, frame pointers are all that there is.
    let without = callers(vec![mapped(".text", TEXT, vec![0x90; 0x100])]);
    assert_ne!(own, without);
    let change = |at: usize, to: &[u8]| {
        callers(table(|frames, _| {
            frames[at..at + to.len()].copy_from_slice(to)
        }))
    };
    let change_index = |at: usize, to: &[u8]| {
        callers(table(|_, index| {
            index[at..at + to.len()].copy_from_slice(to)
        }))
    };
    for (what, found) in [
        (
            "what is common is within another entry",
            change(28, &[0x14]),
        ),
        ("what is common is the function's own", change(28, &[4])),
        (
            "an expression jumps back",
            change(17, &[0x0f, 3, 0x2f, 0xfd, 0xff]),
        ),
        ("the table begins elsewhere", change_index(4, &[0xff; 4])),
        (
            "the table begins nowhere",
            change_index(4, &[0, 0, 0, 0x80]),
        ),
        (
            "the index leads to what is common",
            change_index(16, &0xffff_f000_u32.to_le_bytes()),
        ),
        (
            "the index leads out of the table",
            change_index(16, &[0, 0, 0, 0x40]),
        ),
        (
            "the index is longer than it is",
            change_index(8, &[0xff; 4]),
        ),
    ] {
        assert_eq!(found, without, "{what}");
    }
}

/// Addresses at which sums overflow, and that no process can have.
#[test]
fn addresses_may_be_any() {
    let end = u64::MAX - 0xff;
    for base in [0, 1 << 46, 1 << 47, end] {
        for address in [0, TEXT, 1 << 46, end] {
            let mut sections = table(|_, _| {});
            for section in &mut sections {
                section.address = section.address.wrapping_add(address);
            }
            let mut symbols = vec![0; 24];
            for start in [TEXT, end, u64::MAX] {
                // STT_FUNC, in section 1.
                symbols.extend([1, 0, 0, 0, 2, 0, 1, 0]);
                symbols.extend(start.to_le_bytes());
                symbols.extend(u64::MAX.to_le_bytes());
            }
            sections.push(Section {
                kind: SYMTAB,
                ..section(".symtab", symbols)
            });
            sections.push(Section {
                kind: STRTAB,
                ..section(".strtab", b"\0f\0")
            });
            let elf = Elf::new(base, sections);
            for at in [0, TEXT, TEXT + 1, base, address, end, u64::MAX] {
                let frames = frames_at(&elf.path(), at);
                let is_found = base < 1 << 47 && (TEXT..end).contains(&at) && at < 1 << 47;
                let name = frames.first().and_then(|it| it.function.as_deref());
                assert_eq!(name, is_found.then_some("f"), "{base:x} {address:x} {at:x}");
                let _ = callers_at(&elf.path(), at, &[1, 2, 3]);
            }
        }
    }
}

/// A name takes room once in the file, and once for each symbol in memory.
#[test]
fn symbols_share_no_more_names_than_fit() {
    const COUNT: usize = 100_000;
    let with_name = |length: usize| {
        let mut symbols = vec![0; 24];
        for at in 0..COUNT as u64 {
            symbols.extend([1, 0, 0, 0, 2, 0, 1, 0]);
            symbols.extend((TEXT + at).to_le_bytes());
            symbols.extend(1_u64.to_le_bytes());
        }
        let mut names = vec![b'f'; length + 2];
        names[0] = 0;
        names[length + 1] = 0;
        let elf = Elf::new(
            0,
            vec![
                mapped(".text", TEXT, vec![0x90; 0x100]),
                Section {
                    kind: SYMTAB,
                    ..section(".symtab", symbols)
                },
                Section {
                    kind: STRTAB,
                    ..section(".strtab", names)
                },
            ],
        );
        let name = |at| frames_at(&elf.path(), TEXT + at).swap_remove(0).function;
        [0, COUNT as u64 - 1].map(|at| name(at).is_some())
    };
    assert_eq!(with_name(8), [true, true]);
    assert_eq!(with_name(4000), [true, false]);
    assert_eq!(with_name(1 << 20), [false, false]);
}
