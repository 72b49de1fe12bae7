//! Unwind tables that can be evaluated in bounded time.
//!
//! A table is made of entries of two kinds: what several functions have in common, and, for
//! each function, which of those it builds on. A program's file may hold anything there, so
//! every entry is looked at once, and what an unwinder would find that isn't one of them
//! makes the table unusable: a function whose common part is somewhere in the middle of
//! another entry, an index that leads elsewhere.
//!
//! Where a register was saved may be an expression, and an expression may jump: also back, and
//! so for ever (DWARF 5, 2.5.1.5, `DW_OP_skip`, `DW_OP_bra`). Compilers don't make such ones for
//! unwinding. Without jumps, evaluating an expression takes as many steps as it has operations.

use std::collections::{HashMap, HashSet};

use gimli::{
    BaseAddresses, CallFrameInstruction, CallFrameInstructionIter, CieOrFde,
    CommonInformationEntry, EhFrame, EhFrameHdr, EhFrameOffset, Encoding, EndianSlice,
    LittleEndian, Operation, UnwindExpression, UnwindSection,
};
use object::{Object, ObjectSection};

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// The most bytes of a table; the C library's has a thousandth of that.
const MOST_BYTES: usize = 64 << 20;

/// The most bytes of an entry. It is read again for each frame of each stack; the largest of a
/// compiler's have some thousand.
const MOST_IN_ENTRY: usize = 64 << 10;

/// Whether a file's unwind table, and the index to it, can be used. What can't be read can't.
pub(crate) fn is_bounded(file: &object::File<'_>) -> bool {
    let Some(section) = file.section_by_name(".eh_frame") else {
        return true;
    };
    let Ok(data) = section.data() else {
        return false;
    };
    if data.len() > MOST_BYTES {
        return false;
    }
    let mut table = EhFrame::new(data, LittleEndian);
    table.set_address_size(8);
    let address = |name| file.section_by_name(name).map_or(0, |it| it.address());
    let bases = BaseAddresses::default()
        .set_eh_frame(section.address())
        .set_eh_frame_hdr(address(".eh_frame_hdr"))
        .set_text(address(".text"))
        .set_got(address(".got"));
    let Ok(Some(functions)) = functions(&table, &bases) else {
        return false;
    };
    let Some(index) = file.section_by_name(".eh_frame_hdr") else {
        return true;
    };
    let leads_there = |address: u64| {
        let offset = address.checked_sub(section.address());
        offset.is_some_and(|it| functions.contains(&it))
    };
    index.data().is_ok_and(|data| {
        is_index(data, &bases, section.address(), &leads_there).is_ok_and(|it| it)
    })
}

/// The offsets of the functions' entries; nothing if one of them isn't as it should be.
fn functions(
    table: &EhFrame<Bytes<'_>>,
    bases: &BaseAddresses,
) -> gimli::Result<Option<HashSet<u64>>> {
    let mut common: HashMap<usize, CommonInformationEntry<Bytes<'_>>> = HashMap::new();
    let mut functions = HashSet::new();
    let mut entries = table.entries(bases);
    while let Some(entry) = entries.next()? {
        let (length, is_sound) = match entry {
            CieOrFde::Cie(cie) => {
                let is_sound = are_sound(table, cie.instructions(table, bases), cie.encoding())?;
                let length = cie.entry_len();
                common.insert(cie.offset(), cie);
                (length, is_sound)
            }
            CieOrFde::Fde(partial) => {
                let EhFrameOffset(of) = partial.cie_offset();
                let Some(cie) = common.get(&of) else {
                    return Ok(None);
                };
                let fde = partial.parse(|_, _, _| Ok(cie.clone()))?;
                functions.insert(fde.offset() as u64);
                let instructions = fde.instructions(table, bases);
                let is_sound = are_sound(table, instructions, cie.encoding())?;
                (fde.entry_len(), is_sound)
            }
        };
        if length > MOST_IN_ENTRY || !is_sound {
            return Ok(None);
        }
    }
    Ok(Some(functions))
}

/// Whether all that the index has are entries of functions.
fn is_index(
    data: &[u8],
    bases: &BaseAddresses,
    of: u64,
    leads_there: &dyn Fn(u64) -> bool,
) -> gimli::Result<bool> {
    let index = EhFrameHdr::new(data, LittleEndian).parse(bases, 8)?;
    let Some(table) = index.table() else {
        return Ok(true);
    };
    // It says where the table is; offsets are taken from there.
    if index.eh_frame_ptr().direct() != Ok(of) {
        return Ok(false);
    }
    let mut entries = table.iter(bases);
    while let Some((_, to)) = entries.next()? {
        if !leads_there(to.direct()?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether none of these instructions has an expression that jumps.
fn are_sound(
    table: &EhFrame<Bytes<'_>>,
    mut instructions: CallFrameInstructionIter<'_, Bytes<'_>>,
    encoding: Encoding,
) -> gimli::Result<bool> {
    while let Some(instruction) = instructions.next()? {
        let expression = match instruction {
            CallFrameInstruction::DefCfaExpression { expression }
            | CallFrameInstruction::Expression { expression, .. }
            | CallFrameInstruction::ValExpression { expression, .. } => expression,
            _ => continue,
        };
        if jumps(table, expression, encoding)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn jumps(
    table: &EhFrame<Bytes<'_>>,
    expression: UnwindExpression<usize>,
    encoding: Encoding,
) -> gimli::Result<bool> {
    let mut operations = expression.get(table)?.operations(encoding);
    while let Some(operation) = operations.next()? {
        if matches!(operation, Operation::Skip { .. } | Operation::Bra { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}
