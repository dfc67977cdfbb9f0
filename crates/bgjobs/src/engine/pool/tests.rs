//! The pool's decisions, one call after another, without threads.
//!
//! Knows nothing of interleavings, which `tests/models.rs` tries.

use super::*;

/// A pool with two workers, which run the tasks 1 and 2.
fn two_busy_workers() -> (Pool<u32>, Arc<Parker>, Arc<Parker>) {
    let (pool, me, other) = (Pool::new(Growth::Ahead), Parker::new(), Parker::new());
    for task in [1, 2] {
        assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), false));
        assert!(pool.push(task).is_ok());
    }
    assert!(matches!(pool.take(&me, false), Next::Run(1, Call::Nobody)));
    assert!(matches!(pool.take(&other, false), Next::Run(2, Call::Nobody)));
    (pool, me, other)
}

#[test]
fn two_submitters_that_are_both_refused_leave_no_task_behind() {
    let pool = Pool::<()>::new(Growth::Ahead);
    assert_eq!([pool.admit(0), pool.admit(0)], [Ok(Admission::Grow), Ok(Admission::Grow)]);
    // The other submitter's thread, still being made, is not a worker to wait for.
    assert_eq!([pool.refused().0, pool.refused().0], [Refused::Fail, Refused::Fail]);
    assert_eq!(lock(&pool.inner).counts(), Counts::default());
    assert_eq!(pool.free.load(Ordering::Relaxed), 0);
}

#[test]
fn a_task_without_a_thread_queues_behind_a_worker_and_growth_is_tried_again() {
    let (pool, me) = (Pool::new(Growth::Ahead), Parker::new());
    assert_eq!(pool.admit(0), Ok(Admission::Grow));
    assert!(!pool.made());
    assert!(pool.push(1).is_ok());
    assert!(matches!(pool.take(&me, false), Next::Run(1, Call::Nobody)));

    assert_eq!((pool.admit(0), pool.refused().0), (Ok(Admission::Grow), Refused::Queue));
    assert!(pool.push(2).is_ok());
    // The next submitter gets a thread, and learns that one more is owed.
    assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), true));
    assert!(pool.refused_again().is_none());
    assert!(matches!(pool.take(&me, false), Next::Run(2, Call::Nobody)));
}

#[test]
fn when_a_thread_that_counted_as_searching_is_refused_a_sleeper_is_woken() {
    let (pool, me, other) = two_busy_workers();
    for task in [3, 4] {
        assert_eq!((pool.admit(0), pool.refused().0), (Ok(Admission::Grow), Refused::Queue));
        assert!(pool.push(task).is_ok());
    }
    // One worker is done and owes a thread, which counts as a searcher while it is being made.
    assert!(pool.finish());
    assert!(matches!(pool.take(&me, false), Next::Run(3, Call::Nobody)));
    assert!(!pool.finish());
    assert!(matches!(pool.take(&other, false), Next::Run(4, Call::Nobody)));
    assert!(!pool.finish());
    assert!(matches!(pool.take(&other, true), Next::Sleep));
    assert_eq!(pool.admit(0), Ok(Admission::Ready));
    assert!(pool.push(5).is_ok_and(|call| matches!(call, Call::Nobody)));
    // The thread is refused: now nobody searches, so the sleeper must be woken.
    assert!(pool.refused_again().is_some_and(|sleeper| Arc::ptr_eq(&sleeper, &other)));
}

#[test]
fn a_worker_that_is_busy_again_leaves_its_task_to_another() {
    let (pool, _, other) = two_busy_workers();
    assert!(!pool.finish());
    assert!(matches!(pool.take(&other, true), Next::Sleep));

    // One worker is done and promised to the next task when it has to run user code.
    assert!(!pool.finish());
    assert_eq!(pool.admit(0), Ok(Admission::Ready));
    assert!(pool.push(3).is_ok_and(|call| matches!(call, Call::Nobody)));
    let (grows, sleeper) = pool.resume();
    assert!(!grows);
    assert!(sleeper.is_some_and(|sleeper| Arc::ptr_eq(&sleeper, &other)));

    // With no other worker to take the task, a thread is made.
    assert!(matches!(pool.take(&other, false), Next::Run(3, Call::Nobody)));
    assert!(!pool.finish());
    assert_eq!(pool.admit(0), Ok(Admission::Ready));
    assert!(pool.push(4).is_ok());
    assert!(matches!(pool.resume(), (true, None)));
}

#[test]
fn when_a_submitter_fails_a_sleeper_is_woken_for_the_queued_task() {
    let (pool, me, other) = (Pool::new(Growth::Ahead), Parker::new(), Parker::new());
    assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), false));
    assert!(pool.push(1).is_ok());
    assert!(matches!(pool.take(&me, false), Next::Run(1, Call::Nobody)));
    assert_eq!((pool.admit(0), pool.refused().0), (Ok(Admission::Grow), Refused::Queue));
    assert!(pool.push(2).is_ok());
    // The next submitter must make one more thread, which begins before `made` is called for it.
    assert_eq!((pool.admit(0), pool.made()), (Ok(Admission::Grow), true));
    assert!(pool.push(3).is_ok());
    assert!(matches!(pool.take(&other, false), Next::Run(2, Call::Nobody)));
    let third = Parker::new();
    assert!(matches!(pool.take(&third, false), Next::Run(3, Call::Nobody)));
    // All are done: two leave, and the third sleeps.
    for parker in [&me, &other, &third] {
        assert!(!pool.finish());
        assert!(matches!(pool.take(parker, true), Next::Sleep));
    }
    assert!(pool.leave(&me) && pool.leave(&other));

    // The third is promised to a task, which is pushed while a thread for another task is being made; that is
    // refused.
    assert_eq!([pool.admit(0), pool.admit(0)], [Ok(Admission::Ready), Ok(Admission::Grow)]);
    assert!(pool.push(4).is_ok_and(|call| matches!(call, Call::Nobody)));
    let (refused, sleeper) = pool.refused();
    assert_eq!(refused, Refused::Fail);
    assert!(sleeper.is_some_and(|sleeper| Arc::ptr_eq(&sleeper, &third)));
}

#[test]
fn a_closed_pool_admits_nothing_even_when_a_worker_becomes_free() {
    let (pool, ..) = two_busy_workers();
    pool.close();
    assert!(!pool.finish());
    pool.retract();
    assert_eq!(pool.admit(0), Err(Closed));
}
