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

use bgjobs::{
    AnyJob, Failure, Job, JobManager, JoinError, Outcome, State, Verdict, WaitError, stop_all_async, wait_all_async,
    wait_any_async,
};
use futures_lite::future::{block_on, or, poll_once, zip};
use futures_util::future::join_all;

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
    let (one, two) = block_on(zip(one, two));
    assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
}

#[test]
fn a_job_is_itself_a_future_and_a_list_of_jobs_is_joined_as_it_is() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let squares: Vec<Job<i32>> = (0..3).map(|n| jobs.spawn("square", gate.hold(n * n)).unwrap()).collect();
    gate.open_soon();
    let results: Vec<_> = block_on(join_all(squares)).into_iter().map(Result::unwrap).collect();
    assert_eq!(results, [0, 1, 4]);
}

#[test]
fn a_runtime_takes_a_job_as_a_task() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("held", gate.hold(7)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let task = runtime.spawn(job);
    gate.open_soon();
    assert_eq!(runtime.block_on(task).unwrap().unwrap(), 7);
}

#[test]
fn a_job_that_was_polled_is_joined_cloned_and_polled_again_like_any_other() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let mut job = jobs.spawn("held", gate.hold(7)).unwrap();
    assert!(block_on(poll_once(&mut job)).is_none());
    let clone = job.clone();
    gate.open_soon();
    assert_eq!(job.join().unwrap(), &7);
    for _ in 0..2 {
        assert_eq!(block_on(&mut job).unwrap(), 7);
    }
    assert_eq!(block_on(clone).unwrap(), 7);
}

#[test]
fn a_dropped_job_and_one_without_its_type_release_the_waker_that_polled_it() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let counting = Arc::<Counting>::default();
    let waker = Waker::from(Arc::clone(&counting));
    let polled = || {
        let mut job = jobs.spawn("held", gate.hold(())).unwrap();
        assert!(pin!(&mut job).poll(&mut Context::from_waker(&waker)).is_pending());
        job
    };
    drop(polled());
    let kept = AnyJob::from(polled());
    assert_eq!(Arc::strong_count(&counting), 2);
    gate.open();
    kept.wait().unwrap();
    assert_eq!(counting.count(), 0);
}

#[test]
fn a_job_without_its_type_is_awaited_whatever_its_outcome() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let held = AnyJob::from(jobs.spawn("held", gate.hold(1)).unwrap());
    let died = AnyJob::from(jobs.try_spawn("die", || Err::<(), _>(Failure::new("no rows"))).unwrap());
    gate.open_soon();
    block_on(async {
        (&held).await;
        died.clone().await;
    });
    assert_eq!([&held, &died].map(AnyJob::state), [Outcome::Done, Outcome::Failed].map(State::Finished));
}

#[test]
fn all_jobs_are_awaited_together_from_a_list_or_from_their_manager() {
    let jobs = JobManager::new();
    let (gate, later) = (Gate::new(), Gate::new());
    let both: Vec<Job<i32>> = (0..2).map(|n| jobs.spawn("held", gate.hold(n)).unwrap()).collect();
    let last = jobs.spawn("later", later.hold(2)).unwrap();
    assert!(block_on(poll_once(wait_all_async(&both))).is_none());
    gate.open_soon();
    block_on(wait_all_async(&both));
    assert!(both.iter().all(|job| job.is_finished()) && !last.is_finished());
    later.open_soon();
    block_on(jobs.wait_all_async());
    assert!(last.is_finished());
    block_on(wait_all_async::<&AnyJob>([]));
}

#[test]
fn a_job_that_awaits_all_jobs_of_its_manager_does_not_await_itself() {
    let jobs = JobManager::new();
    let handle = jobs.handle();
    let job = jobs.spawn("last", move || block_on(handle.wait_all_async())).unwrap();
    job.join_timeout(GUARD).unwrap();
}

#[test]
fn awaiting_any_job_returns_the_first_listed_one_that_has_ended_with_its_type() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let both = vec![jobs.spawn("one", first.hold(1)).unwrap(), jobs.spawn("two", second.hold(2)).unwrap()];
    assert!(block_on(poll_once(wait_any_async(&both))).is_none());
    second.open_soon();
    assert_eq!(block_on(wait_any_async(&both)).unwrap().join().unwrap(), &2);
    first.open();
    both[0].wait().unwrap();
    let ended: Job<i32> = block_on(wait_any_async(both)).unwrap();
    assert_eq!(ended.join().unwrap(), &1);
    assert_eq!(block_on(wait_any_async::<AnyJob>([])).unwrap_err(), WaitError::NoJobs);
}

#[test]
fn a_dropped_wait_for_several_jobs_releases_its_wakers() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let both: Vec<Job<i32>> = (0..2).map(|n| jobs.spawn("held", gate.hold(n)).unwrap()).collect();
    let counting = Arc::<Counting>::default();
    let waker = Waker::from(Arc::clone(&counting));
    {
        let (mut all, mut any) = (pin!(wait_all_async(&both)), pin!(wait_any_async(&both)));
        assert!(all.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(any.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        // One for the first of all, and one for each of any.
        assert_eq!(Arc::strong_count(&counting), 2 + 3);
    }
    assert_eq!(Arc::strong_count(&counting), 2);
    gate.open();
    jobs.wait_all().unwrap();
    assert_eq!(counting.count(), 0);
}

#[test]
fn an_awaited_stop_returns_the_verdict_when_the_job_has_ended() {
    let jobs = JobManager::new();
    let sleep = |job: &bgjobs::Context| Ok(job.sleep(std::time::Duration::MAX)?);
    let asleep: Vec<Job<()>> = (0..2).map(|_| jobs.spawn_with("sleep", sleep).unwrap()).collect();
    let verdict = block_on(asleep[0].stop_async("enough"));
    assert!(matches!(verdict, Verdict::Stopped { .. }), "{verdict}");
    let verdicts = block_on(stop_all_async(&asleep, "enough"));
    assert!(matches!(verdicts[0], Verdict::FinishedFirst { outcome: Outcome::Stopped, asked: false }));
    assert!(matches!(verdicts[1], Verdict::Stopped { .. }));
}

#[test]
fn a_stop_is_requested_when_it_is_first_polled_and_stays_in_force_when_its_future_is_dropped() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("deaf", gate.hold(1)).unwrap();
    wait_until("the job runs", || job.state() == State::Running);
    let stop = job.stop_async("enough");
    assert_eq!(job.stop_reason(), None);
    assert!(block_on(poll_once(stop)).is_none());
    assert_eq!(job.stop_reason().unwrap(), "enough".into());
    gate.open_soon();
    let verdict = block_on(job.stop_async("enough"));
    assert_eq!(verdict, Verdict::FinishedFirst { outcome: Outcome::Done, asked: true });
}

#[test]
fn a_job_that_awaits_its_own_stop_gets_the_verdict_that_it_still_runs() {
    let jobs = JobManager::new();
    let job = jobs.spawn_with("selfish", |job| Ok(block_on(job.job().stop_async("enough")))).unwrap();
    assert!(matches!(job.join_timeout(GUARD).unwrap(), Verdict::StillRunning { .. }));
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
