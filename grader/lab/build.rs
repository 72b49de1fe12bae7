//! Hands the target triple on: the `cc` crate wants to know it at run time.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=SIGLAB_TARGET={target}");
}
