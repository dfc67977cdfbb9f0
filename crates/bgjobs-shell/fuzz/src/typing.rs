//! Types arbitrary bytes at the prompt.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bgjobs_shell::fuzzing::type_bytes(bytes));
