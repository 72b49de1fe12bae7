//! more_info with SIGUSR1, a standard signal. The program is in lib.rs.

use std::process::ExitCode;

fn main() -> ExitCode {
    more_info::main_with(libc::SIGUSR1)
}
