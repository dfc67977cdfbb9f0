//! The project's checks, one command each.

fn main() {}
