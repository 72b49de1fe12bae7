#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    siglab_fuzz::targets::source(bytes);
});
