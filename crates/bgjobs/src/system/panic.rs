//! Catches panics with their location and frames, and keeps them off the terminal unless a thread shows them.
//!
//! Knows nothing of jobs: it runs a closure and returns how it ended.
//! A panic hook records the message, the location and the raw frames of a panic inside [`catch`], which takes a few
//! microseconds; names and lines are looked up when the failure is read.
//! All other panics go to the program's own hook.

use std::{
    any::{Any, TypeId},
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
};

use backtrace::Backtrace;

use crate::system::{panic_hook, sync::thread_local};

/// How many panics of one body are remembered.
///
/// The newest one with the type and message of the payload counts, so a panic that the body caught itself is not
/// mistaken for it.
const REMEMBERED: usize = 8;

/// A caught panic.
pub(crate) struct Caught {
    pub(crate) message: String,
    /// Where the panic happened, as `file:line:column`.
    pub(crate) location: Option<String>,
    /// Its frames, whose names have not been looked up yet.
    pub(crate) frames: Option<Backtrace>,
    pub(crate) payload: Box<dyn Any + Send>,
}

/// What the hook recorded of one panic.
struct Note {
    message: String,
    /// The type of the payload.
    kind: TypeId,
    location: Option<String>,
    frames: Backtrace,
}

/// The state of the innermost [`catch`] on a thread.
#[derive(Clone, Copy, Default)]
struct Watch {
    /// Whether a `catch` is running.
    is_on: bool,
    /// Whether its panics are shown to the program's hook as well.
    shows: bool,
    /// How many notes there were when it began.
    first: usize,
    /// How many there are now.
    noted: usize,
}

thread_local! {
    /// Separate from the notes because it needs no destructor: a body that does not panic pays only for this.
    static WATCH: Cell<Watch> = Cell::new(Watch::default());
    /// The panics inside each [`catch`] that runs on this thread, innermost last.
    #[cfg_attr(not(bgjobs_loom), expect(clippy::missing_const_for_thread_local, reason = "loom's macro takes no `const`"))]
    static NOTES: RefCell<Vec<Note>> = RefCell::new(Vec::new());
}

/// Sets the hook that takes notes in front of the program's own, unless it is known to be set.
#[inline]
pub(crate) fn install_hook() {
    panic_hook::install(is_shown);
}

/// Sets the hook that takes notes in front of the program's own, also if that hands on to the one that takes notes.
pub(crate) fn hook_to_front() {
    panic_hook::come_to_front(is_shown);
}

/// Shows the panics inside each later [`catch`] on this thread to the program's hook as well, or not.
pub(crate) fn show_on_this_thread(shows: bool) {
    WATCH.with(|watch| watch.set(Watch { shows, ..watch.get() }));
}

/// Whether the program's hook is to see a panic; notes it if it happens inside [`catch`].
fn is_shown(info: &PanicHookInfo<'_>) -> bool {
    // If the panic can't be caught, the process is about to die, and its last message belongs on the terminal.
    cfg!(panic = "abort") || is_beyond_catching(info) || !take_note(info) || WATCH.with(Cell::get).shows
}

/// Runs `body`; a panic becomes the error, whose payload may itself panic when it is dropped.
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Caught> {
    install_hook();
    let outer = WATCH.with(Cell::get);
    WATCH.with(|watch| watch.set(Watch { is_on: true, first: outer.noted, ..outer }));
    let result = catch_unwind(AssertUnwindSafe(|| bgjobs_body_starts_here(body)));
    let notes = if WATCH.with(|watch| watch.replace(outer)).noted > outer.noted {
        // On a thread that is ending, the notes may be gone already.
        NOTES.try_with(|notes| notes.borrow_mut().split_off(outer.noted)).unwrap_or_default()
    } else {
        Vec::new()
    };
    result.map_err(|payload| {
        let message = message_of(&*payload);
        let note = notes.into_iter().rev().find(|note| note.kind == (*payload).type_id() && note.message == message);
        if note.is_none() {
            // The program's hook may not hand on to ours.
            hook_to_front();
        }
        let (location, frames) = note.map_or((None, None), |note| (note.location, Some(note.frames)));
        Caught { message, location, frames, payload }
    })
}

/// Drops a value of the user's; a panic in its destructor is swallowed.
pub(crate) fn drop_quietly<T>(value: T) {
    swallow(move || drop(value));
}

/// Calls user code on a thread that must go on; a panic is swallowed.
pub(crate) fn swallow(call: impl FnOnce()) {
    if let Err(caught) = catch(call) {
        // The payload's destructor may panic again, so it never runs.
        std::mem::forget(caught.payload);
    }
}

/// As [`swallow`], with its own choice of whether the panics are shown to the program's hook as well.
pub(crate) fn swallow_and_show(shows: bool, call: impl FnOnce()) {
    let outer = WATCH.with(Cell::get).shows;
    show_on_this_thread(shows);
    swallow(call);
    show_on_this_thread(outer);
}

/// A value of the user's whose destructor may panic: wherever it is dropped, a panic is swallowed.
pub(crate) struct Quietly<T>(Option<T>);

impl<T> Quietly<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn into_inner(mut self) -> T {
        self.0.take().expect("only the destructor also takes it")
    }
}

impl<T> Drop for Quietly<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            drop_quietly(value);
        }
    }
}

/// Marks where the user's code begins in a backtrace; [`START`](crate::record::frame::START) is its name.
#[inline(never)]
fn bgjobs_body_starts_here<R>(body: impl FnOnce() -> R) -> R {
    let result = body();
    // Work after the call prevents a tail call, so this frame stays on the stack.
    std::hint::black_box(());
    result
}

/// Whether the process aborts after this panic, for example because it happened in a destructor during another panic.
fn is_beyond_catching(info: &PanicHookInfo<'_>) -> bool {
    info.location().is_some_and(|location| location.file().ends_with("core/src/panicking.rs"))
        && message_of(info.payload()).starts_with("panic in a ")
}

/// Records a panic that happens inside [`catch`]; false if it happens outside.
fn take_note(info: &PanicHookInfo<'_>) -> bool {
    let watch = WATCH.with(Cell::get);
    if !watch.is_on {
        return false;
    }
    let take = |notes: &RefCell<Vec<Note>>| {
        let mut notes = notes.borrow_mut();
        if notes.len() - watch.first == REMEMBERED {
            notes.remove(watch.first);
        }
        notes.push(Note {
            message: message_of(info.payload()),
            kind: info.payload().type_id(),
            location: info.location().map(ToString::to_string),
            frames: Backtrace::new_unresolved(),
        });
        WATCH.with(|cell| cell.set(Watch { noted: notes.len(), ..watch }));
    };
    NOTES.try_with(take).is_ok()
}

/// The text of a panic's payload.
fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a value that is not text").to_owned()
}
