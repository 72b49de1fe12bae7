//! seccomp filters: which system calls stop for the tracer, and which fail.

#![expect(
    unsafe_code,
    reason = "prctl(2) and seccomp(2) have no async-signal-safe wrappers that take SECCOMP_FILTER_FLAG_SPEC_ALLOW"
)]

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};

/// A system call, and for which arguments a rule holds.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its number.
    pub number: i64,
    /// The rule holds when one of these does; always, if there is none.
    pub any_of: Vec<Condition>,
}

impl Rule {
    /// The call with any arguments.
    #[must_use]
    pub const fn always(number: i64) -> Self {
        Self {
            number,
            any_of: Vec::new(),
        }
    }
}

/// A condition on one argument of a system call, compared as 32 bits, as the kernel does
/// with `int` arguments.
#[derive(Clone, Copy, Debug)]
pub enum Condition {
    /// Argument `argument` (from 0) is `value`.
    Is {
        /// Which argument.
        argument: u8,
        /// Its value.
        value: u32,
    },
    /// Argument `argument` (from 0) has one of these bits.
    HasBit {
        /// Which argument.
        argument: u8,
        /// A single bit.
        bit: u32,
    },
}

/// A filter could not be made.
#[derive(Debug, thiserror::Error)]
#[error("can't make a seccomp filter: {0}")]
pub struct FilterError(#[from] seccompiler::BackendError);

/// A set of seccomp filters, ready to be installed.
///
/// Calls that no rule mentions run at native speed: the kernel keeps a bitmap of those
/// that every filter allows whatever their arguments, and doesn't run the filters for
/// them (seccomp_cache_allow, kernel 5.11).
#[derive(Debug)]
pub struct Filter {
    programs: Vec<BpfProgram>,
}

impl Filter {
    /// A filter under which the calls of `trace` stop for the tracer (`SECCOMP_RET_TRACE`)
    /// and those of `refuse` fail with an errno. A call made in another way than by
    /// x86-64's `syscall` (`int 0x80`, x32) ends the process.
    ///
    /// # Errors
    /// If a rule can't be compiled.
    pub fn new(trace: &[Rule], refuse: &[(Rule, i32)]) -> Result<Self, FilterError> {
        let mut programs = vec![no_x32()];
        let mut by_errno: BTreeMap<i32, Vec<Rule>> = BTreeMap::new();
        for (rule, errno) in refuse {
            by_errno.entry(*errno).or_default().push(rule.clone());
        }
        for (errno, rules) in by_errno {
            programs.push(compile(&rules, SeccompAction::Errno(errno.unsigned_abs()))?);
        }
        programs.push(compile(trace, SeccompAction::Trace(0))?);
        Ok(Self { programs })
    }

    /// Installs the filters in the calling thread; they hold across exec and for all
    /// descendants. Also sets `no_new_privs`, without which an unprivileged process may
    /// not install a filter.
    ///
    /// Async-signal-safe: may be called between fork and exec.
    ///
    /// # Errors
    /// What prctl(2) or seccomp(2) say.
    pub fn install(&self) -> io::Result<()> {
        // SAFETY: PR_SET_NO_NEW_PRIVS takes only integers: prctl(2).
        let done = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        self.programs.iter().try_for_each(install)
    }
}

fn install(program: &BpfProgram) -> io::Result<()> {
    let header = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
        filter: program.as_ptr().cast::<libc::sock_filter>().cast_mut(),
    };
    // SAFETY: seccomp(2): `header` points to `len` valid BPF instructions, which the kernel
    // copies; seccompiler's sock_filter is repr(C) with the fields of the kernel's.
    // SPEC_ALLOW keeps the filter from switching speculation mitigations on.
    let done = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW,
            &raw const header,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn compile(rules: &[Rule], action: SeccompAction) -> Result<BpfProgram, FilterError> {
    let mut map: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules {
        let chains = map.entry(rule.number).or_default();
        for condition in &rule.any_of {
            chains.push(SeccompRule::new(vec![condition.compile()?])?);
        }
    }
    let filter = SeccompFilter::new(map, SeccompAction::Allow, action, TargetArch::x86_64)?;
    Ok(filter.try_into()?)
}

impl Condition {
    fn compile(self) -> Result<SeccompCondition, FilterError> {
        let (argument, operator, value) = match self {
            Self::Is { argument, value } => (argument, SeccompCmpOp::Eq, value),
            Self::HasBit { argument, bit } => {
                (argument, SeccompCmpOp::MaskedEq(u64::from(bit)), bit)
            }
        };
        Ok(SeccompCondition::new(
            argument,
            SeccompCmpArgLen::Dword,
            operator,
            u64::from(value),
        )?)
    }
}

/// x32 calls carry the architecture of x86-64 and a bit in their number: a filter by
/// number alone would let them through. seccomp(2), "Caveats".
fn no_x32() -> BpfProgram {
    const LOAD_NUMBER: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const JUMP_IF_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    const X32_BIT: u32 = 0x4000_0000;
    let instruction = |code, jt, k| sock_filter { code, jt, jf: 0, k };
    vec![
        instruction(LOAD_NUMBER, 0, 0),
        instruction(JUMP_IF_BIT, 1, X32_BIT),
        instruction(RETURN, 0, libc::SECCOMP_RET_ALLOW),
        instruction(RETURN, 0, libc::SECCOMP_RET_KILL_PROCESS),
    ]
}
