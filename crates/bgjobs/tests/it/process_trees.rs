//! Every process that a command starts ends with it: when the job is stopped, when processes are left running, and when the
//! program ends suddenly.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use bgjobs::{
    AnyJob, Command, CommandError, JobManager, Outcome, Place, Process, ProcessState, State, Stream, Verdict,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    child,
    gate::{GUARD, wait_until},
    supervised::{printed, supervised},
};

/// Starts a process that leaves its parent and its session by forking twice, as a daemon does.
const DAEMON: &str = "(setsid sh -c 'echo daemon; sleep 1000' &)";

const SOON: Duration = Duration::from_millis(50);

/// An environment variable that exactly the processes of one command have.
struct Mark(String);

impl Mark {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self::of(std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn of(process: u32, number: u32) -> Self {
        Self(format!("{process}-{number}"))
    }

    fn on(&self, command: Command) -> Command {
        command.env("BGJOBS_TEST_MARK", &self.0).grace(SOON)
    }

    /// The command lines of the living processes that have the mark, including the supervisor.
    fn bearers(&self) -> Vec<String> {
        let mark = format!("\0BGJOBS_TEST_MARK={}\0", self.0);
        let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let bears = |path: &std::path::PathBuf| {
            let environment = fs::read(path.join("environ")).unwrap_or_default();
            format!("\0{}", String::from_utf8_lossy(&environment)).contains(&mark)
        };
        let command = |path: std::path::PathBuf| fs::read_to_string(path.join("cmdline")).unwrap_or_default();
        processes.filter(bears).map(command).collect()
    }

    #[track_caller]
    fn is_gone(&self) {
        assert_eq!(self.bearers(), [""; 0]);
    }
}

fn wait_for_lines(job: &AnyJob, count: u64) {
    wait_until("all processes are up", || job.log().len() >= count);
}

#[test]
fn a_stop_ends_the_command_and_processes_that_left_its_group_and_session() {
    let (jobs, mark) = (supervised(), Mark::new());
    let script = format!("{DAEMON}; setsid sleep 1000 & sleep 1000 & echo up; wait");
    let job = jobs.start(mark.on(Command::shell(script))).unwrap();
    wait_for_lines(&job, 2);
    // The supervisor, the shell, three sleeps, and the daemon's shell unless that has become its sleep.
    wait_until("all processes are up", || mark.bearers().len() >= 5);
    let verdict = job.stop("enough", GUARD);
    assert!(matches!(verdict, Verdict::Stopped { .. }), "{verdict}");
    mark.is_gone();
    assert_eq!(job.failure().unwrap().message(), "enough");
}

#[test]
fn a_command_that_honours_the_request_may_clean_up_first() {
    let jobs = supervised();
    let script = "trap 'echo cleaned; exit 0' TERM; echo up; while :; do sleep 0.01; done";
    let job = jobs.start(Command::shell(script).grace(GUARD)).unwrap();
    wait_for_lines(&job, 1);
    assert!(matches!(job.stop("enough", GUARD), Verdict::Stopped { .. }));
    assert_eq!(printed(&job, Stream::Out), ["up", "cleaned"]);
    assert_eq!(job.state(), State::Finished(Outcome::Stopped));
}

#[test]
fn processes_that_ignore_the_request_are_killed_after_the_grace() {
    let (jobs, mark) = (supervised(), Mark::new());
    let job = jobs.start(mark.on(Command::shell("trap '' TERM; (setsid sleep 1000 &); echo up; sleep 1000"))).unwrap();
    wait_for_lines(&job, 1);
    let Verdict::Stopped { after, .. } = job.stop("enough", GUARD) else { panic!("{:?}", job.state()) };
    assert!(after >= SOON, "{after:?}");
    mark.is_gone();
}

#[test]
fn suspended_processes_are_ended_too() {
    let (jobs, mark) = (supervised(), Mark::new());
    let job = jobs.start(mark.on(Command::shell("echo up; kill -STOP $$")).grace(GUARD)).unwrap();
    wait_until("the command is suspended", || {
        let place = job.place();
        place.is_some_and(|place| place.processes.first().is_some_and(|first| first.state == ProcessState::Suspended))
    });
    assert!(matches!(job.stop("enough", GUARD / 2), Verdict::Stopped { .. }));
    mark.is_gone();
}

#[test]
fn processes_that_keep_forking_are_ended_too() {
    let (jobs, mark) = (supervised(), Mark::new());
    let script = "echo up; f() { trap '' TERM; while :; do (setsid sleep 1000 &); sleep 0.01; done; }; f & f & wait";
    let job = jobs.start(mark.on(Command::shell(script))).unwrap();
    wait_for_lines(&job, 1);
    wait_until("there are many processes", || mark.bearers().len() > 10);
    assert!(matches!(job.stop("enough", GUARD), Verdict::Stopped { .. }));
    mark.is_gone();
}

#[test]
fn a_job_ends_with_its_command_and_leftover_processes_become_a_separate_job() {
    let (jobs, mark) = (supervised(), Mark::new());
    let (reader, writer) = std::io::pipe().unwrap();
    let script = "exec 3<&0; (cat <&3; echo last) & echo first; exit 3";
    let job = jobs.start(mark.on(Command::shell(script).input(reader))).unwrap();
    job.wait().unwrap();
    assert_eq!(
        (job.failure().unwrap().message(), printed(&job, Stream::Out)),
        ("exit status 3", vec!["first".to_owned()])
    );
    let [leftover] = &jobs.running()[..] else { panic!("{}", jobs.status()) };
    assert_eq!((leftover.to_string(), leftover.is_daemon()), (format!("left running by `{script}`"), true));
    let is_cat = |process: &Process| process.command == "cat";
    wait_until("the job lists its processes", || {
        leftover.place().is_some_and(|place| place.processes.iter().any(is_cat))
    });
    drop(writer);
    leftover.wait().unwrap();
    assert_eq!((printed(leftover, Stream::Out), leftover.status()), (vec!["last".to_owned()], "Completed"));
    mark.is_gone();
}

#[test]
fn leftover_processes_end_when_stopped_whether_their_outputs_are_open_or_closed() {
    for outputs in ["", ">/dev/null 2>&1"] {
        let (jobs, mark) = (supervised(), Mark::new());
        let job = jobs.start(mark.on(Command::shell(format!("{DAEMON} {outputs}")))).unwrap();
        job.join().unwrap();
        let [leftover] = &jobs.running()[..] else { panic!("{}", jobs.status()) };
        wait_until("the supervisor has listed its processes", || leftover.place().is_some());
        assert!(matches!(leftover.stop("enough", GUARD), Verdict::Stopped { .. }));
        mark.is_gone();
    }
}

#[test]
fn leftover_processes_end_even_if_their_job_is_stopped_before_it_begins() {
    let (jobs, mark) = (supervised(), Mark::new());
    wait_until("a job is stopped before it starts", || {
        jobs.start(mark.on(Command::shell(DAEMON))).unwrap().join().unwrap();
        let [leftover] = &jobs.running()[..] else { panic!("{}", jobs.status()) };
        leftover.ask_stop("enough");
        leftover.wait().unwrap();
        leftover.times().started.is_none() || jobs.all().len() > 6
    });
    wait_until("all processes have ended", || mark.bearers().is_empty());
}

#[test]
fn leftover_processes_end_with_the_manager() {
    let (jobs, mark) = (supervised(), Mark::new());
    jobs.start(mark.on(Command::shell(DAEMON))).unwrap().join().unwrap();
    assert!(!mark.bearers().is_empty());
    drop(jobs);
    wait_until("all processes have ended", || mark.bearers().is_empty());
}

#[test]
fn no_process_survives_when_the_program_is_killed() {
    let mark = Mark::of(0, std::process::id());
    let Some(end) = child::run(|| {
        let jobs = supervised();
        // The parent made the mark from its process id.
        let mark = Mark::of(0, nix::unistd::getppid().as_raw().cast_unsigned());
        let deaf = "trap '' TERM HUP INT; (setsid sleep 1000 &); echo up; sleep 1000";
        jobs.start(mark.on(Command::shell(format!("{DAEMON} >/dev/null 2>&1")))).unwrap().join().unwrap();
        let job = jobs.start(mark.on(Command::shell(format!("{DAEMON}; {deaf}")))).unwrap();
        wait_for_lines(&job, 2);
        assert!(mark.bearers().len() >= 6, "{:?}", mark.bearers());
        child::say("up");
        kill(nix::unistd::getpid(), Signal::SIGKILL).unwrap();
    }) else {
        return;
    };
    assert_eq!((end.code, &*end.messages), (None, &["up".to_owned()][..]), "{end:?}");
    wait_until("all processes have ended", || mark.bearers().is_empty());
}

#[test]
fn a_command_is_lost_and_its_group_ends_when_its_supervisor_is_killed() {
    let (jobs, mark) = (supervised(), Mark::new());
    let job = jobs.start(mark.on(Command::shell("sleep 1000 & echo $PPID; wait"))).unwrap();
    wait_for_lines(&job, 1);
    let supervisor = printed(&job, Stream::Out)[0].parse().unwrap();
    wait_until("the supervisor has reported what it started", || job.place().is_some());
    kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
    job.wait().unwrap();
    let failure = job.failure().unwrap();
    assert_eq!(failure.message(), "lost: its supervisor was killed, so its process group was killed too");
    assert!(matches!(failure.error().unwrap().downcast_ref(), Some(CommandError::Lost)));
    wait_until("its process group has ended", || mark.bearers().is_empty());
}

#[test]
fn a_keeper_below_a_command_is_neither_waited_for_nor_ended_nor_listed() {
    let (jobs, mark, kept) = (supervised(), Mark::new(), Mark::new());
    // A process that calls itself a keeper, and goes on for as long as there is a file.
    let sign = |n: u32| std::env::temp_dir().join(format!("bgjobs-keeper-{}-{n}", kept.0));
    let start = |n: u32| {
        let sign = sign(n).display().to_string();
        let keeper =
            format!("printf bgjobs-keeper >/proc/$$/comm; : >{sign}; while [ -e {sign} ]; do sleep 0.01; done");
        let begin = format!("BGJOBS_TEST_MARK={} setsid sh -c '{keeper}' >/dev/null 2>&1 &", kept.0);
        format!("{begin} until [ -e {sign} ]; do sleep 0.01; done")
    };
    jobs.start(mark.on(Command::shell(start(1)))).unwrap().join().unwrap();
    assert!(jobs.running().is_empty(), "{}", jobs.status());
    let stopped = jobs.start(mark.on(Command::shell(format!("{}; echo up; sleep 1000", start(2))))).unwrap();
    wait_for_lines(&stopped, 1);
    let listed = || stopped.place().unwrap().processes.into_iter().map(|process| process.command).collect::<Vec<_>>();
    wait_until("the shell runs its last command", || listed().last().is_some_and(|last| last == "sleep 1000"));
    assert_eq!(listed().len(), 2, "{:?}", listed());
    assert!(matches!(stopped.stop("enough", GUARD), Verdict::Stopped { .. }));
    mark.is_gone();
    let runs = |n| kept.bearers().iter().any(|command| command.contains(&*sign(n).to_string_lossy()));
    assert!(runs(1) && runs(2), "{:?}", kept.bearers());
    fs::remove_file(sign(1)).and_then(|()| fs::remove_file(sign(2))).unwrap();
    wait_until("the keepers have ended", || kept.bearers().is_empty());
}

#[test]
fn ctrl_c_on_the_terminal_reaches_neither_the_command_nor_its_supervisor() {
    let jobs = supervised();
    let script = "ps -o pid=,pgid=,sid= -p $$ -p $PPID; echo; cat";
    let (reader, writer) = std::io::pipe().unwrap();
    let job = jobs.start(Command::shell(script).input(reader)).unwrap();
    wait_until("the command has printed its numbers", || {
        printed(&job, Stream::Out).last().is_some_and(String::is_empty)
    });
    let own = [nix::unistd::getpgrp(), nix::unistd::getsid(None).unwrap()].map(|id| id.to_string());
    for line in printed(&job, Stream::Out).iter().filter(|line| !line.is_empty()) {
        let numbers: Vec<_> = line.split_whitespace().collect();
        assert!(numbers[1] != own[0] && numbers[2] != own[1], "{line}, beside {own:?}");
    }
    drop(writer);
    job.join().unwrap();
}

#[test]
fn the_place_of_a_command_lists_its_processes() {
    let jobs = supervised();
    let (reader, writer) = std::io::pipe().unwrap();
    let job = jobs.start(Command::shell("echo $$; sh -c 'cat; exit 1'; exit 2").input(reader)).unwrap();
    // For a moment a forked process still has its parent's command line.
    let is_up = |place: Place| place.processes.get(2).is_some_and(|third| third.command == "cat");
    wait_until("all processes are up", || job.place().is_some_and(is_up));
    let place = job.place().unwrap();
    let shell = &printed(&job, Stream::Out)[0];
    assert_eq!((place.to_string(), &place.processes[0].id.to_string()), (format!("process {shell}"), shell));
    assert_eq!([1, 2].map(|n| place.processes[n].parent), [0, 1].map(|n| place.processes[n].id));
    assert_eq!(place.processes.len(), 3);
    drop(writer);
    job.wait().unwrap();
    assert_eq!(job.place(), None);
}

#[test]
fn daemons_of_different_commands_are_told_apart() {
    let (jobs, marks) = (supervised(), [Mark::new(), Mark::new()]);
    let start =
        |mark: &Mark| jobs.start(mark.on(Command::shell(format!("{DAEMON}; {DAEMON}; echo up; sleep 1000")))).unwrap();
    let [one, two] = [start(&marks[0]), start(&marks[1])];
    wait_for_lines(&one, 3);
    wait_for_lines(&two, 3);
    assert!(matches!(one.stop("enough", GUARD), Verdict::Stopped { .. }));
    marks[0].is_gone();
    assert!(marks[1].bearers().len() >= 4, "{:?}", marks[1].bearers());
    two.stop("enough", GUARD);
    marks[1].is_gone();
}

#[test]
fn a_dropped_manager_waits_for_a_command_and_stops_a_daemon() {
    let mark = Mark::new();
    let jobs = supervised();
    jobs.named("sleep").daemon().start(mark.on(Command::new("sleep").arg("1000"))).unwrap();
    let done = jobs.start(Command::shell("sleep 0.02; echo done")).unwrap();
    drop::<JobManager>(jobs);
    assert_eq!(printed(&done, Stream::Out), ["done"]);
    wait_until("the daemon has ended", || mark.bearers().is_empty());
}
