//! Commands as jobs: what they read and print, and how they end.

use std::{error::Error, io::Write, os::unix::process::ExitStatusExt, time::Duration};

use bgjobs::{AnyJob, Body, Command, CommandError, Failure, JobManager, Outcome, State, Stream, Verdict};

use crate::{
    child,
    gate::{GUARD, in_time, wait_until},
    supervised::{printed, supervised},
};

/// The outcome and the message of a command that did not succeed.
fn error(job: &AnyJob) -> (Outcome, String) {
    job.wait().unwrap();
    let State::Finished(outcome) = job.state() else { panic!("{:?}", job.state()) };
    let failure = job.failure().unwrap();
    assert!(failure.error().is_none_or(|error| !error.is::<CommandError>() || error.to_string() == failure.message()));
    (outcome, format!("{failure:#}"))
}

fn status(job: &AnyJob) -> std::process::ExitStatus {
    job.wait().unwrap();
    let failure = job.failure().unwrap();
    match failure.error().and_then(<dyn Error + Send + Sync>::downcast_ref) {
        Some(CommandError::Ended(status)) => *status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_that_exits_with_0_is_done_and_its_output_is_in_the_log() {
    let jobs = supervised();
    let job = jobs.start(Command::shell("echo one; echo oops >&2; printf 'two\\n\\nthree'")).unwrap();
    assert_eq!(job.join().unwrap(), &());
    assert_eq!(printed(&job, Stream::Out), ["one", "two", "", "three"]);
    assert_eq!(printed(&job, Stream::Err), ["oops"]);
    assert_eq!(
        (job.to_string(), job.status()),
        ("echo one; echo oops >&2; printf 'two\\n\\nthree'".into(), "Completed")
    );
}

#[test]
fn a_nonzero_exit_status_and_a_signal_are_failures_a_program_can_match() {
    let jobs = supervised();
    let three = jobs.start(Command::shell("exit 3")).unwrap();
    let killed = jobs.start(Command::shell("kill -KILL $$")).unwrap();
    assert_eq!(error(&three), (Outcome::Failed, "exit status 3".into()));
    assert_eq!(error(&killed), (Outcome::Failed, "ended by signal 9 (SIGKILL)".into()));
    assert_eq!((status(&three).code(), status(&killed).signal()), (Some(3), Some(9)));
    let traceback = jobs.traceback(three.id()).unwrap().to_string();
    assert_eq!(traceback, "exit status 3");
}

#[test]
fn a_command_that_cannot_start_fails_with_its_name_and_the_reason() {
    let jobs = supervised();
    let cases = [
        (Command::new("no-such-program"), "can't run `no-such-program`: No such file or directory (os error 2)"),
        (Command::new("/etc/passwd"), "can't run `/etc/passwd`: Permission denied (os error 13)"),
        (Command::new("ls").dir("/no/such"), "can't run in `/no/such`: No such file or directory (os error 2)"),
        (Command::new("ls").dir("/etc/passwd"), "can't run in `/etc/passwd`: not a directory"),
        (Command::new("a\0b"), "can't run `a\\u{0}b`: nul byte found in provided data"),
        (Command::new("echo").env("A", "b\0"), "can't run `echo`: nul byte found in provided data"),
        (Command::new("echo").arg("x".repeat(8 << 20)), "can't run `echo`: Argument list too long (os error 7)"),
    ];
    for (command, text) in cases {
        let job = jobs.start(command).unwrap();
        assert_eq!(error(&job), (Outcome::Failed, text.into()));
        let failure = job.failure().unwrap();
        let error = failure.error().unwrap().downcast_ref::<CommandError>();
        assert!(matches!(error, Some(CommandError::NotStarted { .. } | CommandError::NoFolder { .. })), "{error:?}");
    }
}

#[test]
fn stdout_and_stderr_each_stay_in_order() {
    let jobs = supervised();
    let script = "i=0; while [ $i -lt 500 ]; do echo o$i; echo e$i >&2; i=$((i + 1)); done";
    let job = jobs.start(Command::shell(script)).unwrap();
    job.join().unwrap();
    let numbered = |letter: char| (0..500).map(|n| format!("{letter}{n}")).collect::<Vec<_>>();
    assert_eq!((printed(&job, Stream::Out), printed(&job, Stream::Err)), (numbered('o'), numbered('e')));
}

#[test]
fn a_line_can_be_read_before_the_command_ends() {
    let jobs = supervised();
    let (reader, writer) = std::io::pipe().unwrap();
    let job = jobs.start(Command::shell("echo ready; cat").input(reader)).unwrap();
    wait_until("the command is ready", || printed(&job, Stream::Out) == ["ready"]);
    assert_eq!(job.state(), State::Running);
    drop(writer);
    job.join().unwrap();
}

#[test]
fn a_command_that_runs_is_as_far_as_its_bar_shows() {
    let jobs = supervised();
    let (reader, writer) = std::io::pipe().unwrap();
    let bar = r"printf '\r 10%%|#         |\r 43%%|####      |'; cat; printf '\r100%%|##########|\n'";
    let job = jobs.start(Command::shell(bar).input(reader)).unwrap();
    wait_until("the bar has moved", || job.progress().is_some_and(|progress| progress.to_string() == "43%"));
    assert_eq!(job.summary().progress, job.progress());
    assert!(job.remaining().is_some());
    drop(writer);
    job.join().unwrap();
    assert_eq!(job.progress(), None, "its end says enough");
}

#[test]
fn what_a_body_reports_counts_more_than_what_its_command_prints() {
    let jobs = supervised();
    let (reader, writer) = std::io::pipe().unwrap();
    let input = std::sync::Mutex::new(Some(reader));
    let job = jobs.spawn_with("fit", move |job| {
        let command = Command::shell("echo '[ 43%] fitting'; cat").input(input.lock().unwrap().take().unwrap());
        command.run(job, |stream, piece| {
            job.log().write(stream, piece);
            job.progress(1, 4);
            Ok(())
        })
    });
    let job = job.unwrap();
    wait_until("the body has reported", || job.progress().is_some_and(|progress| progress.to_string() == "25%"));
    drop(writer);
    job.join().unwrap();
    assert_eq!(job.progress().unwrap().to_string(), "25%");
}

#[test]
fn invalid_utf8_is_replaced() {
    let jobs = supervised();
    let job = jobs.start(Command::shell(r"printf 'a\377b\303\251c\342\202'")).unwrap();
    job.join().unwrap();
    assert_eq!(printed(&job, Stream::Out), ["a\u{fffd}béc\u{fffd}"]);
}

#[test]
fn a_command_reads_nothing_unless_it_is_given_input() {
    let jobs = supervised();
    let nothing = jobs.start(Command::new("cat")).unwrap();
    let text = jobs.start(Command::new("cat").input("typed\n")).unwrap();
    let much = jobs.start(Command::new("wc").arg("-c").input(vec![b'x'; 300_000])).unwrap();
    let unread = jobs.start(Command::new("true").input(vec![b'x'; 300_000])).unwrap();
    let file = jobs.start(Command::new("head").arg("-c4").input(std::fs::File::open("/etc/passwd").unwrap())).unwrap();
    in_time("waiting for all commands", move || jobs.wait_all()).unwrap();
    assert!(printed(&nothing, Stream::Out).is_empty());
    assert_eq!(printed(&text, Stream::Out), ["typed"]);
    assert_eq!(printed(&much, Stream::Out)[0].trim(), "300000");
    assert!(unread.join().is_ok());
    assert_eq!(printed(&file, Stream::Out)[0].len(), 4);
}

#[test]
fn a_pipe_feeds_a_command_until_the_other_end_closes() {
    let jobs = supervised();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let job = jobs.start(Command::new("cat").input(reader)).unwrap();
    writer.write_all(b"first\n").unwrap();
    wait_until("the command has read the first line", || printed(&job, Stream::Out) == ["first"]);
    writer.write_all(b"second\n").unwrap();
    drop(writer);
    job.join().unwrap();
    assert_eq!(printed(&job, Stream::Out), ["first", "second"]);
}

#[test]
fn a_command_gets_the_requested_environment_and_folder_with_no_trace_of_the_supervisor() {
    let jobs = supervised();
    let script = r#"pwd; echo "$ONE,$HOME"; env | grep -c BGJOBS_SUPERVISOR"#;
    let command = Command::shell(script).dir("/usr").env("ONE", "1").env_remove("HOME");
    let job = jobs.start(command).unwrap();
    job.wait().unwrap();
    assert_eq!(printed(&job, Stream::Out), ["/usr", "1,", "0"]);
}

#[test]
fn a_flood_of_output_is_bounded_and_can_still_be_stopped() {
    let jobs = supervised();
    let flood = jobs.start(Command::new("yes").arg("x".repeat(200))).unwrap();
    wait_until("the log is full", || flood.log().len() > 20_000);
    let beside = jobs.start(Command::shell("echo beside")).unwrap();
    assert!(beside.join().is_ok());
    let logged: usize = flood.log().tail(usize::MAX).iter().map(|line| line.text.len()).sum();
    assert!(logged <= 1 << 20, "{logged}");
    let verdict = flood.stop("enough", GUARD);
    assert!(matches!(verdict, Verdict::Stopped { .. }), "{verdict}");
}

#[test]
fn a_hundred_concurrent_commands_do_not_mix_their_output() {
    let jobs = supervised();
    let start =
        |n: u32| jobs.start(Command::shell(format!("read x; echo $x {n}; exit {}", n % 2)).input(format!("{n}\n")));
    let started: Vec<_> = (0..100).map(|n| start(n).unwrap()).collect();
    for (n, job) in started.iter().enumerate() {
        assert_eq!(job.join().is_ok(), n % 2 == 0);
        assert_eq!(printed(job, Stream::Out), [format!("{n} {n}")]);
    }
    assert_eq!((jobs.completed().len(), jobs.dead().len()), (50, 50));
}

#[test]
fn a_body_that_runs_a_command_gets_its_output_and_its_status() {
    let jobs = supervised();
    let body = |job: &bgjobs::Context| {
        let mut pieces = Vec::new();
        let command = Command::shell("echo out; (sleep 0.05; echo late) & exit 7");
        let status = command.run(job, |stream, text| {
            pieces.push((stream, text.to_owned()));
            Ok(())
        })?;
        Ok((status.code(), pieces))
    };
    let job = jobs.spawn_with("run", body).unwrap();
    let (code, pieces) = job.join().unwrap();
    assert_eq!((*code, job.log().len()), (Some(7), 0));
    assert_eq!(*pieces, [(Stream::Out, "out\n".to_owned()), (Stream::Out, "late\n".to_owned())]);
}

#[test]
fn a_failed_command_runs_again_if_its_job_may_retry() {
    let jobs = supervised();
    let folder = std::env::temp_dir().join(format!("bgjobs-retry-{}", std::process::id()));
    // The first run creates the folder and fails; the second removes it and succeeds.
    let command = Command::shell(r#"read word; echo $word; rmdir "$FOLDER" || { mkdir "$FOLDER"; exit 1; }"#);
    let command = command.env("FOLDER", &folder).input("typed\n");
    let retry = bgjobs::Retry { backoff: Duration::ZERO, ..bgjobs::Retry::default() };
    let options = bgjobs::Options::default();
    let job = jobs.named("twice").with(options).retry(retry).spawn_with(move |job| command.clone().call(job)).unwrap();
    assert!(job.join().is_ok());
    let failures =
        job.attempts().into_iter().map(|attempt| attempt.failure.map(|failure| failure.message().to_owned()));
    assert_eq!(failures.collect::<Vec<_>>(), [Some("exit status 1".to_owned()), None]);
    assert_eq!(printed(&job, Stream::Out), ["typed", "typed"]);
}

#[test]
fn a_body_that_rejects_the_output_ends_the_command() {
    let jobs = supervised();
    let body = |job: &bgjobs::Context| {
        Command::new("yes").run(job, |_, _| Err(Failure::new("too much")))?;
        Ok(())
    };
    let job = jobs.spawn_with("refuse", body).unwrap();
    assert_eq!(in_time("waiting for the job", move || error(&job)), (Outcome::Failed, "too much".into()));
}

#[test]
fn an_unsupervised_command_is_stopped_with_its_group_and_reports_what_it_leaves_running() {
    let Some(end) = child::run(|| {
        let jobs = JobManager::new();
        let done = jobs.start(Command::shell("cat; echo $0; exit 2").input("typed\n")).unwrap();
        assert_eq!(error(&done), (Outcome::Failed, "exit status 2".into()));
        assert_eq!(printed(&done, Stream::Out), ["typed", "/bin/sh"]);
        let none = jobs.start(Command::new("no-such-program")).unwrap();
        assert!(error(&none).1.starts_with("can't run `no-such-program`: No such file"));
        let zero = jobs.start(Command::new("echo").arg("a\0b")).unwrap();
        assert_eq!(error(&zero).1, "can't run `echo`: Invalid argument (os error 22)");
        let deaf =
            jobs.start(Command::shell("trap '' TERM; sleep 1000 & echo up; wait").grace(Duration::from_millis(50)));
        let deaf = deaf.unwrap();
        wait_until("the command is up", || !deaf.log().is_empty());
        assert!(matches!(deaf.stop("enough", GUARD), Verdict::Stopped { .. }));
        let left = jobs.start(Command::shell("sleep 1000 & echo $!")).unwrap();
        left.join().unwrap();
        let [leftover] = &jobs.running()[..] else { panic!("{:?}", jobs.status()) };
        assert_eq!(
            (leftover.to_string(), leftover.is_daemon()),
            ("left running by `sleep 1000 & echo $!`".into(), true)
        );
        assert!(matches!(leftover.stop("enough", GUARD), Verdict::Stopped { .. }));
        let body = |job: &bgjobs::Context| {
            let mut text = String::new();
            let print = |_, piece: &str| {
                text.push_str(piece);
                Ok(())
            };
            Command::shell("(sleep 0.05; echo late) & echo now").run(job, print)?;
            Ok(text)
        };
        assert_eq!(jobs.spawn_with("run", body).unwrap().join().unwrap(), "now\nlate\n");
        child::say("all seen");
    }) else {
        return;
    };
    end.is(0, &["all seen"]);
}

#[test]
fn a_process_forked_during_a_stop_is_asked_to_end_too() {
    let jobs = supervised();
    // Only a second SIGTERM ends the second sleep before the grace period is over.
    let body = "trap 'sleep 101 & exit' TERM; echo up; sleep 100 & wait";
    let job = jobs.start(Command::shell(body).grace(Duration::from_secs(3600))).unwrap();
    wait_until("the command is up", || !job.log().is_empty());
    let verdict = job.stop("enough", GUARD);
    assert!(matches!(verdict, Verdict::Stopped { .. }), "{verdict}");
}

#[test]
fn a_process_that_execs_after_being_asked_to_end_is_asked_again() {
    let jobs = supervised();
    let body = "trap 'exec sleep 101' TERM; echo up; sleep 100 & wait";
    let job = jobs.start(Command::shell(body).grace(Duration::from_secs(3600))).unwrap();
    wait_until("the command is up", || !job.log().is_empty());
    let verdict = job.stop("enough", GUARD);
    assert!(matches!(verdict, Verdict::Stopped { .. }), "{verdict}");
}

// It takes as long as a few rounds of commands that use up the open files.
#[cfg(target_os = "linux")]
#[test]
fn commands_that_find_no_open_files_wait_for_others_to_end() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let scenario = || {
        let jobs = supervised();
        setrlimit(Resource::Nofile, Rlimit { current: Some(40), ..getrlimit(Resource::Nofile) }).unwrap();
        let started: Vec<_> = (0..30).map(|_| jobs.start(Command::shell("sleep 0.1")).unwrap()).collect();
        wait_until("one waits", || {
            started
                .iter()
                .any(|job| job.place().is_some_and(|place| place.text.starts_with("waiting for other commands")))
        });
        for job in started {
            job.join().unwrap();
        }
        child::say("all ran");
    };
    let Some(end) = child::run(scenario) else { return };
    assert_eq!((end.code, end.messages), (Some(0), vec!["all ran".to_owned()]));
}
