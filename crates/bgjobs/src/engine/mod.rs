//! What a manager, its handles and its workers share, and a job's life in it.
//!
//! Knows nothing of what a body is: it gets a closure.

pub(crate) mod callbacks;
pub(crate) mod clock;
pub(crate) mod completion_feed;
pub(crate) mod dispatch;
pub(crate) mod due;
pub(crate) mod pool;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod shutdown;
pub(crate) mod start;
pub(crate) mod stop;
pub(crate) mod table;
pub(crate) mod trace;
pub(crate) mod wait_graph;
pub(crate) mod waiters;
pub(crate) mod waiting;

use std::{
    cell::Cell,
    sync::{Arc, Weak},
    time::Instant,
};

use crossbeam_utils::CachePadded;

use crate::{
    config::Config,
    engine::{
        completion_feed::CompletionFeed,
        due::DueQueue,
        pool::workers::{Task, Workers},
        schedule::Schedule,
        table::{List, Table},
        wait_graph::{Node, WaitGraph},
        waiters::Waiters,
    },
    error::{SpawnError, UnknownJob, UnknownReason, WaitError},
    record::{Core, Key, Shared, id::JobId, job_ref::JobRef},
    system::{
        birthplace::Birthplace,
        panic,
        platform::monotonic,
        sync::{AtomicU64, Condvar, Mutex, Ordering, lock, thread_local},
    },
};

pub(crate) struct Engine {
    pub(crate) config: Config,
    /// The process that the engine's threads belong to; the child of a fork has none of them.
    birthplace: Birthplace,
    /// The zero of the clock that stamps jobs.
    pub(crate) epoch: Instant,
    /// The same moment as the system's monotonic clock reads it.
    zero: u64,
    /// The table, the lists and the completion feed; user code and destructors never run while it is locked.
    pub(crate) ledger: CachePadded<Mutex<Ledger>>,
    /// Wakes sleeping subscribers when an end is posted.
    pub(crate) end_posted: Condvar,
    /// How many ends were ever posted, readable without the lock.
    posted: AtomicU64,
    /// How many unlisted jobs were started.
    unlisted: AtomicU64,
    /// Wakes the clock thread when its next deadline may have changed.
    pub(crate) clock: Condvar,
    pub(crate) workers: Arc<Workers<Self>>,
    pub(crate) waiters: Waiters,
    /// What is due for hosted jobs.
    pub(crate) due: DueQueue,
}

pub(crate) struct Ledger {
    pub(crate) table: Table<Shared>,
    pub(crate) completions: CompletionFeed<Shared>,
    pub(crate) schedule: Schedule<Deferred>,
    pub(crate) wait_graph: WaitGraph,
    /// Whether jobs may be started.
    pub(crate) open: bool,
    /// Whether the manager was dropped, and its jobs with it.
    pub(crate) forgotten: bool,
    /// Whether the clock thread runs.
    pub(crate) has_clock: bool,
}

impl Ledger {
    /// Assigns a job its number and adds it to the table.
    pub(crate) fn add(&mut self, record: Shared) -> JobId {
        let id = JobId::from(self.table.next_number());
        record.core().set_id(id);
        self.table.insert(record);
        id
    }

    /// The listed job that is meant, for the manager whose engine is at `owner`.
    ///
    /// # Errors
    ///
    /// [`UnknownJob`] if it is not in the table, or another manager's.
    pub(crate) fn find(&self, job: &JobRef, owner: usize) -> Result<&Shared, UnknownJob> {
        let (id, next) = (job.id(), self.table.next_number());
        let reason = if job.is_foreign(owner) {
            UnknownReason::OfAnotherManager
        } else if let Some(record) = self.table.get(id.get()) {
            return Ok(record);
        } else if self.forgotten {
            UnknownReason::ManagerDropped
        } else if id == JobId::NONE {
            UnknownReason::Unlisted
        } else if id.get() < next {
            UnknownReason::Removed
        } else {
            UnknownReason::NotStarted { newest: next.checked_sub(1).map(JobId::from) }
        };
        Err(UnknownJob::new(id, reason))
    }

    /// The record of a job that was listed from its start.
    pub(crate) fn record(&self, job: Key) -> Option<Shared> {
        let Key::Listed(id) = job else { return None };
        self.table.get(id.get()).cloned()
    }
}

/// A job that has not started, as the schedule stores it.
pub(crate) struct Deferred {
    pub(crate) record: Shared,
    pub(crate) start: Start,
}

/// How a job starts.
pub(crate) enum Start {
    /// On a thread of the pool.
    Pooled(Task<Engine>),
    /// On a new thread for this job alone, with a stack of that many bytes.
    Alone(Task<Engine>, Option<usize>),
    /// On a thread of the host, which is told when.
    Hosted,
}

thread_local! {
    /// The job whose body runs on this thread.
    #[cfg_attr(not(bgjobs_loom), expect(clippy::missing_const_for_thread_local, reason = "loom's macro takes no `const`"))]
    static CURRENT: Cell<Option<Current>> = Cell::new(None);
}

/// A job whose body runs, and its engine, by its address.
#[derive(Clone, Copy)]
struct Current {
    engine: usize,
    job: Key,
    /// Its number when the body began.
    id: JobId,
    /// Whether the schedule knew the job when its body began.
    watched: bool,
}

impl Engine {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        panic::install_hook();
        Arc::new_cyclic(|engine| Self {
            workers: Workers::new(&config, Weak::clone(engine)),
            config,
            birthplace: Birthplace::new(),
            epoch: Instant::now(),
            zero: monotonic(),
            ledger: CachePadded::new(Mutex::new(Ledger {
                table: Table::new(),
                completions: CompletionFeed::new(),
                schedule: Schedule::new(),
                wait_graph: WaitGraph::default(),
                open: true,
                forgotten: false,
                has_clock: false,
            })),
            end_posted: Condvar::new(),
            posted: AtomicU64::new(0),
            unlisted: AtomicU64::new(0),
            clock: Condvar::new(),
            waiters: Waiters::new(),
            due: DueQueue::new(),
        })
    }

    pub(crate) fn now(&self) -> u64 {
        monotonic().saturating_sub(self.zero)
    }

    /// Whether this is the child of a fork, where none of the engine's threads lives and a lock of it may be held for
    /// ever.
    pub(crate) fn is_forked(&self) -> bool {
        self.birthplace.is_left(self.now())
    }

    /// Refuses to start a job made at `now` in the child of a fork.
    #[inline]
    pub(crate) fn check_start(&self, now: u64) -> Result<(), SpawnError> {
        if self.birthplace.is_left_lately(now) {
            return Err(SpawnError::Forked { process: self.birthplace.process() });
        }
        Ok(())
    }

    /// Refuses to wait for a job that stayed in the parent of this process; a host may have made others here since.
    pub(crate) fn check_wait(&self, job: &Core) -> Result<(), WaitError> {
        if self.birthplace.is_here(job.life.created(), self.now()) {
            return Ok(());
        }
        Err(WaitError::Forked { job: job.id(), process: self.birthplace.process() })
    }

    pub(crate) fn posted(&self) -> u64 {
        self.posted.load(Ordering::Acquire)
    }

    /// The job whose body runs on this thread, if it belongs to this engine.
    pub(crate) fn current(&self) -> Option<Node> {
        let current = self.here()?;
        let listed_since = || {
            let ledger = lock(&self.ledger);
            let mut running = ledger.table.list(List::Running);
            running.find(|record| record.core().key() == current.job).map(|record| record.core().id())
        };
        let id = if current.id == JobId::NONE { listed_since().unwrap_or(JobId::NONE) } else { current.id };
        Some(Node { key: current.job, id })
    }

    /// The job whose body runs on this thread, if it may hold a slot in a group.
    pub(crate) fn current_with_slot(&self) -> Option<Key> {
        self.here().filter(|current| current.watched).map(|current| current.job)
    }

    fn here(&self) -> Option<Current> {
        CURRENT.with(Cell::get).filter(|current| current.engine == self.address())
    }

    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}
