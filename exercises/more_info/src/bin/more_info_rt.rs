//! more_info with SIGRTMIN+1, a real-time signal. The program is in lib.rs.

use std::process::ExitCode;

fn main() -> ExitCode {
    more_info::main_with(libc::SIGRTMIN() + 1)
}
