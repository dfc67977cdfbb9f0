//! The `bgjobs` binary.

fn main() {}
