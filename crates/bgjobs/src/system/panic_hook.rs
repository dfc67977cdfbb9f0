//! Keeps a panic hook in front of the program's own, also of one that the program sets later.
//!
//! Knows nothing of what the hook does with a panic: it asks a function whether the program's hook is to see it.
//! The standard library has no call that wraps a hook in one step, so between taking the old hook and setting the new
//! one a panic of another thread meets the default hook. Hence the hook is taken only when it was replaced for certain,
//! or when no job can panic meanwhile.

use std::{
    cell::Cell,
    panic::{PanicHookInfo, set_hook, take_hook},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Whether the program's hook is to see a panic.
pub(crate) type IsShown = fn(&PanicHookInfo<'_>) -> bool;

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync + 'static>;

/// Held while the hook is changed.
static CHANGE: Mutex<()> = Mutex::new(());

/// The wrappers that exist, in front or behind hooks of the program.
static WRAPPERS: Mutex<Wrappers> = Mutex::new(Wrappers { last: 0, alive: Vec::new() });

/// The number of the wrapper that was set last and still exists; 0 for none.
static SET: AtomicUsize = AtomicUsize::new(0);

struct Wrappers {
    /// How many were ever made.
    last: usize,
    /// The number of each, and the address of its closure.
    alive: Vec<(usize, usize)>,
}

thread_local! {
    /// Whether a wrapper has handed a panic on, so that a wrapper further behind leaves it alone.
    static HANDED_ON: Cell<bool> = const { Cell::new(false) };
}

/// What a wrapper owns: it tells when the wrapper is gone, so that an address that is used again means nothing.
struct Sentinel(usize);

impl Drop for Sentinel {
    fn drop(&mut self) {
        wrappers(|wrappers| wrappers.alive.retain(|&(number, _)| number != self.0));
        let _ = SET.compare_exchange(self.0, 0, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// Sets the hook unless it is known to be set; costs one load then.
#[inline]
pub(crate) fn install(is_shown: IsShown) {
    if SET.load(Ordering::Relaxed) == 0 {
        come_to_front(is_shown);
    }
}

/// Wraps the hook that is set, unless that is a wrapper already.
#[cold]
pub(crate) fn come_to_front(is_shown: IsShown) {
    // A model's own panics come from outside its threads, where its thread-locals can't be read. The standard library
    // does not allow a panicking thread to change the hook, so a later call does it.
    if cfg!(any(bgjobs_loom, bgjobs_shuttle)) || std::thread::panicking() {
        return;
    }
    let _change = CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = take_hook();
    let known = wrappers(|wrappers| wrappers.alive.iter().find(|wrapper| wrapper.1 == address(&hook)).copied());
    let (number, hook) = match known {
        Some((number, _)) => (number, hook),
        None => wrap(hook, is_shown),
    };
    // First, so that a program that replaces the hook at once is noticed.
    SET.store(number, Ordering::Release);
    set_hook(hook);
}

/// Makes a wrapper of `hook`; returns its number too.
fn wrap(hook: Hook, is_shown: IsShown) -> (usize, Hook) {
    let number = wrappers(|wrappers| {
        wrappers.last += 1;
        wrappers.last
    });
    let sentinel = Sentinel(number);
    let wrapper: Hook = Box::new(move |info| {
        let _owned = &sentinel;
        if HANDED_ON.get() {
            hook(info);
        } else if is_shown(info) {
            HANDED_ON.set(true);
            hook(info);
            HANDED_ON.set(false);
        }
    });
    wrappers(|wrappers| wrappers.alive.push((number, address(&wrapper))));
    (number, wrapper)
}

fn address(hook: &Hook) -> usize {
    std::ptr::from_ref(&**hook).addr()
}

/// Reads or changes the list of wrappers; `change` calls no code of the program.
fn wrappers<R>(change: impl FnOnce(&mut Wrappers) -> R) -> R {
    change(&mut WRAPPERS.lock().unwrap_or_else(PoisonError::into_inner))
}
