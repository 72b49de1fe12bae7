//! x86-64: registers (`user_regs_struct`), the syscall calling convention, syscall names.

mod syscalls;

use libc::{c_long, user_regs_struct};

use crate::kernel::syscalls::Sys;

pub(crate) use syscalls::{number_of, syscall};

/// The registers of a stopped task.
#[derive(Clone, Copy)]
pub(crate) struct Regs(pub(crate) user_regs_struct);

impl std::fmt::Debug for Regs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Regs")
            .field("number", &self.number())
            .field("result", &self.result())
            .field("ip", &format_args!("{:#x}", self.ip()))
            .field("sp", &format_args!("{:#x}", self.sp()))
            .finish()
    }
}

impl Regs {
    /// The number of the system call that the task is in; -1 if it is in none.
    pub(crate) fn number(&self) -> c_long {
        self.0.orig_rax as c_long
    }

    /// The system call that the task is in; `None` if it is in none, or in one that doesn't
    /// exist.
    pub(crate) fn sys(&self) -> Option<Sys> {
        syscall(self.number())
    }

    pub(crate) fn set_number(&mut self, number: c_long) {
        self.0.orig_rax = number as u64;
    }

    /// At a stop before a system call: makes it one that waits for a signal and nothing else,
    /// and takes no arguments.
    pub(crate) fn pause_instead(&mut self) {
        self.set_number(libc::SYS_pause);
    }

    /// Argument `index`, 0 to 5, of the system call.
    pub(crate) fn arg(&self, index: usize) -> u64 {
        let r = &self.0;
        [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9][index]
    }

    pub(crate) fn set_arg(&mut self, index: usize, value: u64) {
        let r = &mut self.0;
        *[
            &mut r.rdi, &mut r.rsi, &mut r.rdx, &mut r.r10, &mut r.r8, &mut r.r9,
        ][index] = value;
    }

    /// What the system call returned.
    pub(crate) fn result(&self) -> i64 {
        self.0.rax as i64
    }

    pub(crate) fn set_result(&mut self, value: i64) {
        self.0.rax = value as u64;
    }

    /// At a stop before a system call: it isn't made, and returns `value`. At a stop
    /// after an interrupted one: it isn't restarted, and returns `value`.
    pub(crate) fn skip_call(&mut self, value: i64) {
        self.set_number(-1);
        self.set_result(value);
    }

    pub(crate) fn ip(&self) -> u64 {
        self.0.rip
    }

    /// Whether the task runs 32-bit code: its code segment is `__USER32_CS` of asm/segment.h.
    pub(crate) fn is_32_bit(&self) -> bool {
        const USER32_CS: u64 = 0x23;
        self.0.cs == USER32_CS
    }

    /// At rt_sigreturn(2): where the signal mask is that it puts back, `uc_sigmask` of the
    /// `ucontext` on the stack. arch/x86/include/asm/sigframe.h, uapi/asm/ucontext.h.
    pub(crate) fn mask_in_frame(&self) -> u64 {
        /// After `uc_flags`, `uc_link`, `uc_stack` and `uc_mcontext`.
        const MASK: u64 = 8 + 8 + 24 + 256;
        self.sp() + MASK
    }

    pub(crate) fn sp(&self) -> u64 {
        self.0.rsp
    }

    /// In a handler's call of sigreturn(2): the stack pointer at the handler's first
    /// instruction. Its `ret` has taken one word, the address of the restorer, off the stack.
    pub(crate) fn sp_of_handler(&self) -> u64 {
        self.0.rsp - 8
    }

    /// Makes it call a function, with this much of the stack below `sp` and with an address to
    /// return to at which nothing is ever executed. Returns where that address has to be written.
    pub(crate) fn call_function(&mut self, function: u64, sp: u64) -> u64 {
        self.0.rsp = sp - 8;
        self.0.rip = function;
        sp - 8
    }

    fn frame_pointer(&self) -> u64 {
        self.0.rbp
    }

    /// At a `syscall` instruction, about to make this call.
    pub(crate) fn make_call(&mut self, at: u64, sys: Sys, args: [u64; 4]) {
        self.0.rip = at;
        self.0.rax = number_of(sys).unwrap_or(-1) as u64;
        self.set_number(-1);
        for (index, value) in args.into_iter().enumerate() {
            self.set_arg(index, value);
        }
    }

    pub(crate) fn set_ip(&mut self, address: u64) {
        self.0.rip = address;
    }

    /// Goes over an instruction of this many bytes.
    pub(crate) fn advance_ip(&mut self, bytes: u64) {
        self.0.rip += bytes;
    }

    /// Goes back to before the `syscall` instruction that was just executed, so that
    /// `number` is called again with the same arguments. Until then it is in no call: its number
    /// is no result.
    pub(crate) fn call_again(&mut self, number: c_long) {
        self.0.rip -= SYSCALL_LENGTH;
        self.0.rax = number as u64;
        self.set_number(-1);
    }

    /// Undoes [`Regs::call_again`]: the call isn't made, and returned `value`.
    pub(crate) fn end_call(&mut self, value: i64) {
        self.0.rip += SYSCALL_LENGTH;
        self.skip_call(value);
    }

    /// The result of reading the time-stamp counter, in `edx:eax`; and for `rdtscp` the
    /// processor's number, in `ecx`.
    pub(crate) fn set_time_stamp(&mut self, value: u64, with_processor: bool) {
        self.0.rax = value & 0xffff_ffff;
        self.0.rdx = value >> 32;
        if with_processor {
            self.0.rcx = 0;
        }
    }

    /// Whether all registers but those for vectors are the same.
    pub(crate) fn are_equal(&self, other: &Self) -> bool {
        let bases = |regs: &Self| (regs.0.fs_base, regs.0.gs_base, regs.0.rip, regs.0.eflags);
        bases(self) == bases(other) && self.general() == other.general()
    }

    /// The registers for integers and addresses, in the order in which instructions number
    /// them.
    fn general(&self) -> [u64; 16] {
        let r = &self.0;
        [
            r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8, r.r9, r.r10, r.r11,
            r.r12, r.r13, r.r14, r.r15,
        ]
    }

    /// The values of these registers; flags last. Without other registers.
    pub(crate) fn values(&self, needs: &Needs) -> Vec<u64> {
        /// Without the flags by which debuggers step, the trap flag and the resume flag:
        /// Intel's manual, volume 1, 3.4.3.
        const STEPPING: u64 = 1 << 8 | 1 << 16;
        let general = self.general().into_iter().enumerate();
        general
            .filter(|(number, _)| needs.general & (1 << number) != 0)
            .map(|(_, value)| value)
            .chain((needs.flags != 0).then_some(self.0.eflags & !STEPPING))
            .collect()
    }

    /// Whether these registers have the same values as in `other`.
    pub(crate) fn agrees(&self, other: &Self, needs: &Needs) -> bool {
        let bases = |regs: &Self| (regs.0.fs_base, regs.0.gs_base);
        bases(self) == bases(other) && self.values(needs) == other.values(needs)
    }

    /// The value of a register of the processor's, in iced's terms.
    fn value_of(&self, register: iced_x86::Register) -> Option<u64> {
        use iced_x86::Register as R;
        let r = &self.0;
        let whole = match register.full_register() {
            R::RAX => r.rax,
            R::RBX => r.rbx,
            R::RCX => r.rcx,
            R::RDX => r.rdx,
            R::RSI => r.rsi,
            R::RDI => r.rdi,
            R::RBP => r.rbp,
            R::RSP => r.rsp,
            R::R8 => r.r8,
            R::R9 => r.r9,
            R::R10 => r.r10,
            R::R11 => r.r11,
            R::R12 => r.r12,
            R::R13 => r.r13,
            R::R14 => r.r14,
            R::R15 => r.r15,
            R::FS => r.fs_base,
            R::GS => r.gs_base,
            R::CS | R::DS | R::ES | R::SS => 0,
            _ => return None,
        };
        Some(match register.size() {
            4 => whole & 0xffff_ffff,
            _ => whole,
        })
    }
}

/// The set of registers that holds those of floating-point and vector instructions:
/// `NT_X86_XSTATE` of linux/elf.h.
pub(crate) const EXTENDED_STATE: usize = 0x202;

/// No instruction is longer, in bytes.
pub(crate) const LONGEST_INSTRUCTION: usize = 15;

/// The instruction that stops a program when it gets there: `int3`.
pub(crate) const BREAKPOINT: Patch = [0xcc];

/// The code that a breakpoint takes the place of.
pub(crate) type Patch = [u8; 1];

/// Where a program is when it has run into a breakpoint at `address`: after it.
pub(crate) const fn after_breakpoint(address: u64) -> u64 {
    address + BREAKPOINT.len() as u64
}

/// A place on the stack below all that is in use there, also by what comes between here and the
/// red zone: the ABI lets a function use 128 bytes below its stack pointer.
pub(crate) const fn scratch(regs: &Regs, below: u64) -> u64 {
    (regs.0.rsp - 128 - below) & !15
}

/// The unwinder, its cache, and what it begins with.
pub(crate) type Unwinder<D> = framehop::x86_64::UnwinderX86_64<D>;
pub(crate) type UnwindCache = framehop::x86_64::CacheX86_64;
pub(crate) type UnwindRegs = framehop::x86_64::UnwindRegsX86_64;

/// Where unwinding begins.
pub(crate) fn unwind_from(regs: &Regs) -> UnwindRegs {
    unwind_with(regs.ip(), regs.sp(), regs.frame_pointer())
}

/// As [`unwind_from`], without a task that has them.
pub(crate) fn unwind_with(ip: u64, sp: u64, frame_pointer: u64) -> UnwindRegs {
    UnwindRegs::new(ip, sp, frame_pointer)
}

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Calls a function.
    Call,
    /// Makes a system call.
    Syscall,
    /// Reads and writes memory in one go: what locks are taken with.
    ReadModifyWrite,
    /// Goes somewhere else, or returns.
    Jump,
    /// Anything else.
    Other,
}

/// What an instruction could have to do with other processes and threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touches {
    /// Nothing: it computes, or uses its thread's stack.
    Nothing,
    /// It reads or writes memory which others may share.
    Memory,
    /// It calls a function, or makes a system call.
    Call,
}

/// What is known of an instruction by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoded {
    pub(crate) does: Does,
    /// Where the address is stored that it calls or jumps to, if that is fixed.
    pub(crate) slot: Option<u64>,
    pub(crate) touches: Touches,
}

/// What the instruction with these bytes at this address does.
pub(crate) fn decode(bytes: &[u8], address: u64) -> Decoded {
    use iced_x86::{Decoder, DecoderOptions, FlowControl, Mnemonic, OpKind, Register};
    let instruction = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE).decode();
    let in_memory = (0..instruction.op_count()).any(|i| instruction.op_kind(i) == OpKind::Memory);
    let does = match instruction.mnemonic() {
        Mnemonic::Call => Does::Call,
        Mnemonic::Syscall => Does::Syscall,
        Mnemonic::Xchg | Mnemonic::Cmpxchg | Mnemonic::Xadd | Mnemonic::Cmpxchg16b if in_memory => {
            Does::ReadModifyWrite
        }
        _ if instruction.has_lock_prefix() => Does::ReadModifyWrite,
        _ if instruction.flow_control() != FlowControl::Next => Does::Jump,
        _ => Does::Other,
    };
    let slot = (matches!(instruction.mnemonic(), Mnemonic::Call | Mnemonic::Jmp)
        && instruction.is_ip_rel_memory_operand())
    .then(|| instruction.ip_rel_memory_address());
    let on_stack = matches!(instruction.memory_base(), Register::RSP | Register::RBP);
    let reaches_memory =
        in_memory && !on_stack && !matches!(instruction.mnemonic(), Mnemonic::Lea | Mnemonic::Nop);
    let touches = match does {
        Does::Call | Does::Syscall => Touches::Call,
        _ if reaches_memory => Touches::Memory,
        _ => Touches::Nothing,
    };
    Decoded {
        does,
        slot,
        touches,
    }
}

/// What a call calls, if that is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    /// The code at this address.
    Code(u64),
    /// What the address stored here leads to.
    Slot(u64),
}

/// The most bytes of a call whose target is fixed.
pub(crate) const LONGEST_CALL: usize = 6;

/// What the call calls that returns to `address`; with the bytes before that.
pub(crate) fn called(before: [u8; LONGEST_CALL], address: u64) -> Option<Called> {
    use iced_x86::{Decoder, DecoderOptions, Mnemonic};
    // The longer one first: its last bytes could be taken for the shorter one.
    [LONGEST_CALL, LONGEST_CALL - 1]
        .into_iter()
        .find_map(|length| {
            let bytes = &before[LONGEST_CALL - length..];
            let start = address - length as u64;
            let call = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE).decode();
            if call.mnemonic() != Mnemonic::Call || call.len() != length {
                None
            } else if call.is_ip_rel_memory_operand() {
                Some(Called::Slot(call.ip_rel_memory_address()))
            } else {
                Some(call.near_branch_target())
                    .filter(|it| *it != 0)
                    .map(Called::Code)
            }
        })
}

/// Where the address is stored that the linker's stub with these bytes jumps to, if it is one.
pub(crate) fn stub_slot(bytes: &[u8], address: u64) -> Option<u64> {
    use iced_x86::{Decoder, DecoderOptions, Mnemonic};
    let mut decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    let first = decoder.decode();
    let jump = match first.mnemonic() {
        Mnemonic::Endbr64 => decoder.decode(),
        _ => first,
    };
    let is_stubs = jump.mnemonic() == Mnemonic::Jmp && jump.is_ip_rel_memory_operand();
    is_stubs.then(|| jump.ip_rel_memory_address())
}

/// Registers that something depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Those for integers and addresses: bit n stands for number n of [`Regs::general`].
    general: u16,
    /// Flags, in iced's terms.
    flags: u32,
    /// Any other.
    pub(crate) others: bool,
}

impl Needs {
    pub(crate) fn add(&mut self, other: &Self) {
        self.general |= other.general;
        self.flags |= other.flags;
        self.others |= other.others;
    }

    /// Takes those away that are known for sure; others are never all.
    pub(crate) fn remove(&mut self, other: &Self) {
        self.general &= !other.general;
        self.flags &= !other.flags;
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.general & other.general != 0
            || self.flags & other.flags != 0
            || (self.others && other.others)
    }

    fn add_register(&mut self, register: iced_x86::Register) {
        use iced_x86::Register as R;
        if register.is_gpr() {
            self.general |= 1 << (register.full_register() as u32 - R::RAX as u32);
        } else if !matches!(
            register.full_register(),
            // The instruction pointer is where it is, and nobody changes segments.
            R::None | R::RIP | R::CS | R::DS | R::ES | R::SS | R::FS | R::GS
        ) {
            self.others = true;
        }
    }
}

/// What an instruction needs and changes. Memory as addresses and numbers of bytes.
#[derive(Debug)]
pub(crate) struct Effects {
    /// The registers that its addresses depend on.
    pub(crate) addresses: Needs,
    /// The registers that all else depends on.
    pub(crate) reads: Needs,
    pub(crate) reads_memory: Vec<(u64, usize)>,
    /// The registers that may be different afterwards.
    pub(crate) changes: Needs,
    /// Those of them that keep nothing of what they were.
    pub(crate) replaces: Needs,
    pub(crate) writes: Vec<(u64, usize)>,
    /// Whether it writes all of that, whatever is in its registers.
    pub(crate) writes_surely: bool,
    /// Whether what it reads decides what is executed next, or whether it goes well.
    pub(crate) decides: bool,
}

/// What the instruction with these bytes does which these registers are at. `None`: it can't
/// be said, or the instruction does more than its registers and its memory show, such as a
/// system call.
pub(crate) fn effects(bytes: &[u8], regs: &Regs) -> Option<Effects> {
    use iced_x86::{
        Decoder, DecoderOptions, FlowControl, InstructionInfoFactory, Mnemonic, OpAccess,
    };
    let instruction = Decoder::with_ip(64, bytes, regs.ip(), DecoderOptions::NONE).decode();
    let flow = instruction.flow_control();
    let is_plain = match flow {
        FlowControl::Next
        | FlowControl::UnconditionalBranch
        | FlowControl::IndirectBranch
        | FlowControl::ConditionalBranch
        | FlowControl::Return
        | FlowControl::Call
        | FlowControl::IndirectCall => {
            !instruction.is_privileged()
                && !matches!(
                    instruction.mnemonic(),
                    Mnemonic::Syscall
                        | Mnemonic::Sysenter
                        | Mnemonic::Wrfsbase
                        | Mnemonic::Wrgsbase
                        // How floating-point instructions go is then another thing.
                        | Mnemonic::Ldmxcsr
                        | Mnemonic::Vldmxcsr
                        | Mnemonic::Fldcw
                        | Mnemonic::Fldenv
                        | Mnemonic::Frstor
                        | Mnemonic::Fxrstor
                        | Mnemonic::Fxrstor64
                        | Mnemonic::Xrstor
                        | Mnemonic::Xrstor64
                )
        }
        FlowControl::Interrupt | FlowControl::XbeginXabortXend | FlowControl::Exception => false,
    };
    let is_random = matches!(
        instruction.mnemonic(),
        Mnemonic::Rdtsc | Mnemonic::Rdtscp | Mnemonic::Rdrand | Mnemonic::Rdseed | Mnemonic::Rdpid
    );
    if !is_plain || is_random {
        return None;
    }
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(&instruction);
    let reads = |access| {
        matches!(
            access,
            OpAccess::Read | OpAccess::CondRead | OpAccess::ReadWrite | OpAccess::ReadCondWrite
        )
    };
    let writes = |access| {
        matches!(
            access,
            OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
        )
    };
    let mut effects = Effects {
        addresses: Needs::default(),
        reads: Needs {
            flags: instruction.rflags_read(),
            ..Needs::default()
        },
        reads_memory: Vec::new(),
        changes: Needs {
            flags: instruction.rflags_modified(),
            ..Needs::default()
        },
        replaces: Needs {
            // What is undefined depends on who knows what.
            flags: instruction.rflags_modified() & !instruction.rflags_undefined(),
            ..Needs::default()
        },
        writes: Vec::new(),
        writes_surely: true,
        decides: false,
    };
    for used in info.used_registers() {
        let (register, access) = (used.register(), used.access());
        if reads(access) {
            effects.reads.add_register(register);
        }
        if writes(access) {
            effects.changes.add_register(register);
            // A write of 32 bits clears the others; one of 8 or 16 leaves them.
            if access == OpAccess::Write && register.is_gpr() && register.size() >= 4 {
                effects.replaces.add_register(register);
            }
        }
    }
    for used in info.used_memory() {
        let access = used.access();
        for register in [used.base(), used.index()] {
            effects.addresses.add_register(register);
        }
        let address = used.virtual_address(0, |register, _, _| regs.value_of(register))?;
        let length = used.memory_size().size();
        if !reads(access) && !writes(access) {
            continue;
        }
        if length == 0 {
            return None;
        }
        if reads(access) {
            effects.reads_memory.push((address, length));
        }
        if writes(access) {
            effects.writes.push((address, length));
            effects.writes_surely &= matches!(access, OpAccess::Write | OpAccess::ReadWrite);
        }
    }
    let repeats = instruction.has_rep_prefix() || instruction.has_repne_prefix();
    effects.decides = repeats
        || effects.changes.others
        || matches!(instruction.mnemonic(), Mnemonic::Div | Mnemonic::Idiv)
        || !matches!(
            flow,
            FlowControl::Next | FlowControl::UnconditionalBranch | FlowControl::Call
        );
    Some(effects)
}

/// The `syscall` instruction.
pub(crate) const SYSCALL: [u8; 2] = [0x0f, 0x05];

/// Its length.
pub(crate) const SYSCALL_LENGTH: u64 = 2;

/// The `si_code` of the `SIGSEGV` that a forbidden instruction raises.
pub(crate) const SI_KERNEL: i32 = 0x80;

/// Whether these are the bytes of an instruction that reads the time-stamp counter: its
/// length, and whether it is `rdtscp`.
pub(crate) fn reads_time_stamp(code: [u8; 3]) -> Option<(u64, bool)> {
    match code {
        [0x0f, 0x31, _] => Some((2, false)),
        [0x0f, 0x01, 0xf9] => Some((3, true)),
        _ => None,
    }
}

/// Leaves out of the registers of [`EXTENDED_STATE`] which parts of them the processor holds to be
/// in use: `XSTATE_BV` in the header behind the legacy region (Intel's manual, volume 1, 13.4.2).
/// A part that isn't in use has its initial values there, and whether a part with these counts as
/// in use depends on when the processor was switched to somebody else.
pub(crate) fn leave_out_usage(state: &mut [u8]) {
    const XSTATE_BV: std::ops::Range<usize> = 512..520;
    if let Some(usage) = state.get_mut(XSTATE_BV) {
        usage.fill(0);
    }
}
