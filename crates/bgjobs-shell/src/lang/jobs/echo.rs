//! Where jobs print besides their logs, in a program without a prompt; it can be held back for a moment.
//!
//! Knows nothing of who prints.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bgjobs::Stream;

use crate::lang::output::Output;

/// Where jobs print besides their logs.
#[derive(Clone)]
pub(super) struct Echo {
    output: Output,
    /// What was printed since it is held back; none if it is not.
    held: Arc<Mutex<Held>>,
}

type Held = Option<Vec<(Stream, String)>>;

impl Echo {
    #[cfg(feature = "terminal")]
    pub(super) fn new(output: Output) -> Self {
        Self { output, held: Arc::default() }
    }

    /// Where to print.
    pub(super) fn output(&self) -> Output {
        let echo = self.clone();
        Arc::new(move |stream, text| {
            let mut held = echo.held();
            if let Some(pieces) = &mut *held {
                pieces.push((stream, text.to_owned()));
            } else {
                drop(held);
                (echo.output)(stream, text);
            }
        })
    }

    /// From now on what is printed waits.
    pub(super) fn hold(&self) {
        self.held().get_or_insert_default();
    }

    /// Prints what has waited; nothing waits any more.
    #[cfg(feature = "terminal")]
    pub(super) fn release(&self) {
        // Held until all is printed, so that what is printed meanwhile comes after it.
        let mut held = self.held();
        for (stream, text) in held.take().into_iter().flatten() {
            (self.output)(stream, &text);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, feature = "terminal"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_back_comes_in_its_order_once_it_is_released() {
        let seen: Arc<Mutex<String>> = Arc::default();
        let shown = Arc::clone(&seen);
        let echo = Echo::new(Arc::new(move |_, text| shown.lock().expect("it is whole").push_str(text)));
        let print = echo.output();
        print(Stream::Out, "a");
        echo.hold();
        echo.hold();
        print(Stream::Out, "b");
        print(Stream::Err, "c");
        assert_eq!(*seen.lock().expect("it is whole"), "a");
        echo.release();
        print(Stream::Out, "d");
        echo.release();
        assert_eq!(*seen.lock().expect("it is whole"), "abcd");
    }
}
