//! Unwind tables that can be evaluated in bounded time.
//!
//! Where a register was saved may be an expression, and an expression may jump: also back, and
//! so for ever (DWARF 5, 2.5.1.5, `DW_OP_skip`, `DW_OP_bra`). Compilers don't make such ones for
//! unwinding, but a program's file may hold anything. Without jumps, evaluating an expression
//! takes as many steps as it has operations.

use gimli::{
    BaseAddresses, CallFrameInstruction, CieOrFde, EhFrame, Encoding, EndianSlice, LittleEndian,
    Operation, UnwindExpression, UnwindSection,
};
use object::{Object, ObjectSection};

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// Whether no expression in a file's unwind table jumps. One that can't be read isn't bounded.
pub(crate) fn is_bounded(file: &object::File<'_>) -> bool {
    let Some(section) = file.section_by_name(".eh_frame") else {
        return true;
    };
    let Ok(data) = section.data() else {
        return false;
    };
    let mut table = EhFrame::new(data, LittleEndian);
    table.set_address_size(8);
    has_no_jumps(
        &table,
        &BaseAddresses::default().set_eh_frame(section.address()),
    )
    .is_ok_and(|it| it)
}

fn has_no_jumps(table: &EhFrame<Bytes<'_>>, bases: &BaseAddresses) -> gimli::Result<bool> {
    let mut entries = table.entries(bases);
    while let Some(entry) = entries.next()? {
        let (cie, mut instructions) = match entry {
            CieOrFde::Cie(cie) => {
                let instructions = cie.instructions(table, bases);
                (cie, instructions)
            }
            CieOrFde::Fde(partial) => {
                let fde = partial.parse(EhFrame::cie_from_offset)?;
                let instructions = fde.instructions(table, bases);
                (fde.cie().clone(), instructions)
            }
        };
        while let Some(instruction) = instructions.next()? {
            let expression = match instruction {
                CallFrameInstruction::DefCfaExpression { expression }
                | CallFrameInstruction::Expression { expression, .. }
                | CallFrameInstruction::ValExpression { expression, .. } => expression,
                _ => continue,
            };
            if jumps(table, expression, cie.encoding())? {
                return Ok(false);
            }
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
