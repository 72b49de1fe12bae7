//! One test for each criterion and language: see lab.toml.

fn main() -> std::process::ExitCode {
    siglab_lab::harness::main(env!("CARGO_MANIFEST_DIR"))
}
