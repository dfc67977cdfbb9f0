//! What a running body reports about itself: where it is, and how far along.
//!
//! Knows nothing of jobs.

use std::{mem, panic::Location, sync::Arc, time::Instant};

use crate::{
    record::{frame::Frame, name::Name, place::Place, progress::Progress},
    system::{
        panic::{drop_quietly, swallow},
        sync::{Mutex, lock},
    },
};

/// A function that the body registers to tell where it is.
pub(crate) type Locator = Arc<dyn Fn() -> Option<Place> + Send + Sync>;

/// What a running body reports about itself.
#[derive(Default)]
pub(crate) struct Activity(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    place: Option<(Name, &'static Location<'static>, Instant)>,
    progress: Option<Progress>,
    /// Whether what it prints shows how far along it is, as long as it does not say so.
    is_read: bool,
    /// Oldest first; dropped when the body ends.
    locators: Vec<Locator>,
}

impl Activity {
    pub(crate) fn set_place(&self, text: Name, location: &'static Location<'static>) {
        lock(&self.0).place = Some((text, location, Instant::now()));
    }

    pub(crate) fn add_locator(&self, locator: Locator) {
        lock(&self.0).locators.push(locator);
    }

    pub(crate) fn remove_locator(&self, locator: &Locator) {
        let mut inner = lock(&self.0);
        let index = inner.locators.iter().rposition(|known| Arc::ptr_eq(known, locator));
        let removed = index.map(|index| inner.locators.remove(index));
        drop(inner);
        drop_quietly(removed);
    }

    /// Where the body is according to its locators, and what it was doing there at its last checkpoint; without an
    /// answer from them, where it last said it was.
    pub(crate) fn place(&self) -> Option<Place> {
        let (said, locators) = {
            let inner = lock(&self.0);
            (inner.place.clone(), inner.locators.clone())
        };
        let mut place: Option<Place> = None;
        for locator in locators {
            let mut inner = None;
            swallow(|| inner = locator());
            // If the body has ended meanwhile, this is the last reference.
            drop_quietly(locator);
            match (&mut place, inner) {
                (Some(place), Some(inner)) => {
                    place.frames.extend(inner.frames);
                    place.processes.extend(inner.processes);
                }
                (None, inner) => place = inner,
                (Some(_), None) => {}
            }
        }
        match (place, said) {
            (Some(place), Some((text, ..))) => Some(place.described(text)),
            (None, Some((text, location, since))) => {
                Some(Place { text, frames: vec![Frame::from(location)], processes: Vec::new(), since })
            }
            (place, None) => place,
        }
    }

    pub(crate) fn update_progress(&self, change: impl FnOnce(&mut Progress)) {
        change(lock(&self.0).progress.get_or_insert_default());
    }

    pub(crate) fn progress(&self) -> Option<Progress> {
        lock(&self.0).progress.clone()
    }

    pub(crate) fn read_progress(&self) {
        lock(&self.0).is_read = true;
    }

    pub(crate) fn is_read(&self) -> bool {
        lock(&self.0).is_read
    }

    /// Drops the locators, because the body has ended.
    pub(crate) fn drop_locators(&self) {
        let locators = mem::take(&mut lock(&self.0).locators);
        // They hold values of the user's.
        drop_quietly(locators);
    }

    /// Forgets the place, because an attempt of the body has ended.
    pub(crate) fn clear_place(&self) {
        lock(&self.0).place = None;
        self.drop_locators();
    }
}
