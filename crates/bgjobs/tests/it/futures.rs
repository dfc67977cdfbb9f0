//! Jobs awaited as futures, without blocking a thread.

use std::{
    future::IntoFuture,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bgjobs::{Failure, JobManager, JoinError};
use futures_lite::future::{block_on, or, zip};

use crate::{
    gate::{GUARD, Gate, wait_until},
    support::daemon,
};

/// Counts how often it was woken.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counting {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_job_can_be_awaited_by_reference_and_by_value() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("held", gate.hold(vec![1, 2])).unwrap();
    gate.open_soon();
    block_on(async {
        assert_eq!((&job).await.unwrap(), &[1, 2]);
        assert_eq!(job.clone().await.unwrap(), [1, 2]);
        assert_eq!(job.await.unwrap(), [1, 2]);
    });
}

#[test]
fn awaiting_a_dead_job_returns_its_failure() {
    let jobs = JobManager::new();
    let job = jobs.try_spawn("die", || Err::<(), _>(Failure::new("no rows"))).unwrap();
    let Err(JoinError::Failed { failure, .. }) = block_on(job.into_future()) else { panic!("it dies") };
    assert_eq!(failure.message(), "no rows");
}

#[test]
fn a_future_is_woken_once_when_its_job_ends_and_not_before() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("held", gate.hold(1)).unwrap();
    let (old, new) = (Arc::<Counting>::default(), Arc::<Counting>::default());
    let [old_waker, new_waker] = [&old, &new].map(|counting| Waker::from(Arc::clone(counting)));
    let mut future = pin!((&job).into_future());
    for waker in [&old_waker, &old_waker, &new_waker] {
        assert!(future.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }
    assert_eq!((old.count(), new.count()), (0, 0));
    gate.open();
    wait_until("the last waker is woken", || new.count() == 1);
    assert!(matches!(future.as_mut().poll(&mut Context::from_waker(&new_waker)), Poll::Ready(Ok(1))));
    // Only the waker of the last poll is woken.
    assert_eq!((old.count(), new.count()), (0, 1));
}

#[test]
fn a_dropped_future_is_not_woken_and_releases_its_waker() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("held", gate.hold(1)).unwrap();
    let counting = Arc::<Counting>::default();
    {
        let waker = Waker::from(Arc::clone(&counting));
        let mut future = pin!((&job).into_future());
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(Arc::strong_count(&counting), 3);
    }
    assert_eq!(Arc::strong_count(&counting), 1);
    gate.open();
    job.join().unwrap();
    assert_eq!(counting.count(), 0);
}

#[test]
fn a_waker_is_released_once_woken() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("held", gate.hold(1)).unwrap();
    let counting = Arc::<Counting>::default();
    let waker = Waker::from(Arc::clone(&counting));
    let mut future = Box::pin((&job).into_future());
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    gate.open();
    wait_until("the waker is woken and released", || counting.count() == 1 && Arc::strong_count(&counting) == 2);
}

#[test]
fn futures_of_several_jobs_can_be_combined() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let one = jobs.spawn("one", first.hold(1)).unwrap();
    let two = jobs.spawn("two", second.hold(2)).unwrap();
    second.open_soon();
    let winner = or((&one).into_future(), (&two).into_future());
    assert_eq!(block_on(winner).unwrap(), &2);
    first.open_soon();
    let (one, two) = block_on(zip(one.into_future(), two.into_future()));
    assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
}

#[test]
fn a_panicking_waker_harms_neither_the_other_waiters_nor_the_manager() {
    struct Panicking;
    impl Wake for Panicking {
        fn wake(self: Arc<Self>) {
            panic!("a waker of the host");
        }
    }
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("held", gate.hold(1)).unwrap();
    let waker = Waker::from(Arc::new(Panicking));
    let counting = Arc::<Counting>::default();
    let good = Waker::from(Arc::clone(&counting));
    let mut bad_one = pin!((&job).into_future());
    let mut good_one = pin!((&job).into_future());
    assert!(bad_one.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(good_one.as_mut().poll(&mut Context::from_waker(&good)).is_pending());
    gate.open();
    wait_until("the second waker is woken", || counting.count() == 1);
    let next = jobs.named("next").with(daemon()).spawn(|| 2).unwrap();
    assert_eq!(next.join_timeout(GUARD).unwrap(), &2);
}
