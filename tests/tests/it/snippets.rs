//! Loops of random machine code: of none that ends natively is it ever said that it can't.
//!
//! Each counts in some place, takes the count along some way to a register, goes round while that
//! isn't zero, and does this and that besides. What it does besides often destroys the count;
//! then it ends at once, or never. `PROPTEST_CASES=1000` tries more of them.

use std::process::Command as NativeCommand;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use siglab_engine::{Command, Limits, Options, Script, run};
use siglab_model::{LimitKind, ProcessStatus, Signal};
use siglab_tests::build::c_program;
use siglab_tests::twin::run_command_natively;

/// Instructions, in bytes.
type Code = Vec<u8>;

/// The numbers of registers that loops use: rax, rcx, rdx, rsi, and r8 to r11. rbx points to the
/// memory, and rdi is for arguments.
const REGISTERS: [u8; 8] = [0, 1, 2, 6, 8, 9, 10, 11];

/// Where the memory has the program's pid, in bytes; a mask; and a mask as it was before.
const PID: u8 = 72;
const MASK: u8 = 80;
const OLD_MASK: u8 = 88;

fn register() -> impl Strategy<Value = u8> {
    // The last ones less often: counts live there.
    prop_oneof![8 => select(REGISTERS[..6].to_vec()), 1 => select(REGISTERS.to_vec())]
}

/// A place in the first words of the memory, again the last one less often.
fn place() -> impl Strategy<Value = u8> {
    prop_oneof![8 => 0..48_u8, 1 => 0..64_u8]
}

/// An instruction with two registers; `wide`: of 64 bits.
fn both(wide: bool, opcode: &[u8], register: u8, other: u8) -> Code {
    let prefix = 0x40 | u8::from(wide) << 3 | (register >> 3) << 2 | other >> 3;
    let operands = 0xc0 | (register & 7) << 3 | other & 7;
    [&[prefix], opcode, &[operands]].concat()
}

/// An instruction with a register and the memory at rbx and `place`.
fn with_memory(wide: bool, opcode: &[u8], register: u8, place: u8) -> Code {
    let prefix = 0x40 | u8::from(wide) << 3 | (register >> 3) << 2;
    [&[prefix], opcode, &[0x43 | (register & 7) << 3, place]].concat()
}

fn move_number(register: u8, number: u32) -> Code {
    let prefix = 0x40 | register >> 3;
    [&[prefix, 0xb8 | register & 7][..], &number.to_le_bytes()].concat()
}

fn push_pop(pushed: u8, popped: u8) -> Code {
    vec![
        0x40 | pushed >> 3,
        0x50 | pushed & 7,
        0x40 | popped >> 3,
        0x58 | popped & 7,
    ]
}

/// Something that a loop does besides.
fn besides() -> BoxedStrategy<Code> {
    // add, or, adc, sbb, and, sub, xor, cmp, test, xchg, mov: of 8, and of 32 or 64 bits.
    let operation = select(vec![
        0x00_u8, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x84, 0x86, 0x88,
    ]);
    let operation =
        (operation, any::<bool>()).prop_map(|(opcode, small)| [opcode | u8::from(!small)]);
    let condition = || 0..16_u8;
    let pair = || (register(), register());
    let one = prop_oneof![
        4 => (any::<bool>(), operation.clone(), pair())
            .prop_map(|(wide, opcode, (one, other))| both(wide, &opcode, one, other)),
        3 => (any::<bool>(), operation, register(), place())
            .prop_map(|(wide, opcode, register, place)| with_memory(wide, &opcode, register, place)),
        2 => (any::<bool>(), register(), place())
            .prop_map(|(wide, register, place)| with_memory(wide, &[0x8b], register, place)),
        // inc and dec, not and neg, rol to sar by one.
        2 => (any::<bool>(), select(vec![0xff_u8, 0xf7, 0xd1]), 0..2_u8, register()).prop_map(
            |(wide, opcode, which, register)| {
                let which = if opcode == 0xf7 { which + 2 } else { which };
                both(wide, &[opcode], which, register)
            }
        ),
        1 => (condition(), register())
            .prop_map(|(condition, register)| both(false, &[0x0f, 0x90 | condition], 0, register)),
        1 => (condition(), pair())
            .prop_map(|(condition, (one, other))| both(true, &[0x0f, 0x40 | condition], one, other)),
        // imul, movzx, bsf, bt
        1 => (select(vec![0xaf_u8, 0xb6, 0xb7, 0xbc, 0xa3]), pair())
            .prop_map(|(opcode, (one, other))| both(true, &[0x0f, opcode], one, other)),
        // lock xadd
        1 => (register(), place()).prop_map(|(register, place)| {
            [vec![0xf0], with_memory(true, &[0x0f, 0xc1], register, place)].concat()
        }),
        1 => pair().prop_map(|(one, other)| push_pop(one, other)),
        // clc, stc, cmc, lahf, sahf; pushfq and pop rdx
        1 => select(vec![vec![0xf8_u8], vec![0xf9], vec![0xf5], vec![0x9f], vec![0x9e], vec![0x9c, 0x5a]]),
        // mov rcx, REGISTER; and ecx, 56; mov rax, [rbx + rcx]
        1 => register().prop_map(|register| {
            [both(true, &[0x89], register, 1), vec![0x83, 0xe1, 56, 0x48, 0x8b, 0x04, 0x0b]].concat()
        }),
        // movq xmm1, REGISTER; paddq xmm0, xmm1; movq REGISTER, xmm0
        1 => register().prop_map(|register| {
            [
                vec![0x66], both(true, &[0x0f, 0x6e], 1, register),
                vec![0x66, 0x0f, 0xd4, 0xc1],
            ].concat()
        }),
        // call a `ret`, and jump over it
        1 => Just(vec![0xe8, 2, 0, 0, 0, 0xeb, 1, 0xc3]),
    ];
    (prop::option::weighted(0.2, condition()), one)
        .prop_map(|(skipped, mut code)| {
            if let Some(condition) = skipped {
                code.splice(0..0, [0x70 | condition, code.len() as u8]);
            }
            code
        })
        .boxed()
}

/// Where the count is, and how it gets to r10, which is asked.
fn count() -> BoxedStrategy<Code> {
    let dec = |register| both(true, &[0xff], 1, register);
    let dec_memory = |wide| with_memory(wide, &[0xff], 1, 56);
    let load = |register| with_memory(true, &[0x8b], register, 56);
    let store = |register| with_memory(true, &[0x89], register, 56);
    let way = move |register: u8| {
        prop_oneof![
            Just(both(true, &[0x89], register, 10)),
            Just(push_pop(register, 10)),
            Just([store(register), load(10)].concat()),
            // movq xmm1, REGISTER; movq r10, xmm1
            Just(
                [
                    [vec![0x66], both(true, &[0x0f, 0x6e], 1, register)].concat(),
                    [vec![0x66], both(true, &[0x0f, 0x7e], 1, 10)].concat(),
                ]
                .concat()
            ),
            // test; setne r10b; movzx r10, r10b
            Just(
                [
                    both(true, &[0x85], register, register),
                    both(false, &[0x0f, 0x95], 0, 10),
                    both(true, &[0x0f, 0xb6], 10, 10),
                ]
                .concat()
            ),
            // cmp REGISTER, 1; sbb r10, r10; inc r10
            Just(
                [
                    both(true, &[0x83], 7, register),
                    vec![1],
                    both(true, &[0x19], 10, 10),
                    both(true, &[0xff], 0, 10),
                ]
                .concat()
            ),
            // test; pushfq; pop r10; not r10; and r10d, 64
            Just(
                [
                    both(true, &[0x85], register, register),
                    vec![0x9c, 0x41, 0x5a],
                    both(true, &[0xf7], 2, 10),
                    both(false, &[0x83], 4, 10),
                    vec![64],
                ]
                .concat()
            ),
            // fild and fistp by way of the memory
            Just(
                [
                    store(register),
                    vec![0xdf, 0x6b, 56, 0xdf, 0x7b, 56],
                    load(10),
                ]
                .concat()
            ),
        ]
    };
    prop_oneof![
        way(11).prop_map(move |way| [dec(11), way].concat()),
        way(10).prop_map(move |way| [dec(10), way].concat()),
        any::<bool>().prop_map(move |wide| [dec_memory(wide), load(10)].concat()),
        way(11).prop_map(move |way| [load(11), dec(11), store(11), way, load(10)].concat()),
        // In xmm7 only: movq r10, xmm7; dec; movq xmm7, r10
        Just(
            [
                [vec![0x66], both(true, &[0x0f, 0x7e], 7, 10)].concat(),
                dec(10),
                [vec![0x66], both(true, &[0x0f, 0x6e], 7, 10)].concat(),
            ]
            .concat()
        ),
        // In the instruction itself: mov r10d, N; dec; mov [that N], r10d. What N is at first is
        // found by its value.
        Just(
            [
                move_number(10, IN_CODE),
                both(false, &[0xff], 1, 10),
                vec![0x44, 0x89, 0x15],
                (-14_i32).to_le_bytes().to_vec(),
            ]
            .concat()
        ),
    ]
    .boxed()
}

/// Stands for the count in an instruction.
const IN_CODE: u32 = 0x7654_3210;

/// A loop that counts from `rounds`, with `before` each time before the count is asked.
fn looping(
    clears: bool,
    (rounds, registers): (u32, u32),
    before: &[Code],
    count: &[u8],
    after: &[Code],
) -> String {
    // push rbx; mov rbx, rdi; mov [rbx + 56], rounds
    let mut code = vec![0x53, 0x48, 0x89, 0xfb, 0x48, 0xc7, 0x43, 56];
    code.extend(rounds.to_le_bytes());
    for register in REGISTERS {
        let number = if register >= 10 {
            rounds
        } else {
            registers.rotate_left(register.into())
        };
        code.extend(move_number(register, number));
    }
    // movq xmm7, r10; clc
    code.extend([vec![0x66], both(true, &[0x0f, 0x6e], 7, 10), vec![0xf8]].concat());
    let top = code.len();
    code.extend(before.concat());
    let at = code.len();
    code.extend(count);
    for at in at..code.len().saturating_sub(3) {
        if code[at..at + 4] == IN_CODE.to_le_bytes() {
            code[at..at + 4].copy_from_slice(&rounds.to_le_bytes());
        }
    }
    code.extend(after.concat());
    // test r10, r10; mov r10d, 0 if nothing is counted there; jnz top; cld; pop rbx; ret
    code.extend(both(true, &[0x85], 10, 10));
    if clears {
        code.extend(move_number(10, 0));
    }
    let back = top as i32 - (code.len() as i32 + 6);
    code.extend([0x0f, 0x85]);
    code.extend(back.to_le_bytes());
    code.extend([0xfc, 0x5b, 0xc3]);
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A system call with these arguments in rdi, rsi and rdx; that in r10 is always 8.
fn call(number: u32, arguments: [Code; 3]) -> Code {
    let registers = [move_number(10, 8), move_number(0, number)].concat();
    [arguments.concat(), registers, vec![0x0f, 0x05]].concat()
}

/// lea REGISTER, [rbx + PLACE]
fn address(register: u8, place: u8) -> Code {
    with_memory(true, &[0x8d], register, place)
}

/// Calls whose answers depend on nothing outside; or something else, with registers.
fn calls() -> BoxedStrategy<Code> {
    const NOBODY: u32 = 0;
    let [rdi, rsi, rdx] = [7, 6, 2];
    let ask = |number| call(number, [vec![], vec![], vec![]]);
    let signals = [NOBODY, libc::SIGUSR1 as u32, libc::SIGUSR2 as u32];
    let pid = move || with_memory(true, &[0x8b], rdi, PID);
    let kill = move |to: Code, signal| {
        call(
            libc::SYS_kill as u32,
            [to, move_number(rsi, signal), vec![]],
        )
    };
    let change_mask = move |(how, mask): (u32, u32)| {
        let set = [
            // mov qword [rbx + MASK], mask
            [vec![0x48, 0xc7, 0x43, MASK], mask.to_le_bytes().to_vec()].concat(),
            address(rsi, MASK),
        ];
        let arguments = [move_number(rdi, how), set.concat(), address(rdx, OLD_MASK)];
        call(libc::SYS_rt_sigprocmask as u32, arguments)
    };
    let usr1 = 1 << (libc::SIGUSR1 - 1);
    prop_oneof![
        2 => Just(ask(libc::SYS_sched_yield as u32)),
        1 => Just(ask(libc::SYS_getppid as u32)),
        2 => select(signals.to_vec()).prop_map(move |signal| kill(pid(), signal)),
        1 => Just(kill(move_number(rdi, 0), NOBODY)),
        2 => (0..3_u32, select(vec![0, usr1])).prop_map(change_mask),
        2 => besides(),
    ]
    .boxed()
}

/// Where the count of rounds is in a loop of calls, which leave no register alone.
fn count_beside_calls(rounds: u32) -> BoxedStrategy<Code> {
    let in_memory = [
        with_memory(true, &[0xff], 1, 56),
        with_memory(true, &[0x8b], 10, 56),
    ];
    // In xmm7: movq r10, xmm7; dec r10; movq xmm7, r10
    let in_vector = [
        [vec![0x66], both(true, &[0x0f, 0x7e], 7, 10)].concat(),
        both(true, &[0xff], 1, 10),
        [vec![0x66], both(true, &[0x0f, 0x6e], 7, 10)].concat(),
    ];
    // In the mask, from the bit of signal 41 on; nothing of it stays in the memory.
    let [rdi, rsi, rdx] = [7, 6, 2];
    let (set, old) = (address(rsi, MASK), address(rdx, OLD_MASK));
    let setmask = || move_number(rdi, libc::SIG_SETMASK as u32);
    let procmask = libc::SYS_rt_sigprocmask as u32;
    let in_mask = [
        call(procmask, [setmask(), move_number(rsi, 0), old]),
        with_memory(true, &[0x8b], 0, OLD_MASK),
        // ror rax, 40; inc rax; movzx eax, ax; rol rax, 40; mov [MASK], rax
        vec![
            0x48, 0xc1, 0xc8, 40, 0x48, 0xff, 0xc0, 0x0f, 0xb7, 0xc0, 0x48, 0xc1, 0xc0, 40,
        ],
        with_memory(true, &[0x89], 0, MASK),
        call(procmask, [setmask(), set, move_number(rdx, 0)]),
        // mov r10, [MASK]; ror r10, 40; sub r10, rounds; xor eax, eax
        with_memory(true, &[0x8b], 10, MASK),
        vec![0x49, 0xc1, 0xca, 40, 0x49, 0x81, 0xea],
        rounds.to_le_bytes().to_vec(),
        vec![0x31, 0xc0],
        with_memory(true, &[0x89], 0, MASK),
        with_memory(true, &[0x89], 0, OLD_MASK),
    ];
    let counts = vec![in_memory.concat(), in_vector.concat(), in_mask.concat()];
    select(counts).boxed()
}

/// What may come of it is compared only if siglab claims that nothing will.
fn check_claim(code: &str) -> Result<bool, TestCaseError> {
    let options = Options {
        limits: Limits {
            real_time: Some(Duration::from_millis(100)),
            ..Limits::default()
        },
        ..Options::default()
    };
    let program = c_program("snippet", &[]);
    let trace = run(
        &Command::new(&program).args([code]),
        &Script::default(),
        &options,
    )
    .expect("it can be run");
    let is_claimed = trace.outcome.limit == Some(LimitKind::NoProgress);
    if is_claimed {
        let native =
            run_command_natively(NativeCommand::new(&program).args([code, "bounded"]), &[]);
        prop_assert_eq!(
            native.status,
            ProcessStatus::Killed(Signal::VTALRM),
            "{}",
            code
        );
    }
    Ok(is_claimed)
}

fn cases(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: std::env::var("PROPTEST_CASES")
            .ok()
            .and_then(|cases| cases.parse().ok())
            .unwrap_or(usual),
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(25))]

    #[test]
    fn of_no_loop_that_ends_is_it_said_that_it_does_not(
        rounds in 500_000..4_000_000_u32,
        registers in any::<u32>(),
        before in prop::collection::vec(besides(), 0..5),
        count in count(),
        after in prop::collection::vec(besides(), 0..3),
    ) {
        check_claim(&looping(false, (rounds, registers), &before, &count, &after))?;
    }

}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn of_no_calls_that_end_is_it_said_that_they_do_not(
        registers in any::<u32>(),
        before in prop::collection::vec(calls(), 1..4),
        (rounds, count) in (1000..2000_u32)
            .prop_flat_map(|rounds| (Just(rounds), count_beside_calls(rounds))),
    ) {
        check_claim(&looping(true, (rounds, registers), &before, &count, &[]))?;
    }
}

/// With nothing that counts, so that the tests above aren't tests of nothing.
#[test]
fn a_loop_that_counts_nothing_is_claimed() {
    let never = move_number(10, 1);
    let code = looping(false, (1, 0), &[], &never, &[]);
    assert!(check_claim(&code).expect("it never ends"), "{code}");
    let yields = call(libc::SYS_sched_yield as u32, [vec![], vec![], vec![]]);
    let code = looping(true, (1, 0), &[yields], &never, &[]);
    assert!(check_claim(&code).expect("it never ends"), "{code}");
}
