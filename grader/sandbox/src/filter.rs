//! seccomp filters: which system calls stop for the tracer, and which fail.
//!
//! The program is written here and not by the seccompiler crate because of its cost at
//! every start: the kernel runs a new filter once for each system call number, to find
//! those that it always allows, and a chain of comparisons with one filter for each
//! action took a fifth of a short run. A single binary search takes a fiftieth.

#![expect(
    unsafe_code,
    reason = "prctl(2) and seccomp(2) have no async-signal-safe wrappers that take \
              SECCOMP_FILTER_FLAG_SPEC_ALLOW"
)]

use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;

use libc::sock_filter;

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

/// A condition on one argument of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Argument `argument` (from 0), an `int`, is `value`: 32 bits are compared, as the kernel
    /// does.
    Is {
        /// Which argument.
        argument: u8,
        /// Its value.
        value: u32,
    },
    /// Argument `argument` (from 0) has one of these bits, which are among its lower 32.
    HasBit {
        /// Which argument.
        argument: u8,
        /// The bits.
        bit: u32,
    },
    /// Argument `argument` (from 0), a pointer, isn't NULL: all of its 64 bits are looked at.
    IsNotNull {
        /// Which argument.
        argument: u8,
    },
}

/// A filter could not be made: its program is longer than the kernel takes.
#[derive(Debug, thiserror::Error)]
#[error("a seccomp filter of {length} instructions is longer than the kernel takes")]
pub struct FilterError {
    /// How many instructions it has.
    pub length: usize,
}

/// A seccomp filter, ready to be installed.
///
/// Calls that no rule mentions run at native speed: the kernel keeps a bitmap of those
/// that a filter allows whatever their arguments, and doesn't run it for them
/// (seccomp_cache_allow in kernel/seccomp.c, since 5.11).
pub struct Filter {
    program: Vec<sock_filter>,
    /// Whether it hands calls over.
    serves: bool,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter")
            .field("instructions", &self.program.len())
            .finish()
    }
}

/// What the kernel does with a call.
type Verdict = u32;

/// The verdicts on one call: the first whose rule holds.
type Verdicts = Vec<(Vec<Condition>, Verdict)>;

impl Filter {
    /// A filter under which the calls of `trace` stop for the tracer (`SECCOMP_RET_TRACE`)
    /// and those of `refuse` fail with an errno. Numbers above `newest` fail with `ENOSYS`, and
    /// with them negative ones and the calls of x32, which have a high bit set. A call made in
    /// another way than by x86-64's `syscall` (`int 0x80`) ends the process.
    ///
    /// # Errors
    /// If there are too many rules.
    pub fn new(trace: &[Rule], refuse: &[(Rule, i32)], newest: u32) -> Result<Self, FilterError> {
        Self::serving(&[], trace, refuse, newest)
    }

    /// The same, but the calls of `serve` are handed over to whoever has the listener
    /// (`SECCOMP_RET_USER_NOTIF`), also if they became these while they stopped for the tracer:
    /// [`Filter::install_serving`].
    ///
    /// # Errors
    /// If there are too many rules.
    pub fn serving(
        serve: &[Rule],
        trace: &[Rule],
        refuse: &[(Rule, i32)],
        newest: u32,
    ) -> Result<Self, FilterError> {
        let mut calls: BTreeMap<u32, Verdicts> = BTreeMap::new();
        let mut add = |rule: &Rule, verdict| {
            let number = u32::try_from(rule.number).unwrap_or(u32::MAX);
            let verdicts = calls.entry(number).or_default();
            verdicts.push((rule.any_of.clone(), verdict));
        };
        for (rule, errno) in refuse {
            add(rule, libc::SECCOMP_RET_ERRNO | errno.unsigned_abs());
        }
        for rule in serve {
            add(rule, libc::SECCOMP_RET_USER_NOTIF);
        }
        for rule in trace {
            add(rule, libc::SECCOMP_RET_TRACE);
        }
        let calls: Vec<_> = calls.into_iter().collect();
        let mut program = prologue(newest);
        program.extend(search(&calls));
        let most = usize::from(u16::MAX).min(libc::BPF_MAXINSNS as usize);
        if program.len() > most {
            return Err(FilterError {
                length: program.len(),
            });
        }
        Ok(Self {
            program,
            serves: !serve.is_empty(),
        })
    }

    /// Installs the filter in the calling thread; it holds across exec and for all
    /// descendants. Also sets `no_new_privs`, without which an unprivileged process may
    /// not install a filter.
    ///
    /// Async-signal-safe: may be called between fork and exec.
    ///
    /// # Errors
    /// What prctl(2) or seccomp(2) say.
    pub fn install(&self) -> io::Result<()> {
        self.install_with(libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW)
            .map(drop)
    }

    /// The same. Returns the listener to which calls are handed over, which is closed on exec;
    /// `None` if the filter hands over none, or if there can't be one: another filter has one
    /// (`EBUSY`), or the kernel knows none (`EINVAL`). Then calls that would be handed over
    /// fail with `ENOSYS`.
    ///
    /// Async-signal-safe.
    ///
    /// # Errors
    /// What prctl(2) or seccomp(2) say.
    pub fn install_serving(&self) -> io::Result<Option<RawFd>> {
        let flags = libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW;
        if self.serves {
            match self.install_with(flags | libc::SECCOMP_FILTER_FLAG_NEW_LISTENER) {
                Ok(listener) => return Ok(Some(listener)),
                Err(error) if matches!(error.raw_os_error(), Some(libc::EBUSY | libc::EINVAL)) => {}
                Err(error) => return Err(error),
            }
        }
        self.install_with(flags).map(|_| None)
    }

    fn install_with(&self, flags: libc::c_ulong) -> io::Result<RawFd> {
        // SAFETY: PR_SET_NO_NEW_PRIVS takes only integers: prctl(2).
        let done = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        let header = libc::sock_fprog {
            len: u16::try_from(self.program.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
            filter: self.program.as_ptr().cast_mut(),
        };
        // SAFETY: seccomp(2): `header` points to `len` BPF instructions, which the kernel
        // checks and copies. SPEC_ALLOW keeps the filter from switching speculation
        // mitigations on.
        let done = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                flags,
                &raw const header,
            )
        };
        RawFd::try_from(done)
            .ok()
            .filter(|done| *done >= 0)
            .ok_or_else(io::Error::last_os_error)
    }
}

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const JUMP: u16 = (libc::BPF_JMP | libc::BPF_JA) as u16;
const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const IF_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

/// Offsets in `struct seccomp_data`: seccomp(2).
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

const fn instruction(code: u16, k: u32) -> sock_filter {
    branch(code, k, 0, 0)
}

/// A conditional jump over `jt` instructions if it holds, over `jf` if not.
const fn branch(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// Ends the process for another calling convention, refuses numbers above `newest`, and leaves
/// the call's number in the accumulator. x32 calls carry the architecture of x86-64 and a bit
/// in their number, so the architecture alone doesn't tell: seccomp(2), "Caveats".
fn prologue(newest: u32) -> Vec<sock_filter> {
    const AUDIT_ARCH_X86_64: u32 = 0xc000_003e;
    const X32_BIT: u32 = 0x4000_0000;
    let end = newest.saturating_add(1).min(X32_BIT);
    vec![
        instruction(LOAD, ARCHITECTURE),
        branch(IF_EQUAL, AUDIT_ARCH_X86_64, 1, 0),
        instruction(RETURN, libc::SECCOMP_RET_KILL_PROCESS),
        instruction(LOAD, NUMBER),
        branch(IF_AT_LEAST, end, 0, 1),
        instruction(
            RETURN,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs(),
        ),
    ]
}

/// A binary search for the number in the accumulator among `calls`, in ascending order;
/// every way through it ends in a return.
fn search(calls: &[(u32, Verdicts)]) -> Vec<sock_filter> {
    match calls {
        [] => vec![instruction(RETURN, libc::SECCOMP_RET_ALLOW)],
        [(number, verdicts)] => {
            let body = judge(verdicts);
            let mut program = match u8::try_from(body.len()) {
                Ok(length) => vec![branch(IF_EQUAL, *number, 0, length)],
                // That many conditions are farther than a conditional jump reaches.
                Err(_) => {
                    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
                    vec![branch(IF_EQUAL, *number, 1, 0), instruction(JUMP, length)]
                }
            };
            program.extend(body);
            program.push(instruction(RETURN, libc::SECCOMP_RET_ALLOW));
            program
        }
        _ => {
            let (low, high) = calls.split_at(calls.len() / 2);
            let below = search(low);
            let over = u32::try_from(below.len()).unwrap_or(u32::MAX);
            let mut program = vec![
                branch(IF_AT_LEAST, high[0].0, 0, 1),
                instruction(JUMP, over),
            ];
            program.extend(below);
            program.extend(search(high));
            program
        }
    }
}

/// The first verdict whose rule holds; otherwise the call is allowed. The accumulator is
/// lost.
fn judge(verdicts: &Verdicts) -> Vec<sock_filter> {
    let mut program = Vec::new();
    for (any_of, verdict) in verdicts {
        if any_of.is_empty() {
            program.push(instruction(RETURN, *verdict));
            return program;
        }
        for condition in any_of {
            // The lower half of an argument comes first, on a little-endian machine.
            let load = |argument: u8, half: u32| {
                instruction(LOAD, ARGUMENTS + 8 * u32::from(argument) + 4 * half)
            };
            match *condition {
                Condition::Is { argument, value } => program.extend([
                    load(argument, 0),
                    branch(IF_EQUAL, value, 0, 1),
                    instruction(RETURN, *verdict),
                ]),
                Condition::HasBit { argument, bit } => program.extend([
                    load(argument, 0),
                    branch(IF_BIT, bit, 0, 1),
                    instruction(RETURN, *verdict),
                ]),
                Condition::IsNotNull { argument } => program.extend([
                    load(argument, 0),
                    branch(IF_EQUAL, 0, 0, 2),
                    load(argument, 1),
                    branch(IF_EQUAL, 0, 1, 0),
                    instruction(RETURN, *verdict),
                ]),
            }
        }
    }
    program.push(instruction(RETURN, libc::SECCOMP_RET_ALLOW));
    program
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Runs a program as the kernel does, on a call with these arguments.
    fn verdict(filter: &Filter, number: u32, arguments: [u64; 6]) -> u32 {
        let (mut at, mut value) = (0usize, 0u32);
        loop {
            let step = filter.program[at];
            at += 1;
            let mut jump = |holds: bool| {
                at += usize::from(if holds { step.jt } else { step.jf });
            };
            match step.code {
                LOAD => {
                    value = match step.k {
                        NUMBER => number,
                        ARCHITECTURE => 0xc000_003e,
                        k => {
                            let argument = arguments[(k - ARGUMENTS) as usize / 8];
                            (argument >> (8 * (k - ARGUMENTS) % 64)) as u32
                        }
                    }
                }
                JUMP => at += step.k as usize,
                IF_EQUAL => jump(value == step.k),
                IF_AT_LEAST => jump(value >= step.k),
                IF_BIT => jump(value & step.k != 0),
                RETURN => return step.k,
                code => panic!("unknown instruction {code}"),
            }
        }
    }

    #[test]
    fn every_call_gets_its_own_verdict() {
        let conditional = Rule {
            number: 72,
            any_of: vec![
                Condition::Is {
                    argument: 1,
                    value: 8,
                },
                Condition::HasBit {
                    argument: 2,
                    bit: 0x40,
                },
            ],
        };
        let trace: Vec<Rule> = [3, 13, 14, 15, 34, 62, 202, 230, 441]
            .map(Rule::always)
            .into_iter()
            .chain([conditional])
            .collect();
        let filter =
            Filter::new(&trace, &[(Rule::always(435), libc::EPERM)], 469).expect("few rules");
        for number in 0..500 {
            let expected = match number {
                3 | 13 | 14 | 15 | 34 | 62 | 202 | 230 | 441 => libc::SECCOMP_RET_TRACE,
                435 => libc::SECCOMP_RET_ERRNO | 1,
                470.. => libc::SECCOMP_RET_ERRNO | 38,
                _ => libc::SECCOMP_RET_ALLOW,
            };
            assert_eq!(verdict(&filter, number, [0; 6]), expected, "{number}");
        }
        assert_eq!(
            verdict(&filter, 72, [0, 8, 0, 0, 0, 0]),
            libc::SECCOMP_RET_TRACE
        );
        assert_eq!(
            verdict(&filter, 72, [0, 0, 0x41, 0, 0, 0]),
            libc::SECCOMP_RET_TRACE
        );
        assert_eq!(
            verdict(&filter, 72, [8, 9, 1, 0, 0, 0]),
            libc::SECCOMP_RET_ALLOW
        );
        for unknown in [0x4000_0000, 0x4000_0048, u32::MAX, 5_u32.wrapping_neg()] {
            assert_eq!(
                verdict(&filter, unknown, [0; 6]),
                libc::SECCOMP_RET_ERRNO | 38
            );
        }
    }

    /// What [`Filter::new`] promises, read off the rules one by one.
    fn promised(
        trace: &[Rule],
        refuse: &[(Rule, i32)],
        newest: u32,
        number: u32,
        arguments: [u64; 6],
    ) -> u32 {
        // Bit 30 is that of x32; a negative number has bit 31.
        if number > newest || number >> 30 != 0 {
            return libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
        }
        let condition_holds = |condition: &Condition| match *condition {
            Condition::Is { argument, value } => arguments[usize::from(argument)] as u32 == value,
            Condition::HasBit { argument, bit } => {
                arguments[usize::from(argument)] & u64::from(bit) != 0
            }
            Condition::IsNotNull { argument } => arguments[usize::from(argument)] != 0,
        };
        let holds = |rule: &Rule| {
            rule.number == i64::from(number)
                && (rule.any_of.is_empty() || rule.any_of.iter().any(condition_holds))
        };
        if let Some((_, errno)) = refuse.iter().find(|(rule, _)| holds(rule)) {
            return libc::SECCOMP_RET_ERRNO | *errno as u32;
        }
        if trace.iter().any(holds) {
            return libc::SECCOMP_RET_TRACE;
        }
        libc::SECCOMP_RET_ALLOW
    }

    /// Few numbers, so that rules share them; and some that no call has.
    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![
            8 => 0..12_i64,
            4 => 0..500_i64,
            1 => Just(-1),
            1 => Just(0x4000_0001),
            1 => any::<i32>().prop_map(i64::from),
        ]
    }

    /// Values that conditions and arguments have in common, in either half.
    fn half() -> impl Strategy<Value = u32> {
        prop_oneof![6 => 0..4_u32, 2 => (0..32_u32).prop_map(|bit| 1 << bit), 1 => any::<u32>()]
    }

    fn condition() -> impl Strategy<Value = Condition> {
        let is = |(argument, value)| Condition::Is { argument, value };
        let has_bit = |(argument, bit)| Condition::HasBit { argument, bit };
        prop_oneof![
            (0..6_u8, half()).prop_map(is),
            (0..6_u8, half()).prop_map(has_bit),
            (0..6_u8).prop_map(|argument| Condition::IsNotNull { argument }),
        ]
    }

    fn rule() -> impl Strategy<Value = Rule> {
        let conditions = prop_oneof![
            30 => prop::collection::vec(condition(), 0..4),
            1 => prop::collection::vec(condition(), 40..100),
        ];
        (number(), conditions).prop_map(|(number, any_of)| Rule { number, any_of })
    }

    fn arguments() -> impl Strategy<Value = [u64; 6]> {
        let argument = (half(), prop_oneof![3 => Just(0), 1 => half()]);
        prop::array::uniform6(
            argument.prop_map(|(low, high)| u64::from(high) << 32 | u64::from(low)),
        )
    }

    proptest! {
        #[test]
        fn a_program_decides_as_its_rules_say(
            trace in prop::collection::vec(rule(), 0..20),
            refuse in prop::collection::vec((rule(), 1..134_i32), 0..6),
            newest in prop_oneof![0..20_u32, 400..500_u32, Just(u32::MAX), any::<u32>()],
            calls in prop::collection::vec((number(), arguments()), 1..60),
        ) {
            let filter = Filter::new(&trace, &refuse, newest).expect("few rules");
            for (number, arguments) in calls {
                let number = number as u32;
                prop_assert_eq!(
                    verdict(&filter, number, arguments),
                    promised(&trace, &refuse, newest, number, arguments),
                    "call {:#x} with {:x?}", number, arguments
                );
            }
        }
    }

    #[test]
    fn a_call_may_have_many_conditions() {
        let rule = Rule {
            number: 5,
            any_of: (0..200)
                .map(|value| Condition::Is { argument: 1, value })
                .collect(),
        };
        let filter = Filter::new(&[rule], &[], 469).expect("one rule");
        let arguments = [0, 199, 0, 0, 0, 0];
        assert_eq!(verdict(&filter, 5, arguments), libc::SECCOMP_RET_TRACE);
        assert_eq!(verdict(&filter, 6, arguments), libc::SECCOMP_RET_ALLOW);
    }

    #[test]
    fn all_of_a_pointer_is_looked_at() {
        let rule = Rule {
            number: 302,
            any_of: vec![Condition::IsNotNull { argument: 2 }],
        };
        let filter = Filter::new(&[rule], &[], 469).expect("one rule");
        for (pointer, expected) in [
            (0, libc::SECCOMP_RET_ALLOW),
            (1, libc::SECCOMP_RET_TRACE),
            (0x1_0000_0000, libc::SECCOMP_RET_TRACE),
            (0x7fff_0000_0000, libc::SECCOMP_RET_TRACE),
            (0x7fff_1234_5678, libc::SECCOMP_RET_TRACE),
        ] {
            let arguments = [0, 0, pointer, 0, 0, 0];
            assert_eq!(verdict(&filter, 302, arguments), expected, "{pointer:#x}");
        }
    }
}
