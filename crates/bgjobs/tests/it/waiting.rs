//! Waiting for jobs: by threads and by other jobs.

use std::{sync::mpsc, thread, time::Duration};

use bgjobs::{
    AnyJob, Context, Failure, Job, JobId, JobManager, JoinError, Verdict, WaitError, stop_all, wait_all,
    wait_all_timeout, wait_any, wait_any_timeout,
};

use crate::{
    gate::{GUARD, Gate, in_time},
    support::daemon,
};

const SOON: Duration = Duration::from_millis(5);

#[test]
fn many_threads_that_join_one_job_borrow_the_same_result() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("held", gate.hold("x".to_owned())).unwrap();
    thread::scope(|scope| {
        let joiners: Vec<_> = (0..20).map(|_| scope.spawn(|| std::ptr::from_ref(job.join().unwrap()).addr())).collect();
        gate.open_soon();
        let here = std::ptr::from_ref(job.join().unwrap()).addr();
        assert!(joiners.into_iter().all(|joiner| joiner.join().unwrap() == here));
    });
}

#[test]
fn a_timed_out_join_says_how_long_it_waited_and_can_be_repeated() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("held", gate.hold(1)).unwrap();
    for limit in [Duration::ZERO, SOON] {
        let Err(JoinError::Wait(WaitError::TimedOut { after, running })) = job.join_timeout(limit) else {
            panic!("the gate is closed")
        };
        assert!(after >= limit);
        assert_eq!(running, [job.id()]);
    }
    gate.open_soon();
    assert_eq!(job.join_timeout(GUARD).unwrap(), &1);
    assert_eq!(job.join_timeout(Duration::ZERO).unwrap(), &1);
    assert_eq!(job.join_timeout(Duration::MAX).unwrap(), &1);
}

#[test]
fn joining_a_job_without_a_result_names_it_and_says_why() {
    let jobs = JobManager::new();
    let died = jobs.try_spawn("die", || Err::<(), _>(Failure::new("no rows"))).unwrap();
    assert_eq!(died.join().unwrap_err().to_string(), "job #0 `die` failed: no rows");
    let stopped = jobs.try_spawn("stop", || Err::<(), _>(Failure::stopped("enough"))).unwrap();
    assert_eq!(stopped.join().unwrap_err().to_string(), "job #1 `stop` was stopped: enough");
}

#[test]
fn waiting_for_any_returns_the_first_listed_job_that_has_ended() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let one = AnyJob::from(jobs.spawn("one", first.hold(())).unwrap());
    let two = AnyJob::from(jobs.spawn("two", second.hold(())).unwrap());
    let both = [one.clone(), two.clone()];
    let Err(WaitError::TimedOut { running, .. }) = wait_any_timeout(&both, SOON) else {
        panic!("both gates are closed")
    };
    assert_eq!(running, [one.id(), two.id()]);
    second.open_soon();
    assert_eq!(wait_any(&both).unwrap(), &two);
    first.open();
    one.wait().unwrap();
    assert_eq!(wait_any(&both).unwrap(), &one);
    assert_eq!(wait_any([&one]).unwrap(), &one);
    assert_eq!(wait_any::<&AnyJob>([]).unwrap_err(), WaitError::NoJobs);
}

#[test]
fn waiting_for_any_accepts_jobs_of_several_managers() {
    let gate = Gate::new();
    let (here, there) = (JobManager::new(), JobManager::new());
    let held = AnyJob::from(here.spawn("held", gate.hold(())).unwrap());
    let quick = AnyJob::from(there.spawn("quick", || ()).unwrap());
    assert_eq!(wait_any([held, quick.clone()]).unwrap(), quick);
    gate.open();
}

#[test]
fn an_error_for_many_jobs_names_ten_of_them_and_has_all() {
    let jobs = JobManager::new();
    jobs.group("held").pause();
    for _ in 0..1_000 {
        jobs.named("held").group("held").daemon().spawn(|| ()).unwrap();
    }
    let error = jobs.wait_all_timeout(Duration::ZERO).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("jobs #0, #1, #2, #3, #4, #5, #6, #7, #8, #9 and 990 more have not ended after "),
        "{text}"
    );
    assert!(matches!(error, WaitError::TimedOut { running, .. } if running.len() == 1_000));
    stop_all(jobs.running(), "not needed", Duration::ZERO);
}

#[test]
fn waiting_for_all_names_the_jobs_that_have_not_ended() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    jobs.spawn("quick", || ()).unwrap().wait().unwrap();
    jobs.spawn("held", gate.hold(())).unwrap();
    jobs.spawn("held too", gate.hold(())).unwrap();
    let error = wait_all_timeout(jobs.all(), SOON).unwrap_err();
    assert!(error.to_string().starts_with("jobs #1, #2 have not ended after "), "{error}");
    assert!(
        matches!(jobs.wait_all_timeout(Duration::ZERO), Err(WaitError::TimedOut { running, .. }) if running.len() == 2)
    );
    gate.open_soon();
    wait_all(jobs.all()).unwrap();
    wait_all::<&AnyJob>([]).unwrap();
    jobs.wait_all_timeout(Duration::ZERO).unwrap();
    assert_eq!(jobs.completed().len(), 3);
}

#[test]
fn jobs_with_results_are_waited_for_and_stopped_as_the_list_that_the_caller_has() {
    let jobs = JobManager::new();
    let squares: Vec<Job<i32>> = (0..3).map(|n| jobs.spawn("square", move || n * n).unwrap()).collect();
    wait_all(&squares).unwrap();
    wait_all_timeout(&squares, Duration::ZERO).unwrap();
    assert_eq!(squares.iter().map(|job| *job.join().unwrap()).collect::<Vec<_>>(), [0, 1, 4]);
    assert!(stop_all(&squares, "enough", GUARD).iter().all(|verdict| matches!(verdict, Verdict::FinishedFirst { .. })));

    let sleep = |job: &Context| Ok(job.sleep(Duration::MAX)?);
    let asleep = [jobs.spawn_with("one", sleep).unwrap(), jobs.spawn_with("two", sleep).unwrap()];
    assert!(stop_all(&asleep, "enough", GUARD).iter().all(|verdict| matches!(verdict, Verdict::Stopped { .. })));
}

#[test]
fn waiting_for_any_returns_the_job_with_the_type_of_its_result() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let both: Vec<Job<i32>> = vec![jobs.spawn("held", gate.hold(1)).unwrap(), jobs.spawn("quick", || 2).unwrap()];
    assert_eq!(wait_any(&both).unwrap().join().unwrap(), &2);
    let quick: Job<i32> = wait_any_timeout(both, GUARD).unwrap();
    assert_eq!(quick.join().unwrap(), &2);
    gate.open();
}

#[test]
fn a_job_that_would_wait_for_itself_gets_an_error() {
    let jobs = JobManager::new();
    let handle = jobs.handle();
    let errors = jobs
        .spawn_with("selfish", move |job| {
            let me = job.job();
            // Apart from this job there is none to wait for.
            handle.wait_all()?;
            Ok([
                me.wait().unwrap_err(),
                me.wait_timeout(GUARD).unwrap_err(),
                job.wait_for(me).unwrap_err(),
                wait_all([me]).unwrap_err(),
                wait_any([me]).unwrap_err(),
            ])
        })
        .unwrap();
    assert!(errors.join_timeout(GUARD).unwrap().iter().all(|error| *error == WaitError::Itself(0.into())));
    let text = "job #0 would wait for itself for ever; let another thread wait for it";
    assert_eq!(errors.join().unwrap()[0].to_string(), text);
}

#[test]
fn a_job_that_lists_only_itself_several_times_gets_the_same_error() {
    let jobs = JobManager::new();
    let body = |job: &Context| Ok(wait_any([job.job(), job.job()]).unwrap_err());
    let job = jobs.named("selfish").with(daemon()).spawn_with(body).unwrap();
    assert_eq!(job.join_timeout(GUARD).unwrap(), &WaitError::Itself(0.into()));
}

/// Starts jobs that each join the next one, the last one joining the first, and returns their results.
fn ring(size: usize) -> Vec<Result<(), JoinError>> {
    let jobs = JobManager::new();
    let (senders, links): (Vec<_>, Vec<_>) = (0..size).map(|_| mpsc::channel::<Job<()>>()).unzip();
    let members: Vec<_> = links
        .into_iter()
        .map(|link| {
            let body = move || {
                let error = link.recv().unwrap().join().err();
                // The job that closes the ring gets the error; a member that joined it ends normally.
                error.map_or(Ok(()), |error| if matches!(error, JoinError::Wait(_)) { Err(error) } else { Ok(()) })
            };
            jobs.try_spawn("member", body).unwrap()
        })
        .collect();
    for (index, sender) in senders.iter().enumerate() {
        sender.send(members[(index + 1) % size].clone()).unwrap();
    }
    members.into_iter().map(|job| job.join_timeout(GUARD).copied()).collect()
}

#[test]
fn a_ring_of_joins_is_broken_by_an_error_in_exactly_one_member() {
    for size in [2, 3, 7] {
        let answers = in_time("joining in a ring", move || ring(size));
        let errors: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        let [JoinError::Failed { job, failure, .. }] = &errors[..] else {
            panic!("exactly one gets an error: {errors:?}")
        };
        let after = |id: JobId, n: u64| (id.get() + n) % size as u64;
        let links: String =
            (0..size as u64).map(|n| format!("#{} waits for ", after(*job, n))).collect::<Vec<_>>().concat();
        let text = format!("the wait would never end: {links}#{job}; let one of them wait with a time limit");
        assert_eq!(failure.message(), text);
    }
}

#[test]
fn a_ring_with_one_timed_wait_resolves_itself() {
    let jobs = JobManager::new();
    let (sender, receiver) = mpsc::channel::<AnyJob>();
    let limited = jobs.spawn("limited", move || receiver.recv().unwrap().wait_timeout(SOON).is_err()).unwrap();
    let other = limited.clone();
    let patient = jobs.spawn("patient", move || other.wait().is_ok()).unwrap();
    sender.send(patient.clone().into()).unwrap();
    assert_eq!((limited.join().unwrap(), patient.join().unwrap()), (&true, &true));
}

#[test]
fn a_job_waiting_for_another_notices_its_own_stop() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let other = AnyJob::from(jobs.spawn("held", gate.hold(())).unwrap());
    let body = move |job: &Context| Ok(job.wait_for(&other)?);
    let waiter = jobs.spawn_with("waiter", body).unwrap();
    assert!(matches!(waiter.stop("enough", GUARD), bgjobs::Verdict::Stopped { .. }));
    assert_eq!(waiter.failure().unwrap().message(), "enough");
    gate.open();
}

#[test]
fn a_job_waiting_for_one_of_another_manager_notices_its_own_stop() {
    let gate = Gate::new();
    let (jobs, others) = (JobManager::new(), JobManager::new());
    let other = AnyJob::from(others.spawn("held", gate.hold(())).unwrap());
    let waiter = jobs.spawn_with("waiter", move |job| Ok(job.wait_for(&other)?)).unwrap();
    assert!(matches!(waiter.stop("enough", GUARD), bgjobs::Verdict::Stopped { .. }));
    gate.open();
}

#[test]
fn a_job_may_wait_for_another_with_and_without_a_timeout() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let other = AnyJob::from(jobs.spawn("held", gate.hold(())).unwrap());
    let body = move |job: &Context| {
        let late = job.wait_for_timeout(&other, SOON).is_err();
        gate.open_soon();
        job.wait_for(&other)?;
        Ok(late)
    };
    assert_eq!(jobs.spawn_with("waiter", body).unwrap().join().unwrap(), &true);
}
