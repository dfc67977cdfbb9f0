//! A panic in a job is caught with its place and its frames, and is not printed on the terminal.
//!
//! Knows nothing of jobs: it runs a closure and says how it ended.
//! A panic hook notes the message, the place and the raw frames of a panic inside [`catch`], which costs some
//! microseconds; names and lines are looked up when the failure is read.
//! All other panics go to the hook that was set before.

use std::{
    any::{Any, TypeId},
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook},
    sync::Once,
};

use backtrace::Backtrace;

use crate::system::sync::thread_local;

/// How many panics of one body are remembered; the newest with the message of the payload is the one that counts,
/// so that a panic which the body caught itself lends nothing to another.
const REMEMBERED: usize = 8;

/// A panic that was caught.
pub(crate) struct Caught {
    pub(crate) message: String,
    /// Where it happened, as `file:line:column`.
    pub(crate) place: Option<String>,
    /// Its frames, whose names nobody has looked up yet.
    pub(crate) frames: Option<Backtrace>,
    pub(crate) payload: Box<dyn Any + Send>,
}

/// What the hook saw of one panic.
struct Note {
    message: String,
    /// The type of the payload.
    kind: TypeId,
    place: Option<String>,
    frames: Backtrace,
}

/// Where the innermost [`catch`] of a thread stands.
#[derive(Clone, Copy, Default)]
struct Watch {
    /// Whether there is one.
    is_on: bool,
    /// How many notes there were when it began.
    first: usize,
    /// How many there are now.
    noted: usize,
}

thread_local! {
    /// Apart from the notes, because it has no destructor: a body that does not panic pays for no more than this.
    static WATCH: Cell<Watch> = Cell::new(Watch::default());
    /// The panics inside of each [`catch`] that runs on this thread, the innermost last.
    #[cfg_attr(not(bgjobs_loom), expect(clippy::missing_const_for_thread_local, reason = "loom's macro takes no `const`"))]
    static NOTES: RefCell<Vec<Note>> = RefCell::new(Vec::new());
}

/// Puts the hook that takes notes in front of the host's own, once in a process.
pub(crate) fn install_hook() {
    static INSTALLED: Once = Once::new();
    // A model's own panics come from outside its threads, where its thread-locals can't be read. While a thread panics the
    // standard library lets nobody change the hook; the next manager does it.
    if cfg!(any(bgjobs_loom, bgjobs_shuttle)) || std::thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            // Where no panic can be caught the process is about to die: its last words belong to the terminal.
            if cfg!(panic = "abort") || is_beyond_catching(info) || !take_note(info) {
                previous(info);
            }
        }));
    });
}

/// Runs `body`; its panic, if it comes to that, is the error, whose payload may panic when it is dropped.
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Caught> {
    let outer = WATCH.with(Cell::get);
    WATCH.with(|watch| watch.set(Watch { is_on: true, first: outer.noted, ..outer }));
    let result = catch_unwind(AssertUnwindSafe(|| bgjobs_body_starts_here(body)));
    let notes = if WATCH.with(|watch| watch.replace(outer)).noted > outer.noted {
        // A thread that ends may have lost its notes already.
        NOTES.try_with(|notes| notes.borrow_mut().split_off(outer.noted)).unwrap_or_default()
    } else {
        Vec::new()
    };
    result.map_err(|payload| {
        let message = message_of(&*payload);
        let note = notes.into_iter().rev().find(|note| note.kind == (*payload).type_id() && note.message == message);
        let (place, frames) = note.map_or((None, None), |note| (note.place, Some(note.frames)));
        Caught { message, place, frames, payload }
    })
}

/// Drops `value`, which is the user's; a panic in its destructor is swallowed.
pub(crate) fn drop_quietly<T>(value: T) {
    swallow(move || drop(value));
}

/// Calls what is the user's on a thread that must go on; a panic is swallowed.
pub(crate) fn swallow(call: impl FnOnce()) {
    if let Err(caught) = catch(call) {
        // The payload may have a destructor that panics again: it is left alone.
        std::mem::forget(caught.payload);
    }
}

/// A value of the user's whose destructor may panic: it is dropped quietly wherever it is dropped.
pub(crate) struct Quietly<T>(Option<T>);

impl<T> Quietly<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn into_inner(mut self) -> T {
        self.0.take().expect("only a destructor takes it otherwise")
    }
}

impl<T> Drop for Quietly<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            drop_quietly(value);
        }
    }
}

/// Marks in a backtrace where the user's code begins: its name is [`START`](crate::record::frame::START).
#[inline(never)]
fn bgjobs_body_starts_here<R>(body: impl FnOnce() -> R) -> R {
    let result = body();
    // Work after the call, so that the call is no tail call and this frame stays on the stack.
    std::hint::black_box(());
    result
}

/// Whether the process will abort after this panic, as after one in a destructor that runs because of another.
fn is_beyond_catching(info: &PanicHookInfo<'_>) -> bool {
    info.location().is_some_and(|place| place.file().ends_with("core/src/panicking.rs"))
        && message_of(info.payload()).starts_with("panic in a ")
}

/// Notes a panic if it happens inside [`catch`].
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
            place: info.location().map(ToString::to_string),
            frames: Backtrace::new_unresolved(),
        });
        WATCH.with(|place| place.set(Watch { noted: notes.len(), ..watch }));
    };
    NOTES.try_with(take).is_ok()
}

/// The text of a panic's payload.
fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a value that is not text").to_owned()
}
