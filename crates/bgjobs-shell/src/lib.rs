//! An interactive shell whose every line can run in the background.
