//! All that depends on the processor: registers, syscall numbers and names, instructions.
//! Another architecture is another file here.

#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("siglab runs on x86-64 only, so far");
