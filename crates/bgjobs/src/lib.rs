//! Background jobs for an interactive prompt.
