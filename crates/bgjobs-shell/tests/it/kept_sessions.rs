//! Jobs that outlive a session: `keep !make`, `attach k12`, `kept`, and `!bgjobs start`.

use std::{io::Write, process::Stdio};

use expect_test::expect;

use crate::{
    kept::{Home, wait_until},
    terminal::{self, Terminal, unwrapped},
};

/// What a session says to lines from a pipe, and then its errors.
pub(crate) fn session(home: &Home, lines: &str) -> String {
    let mut command = home.command(&[]);
    let mut session = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    session.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = session.wait_with_output().unwrap();
    [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
}

#[test]
fn a_session_keeps_a_command_and_another_follows_and_stops_it() {
    let home = Home::new();
    let said =
        session(&home, "set_env('GREETING', 'hello');\ncd /\nkeep !echo $GREETING from `pwd`; sleep 1000\nkept\n");
    let name = "echo $GREETING from `pwd`; sleep 1000";
    let started = format!("Out[3]: <BackgroundJob #0: {name}>, kept as k1: it goes on without this session\n");
    assert!(said.starts_with(&started) && said.contains("k1    running for"), "{said}");
    home.see("k1", "hello from /\n");
    assert_eq!(home.run(&["wait", "k1", "--for", "0s"]).code(), Some(124));

    let said =
        session(&home, "attach k1\nwhile jobs[0].log.len() == 0 { sleep(0.01) }\nlog 0\nkill 0\njobs[0].rerun()\n");
    let followed = format!("Out[1]: <BackgroundJob #0: {name}>\nhello from /\nJob #0 stopped");
    assert!(said.starts_with(&followed), "{said}");
    assert!(said.ends_with("\njob #0 follows k1: `attach k1` follows it again\n"), "{said}");
    assert!(home.run(&["wait", "k1"]).out().contains("stopped: killed at the prompt"));
}

#[test]
fn a_kept_command_runs_in_the_shell_that_the_session_chose() {
    let home = Home::new();
    session(&home, "set_env('BGJOBS_SHELL', '/bin/echo')\nkeep !one two\n");
    home.see("k1", "-c one two\n");
}

#[test]
fn a_session_that_is_left_or_told_to_leave_leaves_what_it_keeps() {
    let home = Home::new();
    let mut leaving = home.command(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = leaving.stdin.take().unwrap();
    input.write_all(b"keep !echo up; sleep 1000\n").unwrap();
    wait_until("it is there", || home.jobs().get("k1".parse().unwrap()).is_ok());
    home.see("k1", "up\n");
    let id = rustix::process::Pid::from_child(&leaving);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    leaving.wait().unwrap();
    assert_eq!(home.run(&["wait", "k1", "--for", "0s"]).code(), Some(124));
}

#[test]
fn what_is_kept_goes_on_when_the_terminal_is_closed() {
    let (kept, home) = (Home::new(), terminal::Home::new());
    let state = kept.to_str().unwrap();
    let mut terminal = Terminal::with(&home, &[("TERM", "xterm-256color"), ("XDG_STATE_HOME", state)]);
    let lines = ["keep !sleep 1000", "keep { print('up'); sleep(1000) }", "!$BGJOBS start -- sleep 1000"];
    let bgjobs = env!("CARGO_BIN_EXE_bgjobs");
    for (number, line) in lines.iter().enumerate() {
        terminal.type_keys(&format!("{}\r", line.replace("$BGJOBS", bgjobs)));
        terminal.see(&format!("In [{}]:", number + 2));
    }
    kept.see("k2", "up\n");
    terminal.close();
    terminal.end();
    for id in ["k1", "k2", "k3"] {
        assert_eq!(kept.run(&["wait", id, "--for", "0s"]).code(), Some(124), "{id}");
    }
}

#[test]
fn ctrl_d_leaves_at_once_if_only_kept_jobs_run() {
    let (kept, home) = (Home::new(), terminal::Home::new());
    let state = kept.to_str().unwrap();
    let mut terminal = Terminal::with(&home, &[("TERM", "xterm-256color"), ("XDG_STATE_HOME", state)]);
    terminal.type_keys("keep !sleep 1000\r");
    terminal.see("In [2]:");
    terminal.type_keys("\x04");
    assert!(terminal.end().success());
    assert_eq!(kept.run(&["wait", "k1", "--for", "0s"]).code(), Some(124));
}

#[test]
fn a_prompt_begins_with_what_is_kept_and_repeats_a_failure_until_somebody_has_seen_it() {
    let (kept, home) = (Home::new(), terminal::Home::new());
    let begin = || {
        let state = kept.to_str().unwrap();
        let mut terminal = Terminal::with(&home, &[("TERM", "xterm-256color"), ("XDG_STATE_HOME", state)]);
        terminal.see("In [1]:");
        terminal.type_keys("\x04");
        let said = terminal.written();
        assert!(terminal.end().success());
        let line = said.find("Kept jobs:").map(|at| &said[at..]).and_then(|news| news.split('\x1b').next());
        let line = unwrapped(line.unwrap_or_default());
        let timeless = line.split("; ").map(|part| part.split(" for ").next().unwrap_or_default());
        timeless.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(begin(), "");
    let name = |line: &str, name: &str| {
        let answer = kept.run(&["start", "--name", name, "--", "sh", "-c", line]);
        assert_eq!(answer.code(), Some(0), "{}", answer.err());
    };
    name("sleep 1000", "train");
    name("exit 3", "a build with a name of many words");
    name("true", "copy");
    wait_until("two have ended", || kept.jobs().all().unwrap()[1..].iter().all(|job| job.state().unwrap().is_over()));
    let failed = "k2 a build with a name of many wo…: exit status 3";
    let running = "k1 train has run";
    assert_eq!(begin(), format!("Kept jobs: k3 copy: done; {failed}; {running}"));
    assert_eq!(begin(), format!("Kept jobs: {failed}; {running}"));
    kept.run(&["result", "k2"]);
    (0..6).for_each(|_| name("sleep 1000", "more"));
    let more: Vec<_> = (5..10).rev().map(|id| format!("k{id} more has run")).collect();
    assert_eq!(begin(), format!("Kept jobs: {}; 2 more, which `kept` lists", more.join("; ")));
}

#[test]
fn a_disowned_command_goes_on_without_the_session_and_is_followed_by_another() {
    let home = Home::new();
    let gate = home.join("gate");
    let line = format!("echo up; until [ -e {} ]; do sleep 0.01; done; echo down; exit 4", gate.display());
    let lines =
        format!("jobs.sh(\"{line}\", #{{name: \"build\"}})\nwhile jobs[0].log.len() == 0 {{}}\ndisown 0\ndisown 0\n");
    // At its end a session waits for jobs, but not for this one.
    let said = session(&home, &lines);
    assert!(!said.contains("Traceback"), "{said}");
    assert!(said.contains("Job #0 is kept as k1: it goes on without this session\n"), "{said}");
    assert!(said.contains("Job #0 is kept already, as k1\n"), "{said}");
    assert!(home.run(&["ps"]).out().starts_with("k1    running for"));
    std::fs::write(gate, "").unwrap();
    let said = session(&home, "attach k1\njobs[0].join(); jobs[0].log\njobs[0].exit_status\njobs[0].name\n");
    assert!(said.contains("Out[2]: [\"up\", \"down\"]\nOut[3]: 4\nOut[4]: \"build\""), "{said}");
}

#[test]
fn what_can_not_be_disowned_says_why_and_what_to_do_next_time() {
    let home = Home::new();
    let lines = "fn fit(n) { sleep(n) }\nfit(1000) &\n!sleep 1000 & #{group: 'a', delay: 1000}\n\
                 !true &\njobs[2].join();\ndisown 0\ndisown 1\ndisown 2\ndisown 7\ndisown\n\
                 jobs.start('1', [], #{keep: true, delay: 1000});\ndisown 3\nkept\nkill all\n";
    let said = session(&home, lines);
    let told: Vec<_> = said
        .lines()
        .filter(|line| line.contains("ob #") && !line.contains("<Back") && !line.contains("stopped"))
        .collect();
    expect![[r#"
        Job #0 runs inside this shell and can't leave it; next time `keep fit(1000)`
        Job #1 has not started, has a terminal or reads an input, so it can't leave this shell; next time `keep !..`
        Job #2 has ended
        Job #7 not found; the newest job is #2
        Job #3 is kept once it has started; until then it ends with this session
        Job #3 is kept once it has started; until then it ends with this session"#]]
    .assert_eq(&told.join("\n"));
    assert!(said.contains("No kept jobs") && said.contains("disown needs a job"), "{said}");
}

#[test]
fn a_session_says_what_is_wrong_with_a_line_about_kept_jobs() {
    let home = Home::new();
    let lines = "keep\nkeep !\nattach\nattach 9\nattach x\nkept\nkeep = 3; keep + 1\n";
    expect![[r#"
        No kept jobs
        Out[7]: 4
        keep needs something to run, as in `keep !make` or `keep fit(50)`
        keep ! needs a command, as in `keep !make`
        attach needs a kept job, as in `attach k12`; `kept` lists them
        there is no kept job k9
        `x` is no kept job: write k12, for example
    "#]]
    .assert_eq(&session(&home, lines));
}

#[test]
fn a_kept_job_outlives_the_command_of_a_session_that_started_it_and_a_stop_of_that() {
    let home = Home::new();
    let start = format!("{} start -- sh -c 'echo $PPID; sleep 1000'", env!("CARGO_BIN_EXE_bgjobs"));
    // The first command ends by itself, and nothing of it is left running; the second is stopped.
    let text = format!("!{start}\n!{start}; sleep 1000 &\nsleep(0.05)\n");
    let mut session = home.command(&[]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    session.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    let ids = ["k1", "k2"];
    wait_until("both are there", || home.jobs().get("k2".parse().unwrap()).is_ok());
    home.see("k2", "\n");
    session.stdin.as_mut().unwrap().write_all(b"kill 0\njobs\n").unwrap();
    let output = session.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("k1\n") && text.contains("Job #0 stopped") && !text.contains("left running"), "{text}");
    for id in ids {
        assert_eq!(home.run(&["wait", id, "--for", "0s"]).code(), Some(124), "{id}");
        home.see(id, "\n");
    }
}

#[test]
fn an_attached_job_has_the_times_and_the_folder_of_the_kept_one_and_not_those_of_the_session() {
    let home = Home::new();
    home.run(&["start", "--dir", "/", "--", "sh", "-c", "echo one; exit 3"]);
    assert_eq!(home.run(&["wait", "k1"]).code(), Some(3));
    wait_until("its keeper has left", || home.jobs().live().unwrap().is_empty());
    let job = home.join("bgjobs/kept/1");
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    let hour_ago = humantime::format_rfc3339_micros(hour_ago).to_string();
    for (file, field) in [("job.json", "created"), ("outcome.json", "ended")] {
        let text = std::fs::read_to_string(job.join(file)).unwrap();
        let (head, tail) = text.split_once(&format!("\"{field}\":\"")).unwrap();
        let rest = tail.split_once('"').unwrap().1;
        std::fs::write(job.join(file), format!("{head}\"{field}\":\"{hour_ago}\"{rest}")).unwrap();
    }
    std::fs::write(job.join("log/0"), format!("{hour_ago} out one\n")).unwrap();
    let said = session(
        &home,
        "attach k1\njobs[0].join();\nwhere 0\njobs[0].folder\njobs[0].summary().ran < 60.0\n\
         jobs[0].summary().finished.sub_string(0, 16)\nlog --since 5m 0\ntimeline\n",
    );
    assert!(said.contains("\nJob #0 failed 36"), "{said}");
    let minute = &hour_ago[..16];
    assert!(said.contains(&format!("Out[4]: \"/\"\nOut[5]: true\nOut[6]: \"{minute}\"\n")), "{said}");
    assert!(!said.contains("\none\n"), "{said}");
    assert!(said.contains("1 job in ") && !said.contains("1 job in 1 h"), "{said}");
}
