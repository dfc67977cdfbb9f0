//! Has arbitrary bytes answered as lines.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bgjobs_shell::fuzzing::answer_bytes(bytes));
