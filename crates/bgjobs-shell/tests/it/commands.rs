//! Commands of the system as jobs.

use bgjobs_shell::shell::{self, Reply};
use expect_test::expect;

use crate::transcript::{Seen, check};

#[test]
fn a_command_job_has_a_line_a_log_and_an_exit_status() {
    check(
        &[
            "j = jobs.sh('echo one; echo oops >&2; exit 3'); j.join()",
            "[j.name, j.command, j.status, j.exit_status, j.log]",
            "j.traceback()",
            "good = jobs.sh('true'); good.join(); [good.result, good.exit_status, good.status]",
            "killed = jobs.sh('kill -TERM $$'); killed.join(); [killed.exit_status, killed.result]",
            "other = jobs.new('1'); other.join(); [other.command, other.exit_status]",
            "jobs.sh('no_such_program_here 2>/dev/null').join(); jobs[4].exit_status",
        ],
        expect![[r#"
            > j = jobs.sh('echo one; echo oops >&2; exit 3'); j.join()
            > [j.name, j.command, j.status, j.exit_status, j.log]
            ["echo one; echo oops >&2; exit 3", "echo one; echo oops >&2; exit 3", "Dead (Exception), call jobs.traceback() for details", 3, ["one", "oops"]]
            > j.traceback()
            exit status 3
            > good = jobs.sh('true'); good.join(); [good.result, good.exit_status, good.status]
            [(), 0, "Completed"]
            > killed = jobs.sh('kill -TERM $$'); killed.join(); [killed.exit_status, killed.result]
            [-15, "<BackgroundJob died, call jobs.traceback() for details>"]
            > other = jobs.new('1'); other.join(); [other.command, other.exit_status]
            [(), ()]
            > jobs.sh('no_such_program_here 2>/dev/null').join(); jobs[4].exit_status
            127
        "#]],
    );
}

#[test]
fn options_set_a_commands_input_folder_and_environment() {
    check(
        &[
            "fn seen(line, options) { let j = jobs.sh(line, options); j.join(); j.log }",
            "seen('sort', #{input: \"b\\na\\n\"})",
            "seen('pwd; echo $ONE', #{dir: '/', env: #{ONE: '1'}})",
            "seen('test -t 1 && stty size <&1', #{terminal: true})",
            "seen('stty size <&1', #{terminal: #{rows: 33}})",
            "seen('test -t 1 || echo none', #{terminal: false})",
            "j = jobs.sh('cat', #{name: 'reads', daemon: true, grace: 0.5}); j.join(); [j.name, j.daemon, j.status]",
        ],
        expect![[r#"
            > fn seen(line, options) { let j = jobs.sh(line, options); j.join(); j.log }
            > seen('sort', #{input: "b\na\n"})
            ["a", "b"]
            > seen('pwd; echo $ONE', #{dir: '/', env: #{ONE: '1'}})
            ["/", "1"]
            > seen('test -t 1 && stty size <&1', #{terminal: true})
            ["24 80"]
            > seen('stty size <&1', #{terminal: #{rows: 33}})
            ["33 80"]
            > seen('test -t 1 || echo none', #{terminal: false})
            ["none"]
            > j = jobs.sh('cat', #{name: 'reads', daemon: true, grace: 0.5}); j.join(); [j.name, j.daemon, j.status]
            ["reads", true, "Completed"]
        "#]],
    );
}

#[test]
fn a_wrong_option_of_a_command_is_an_error() {
    let mut typed = vec!["jobs.sh(5)", "jobs.sh('ls', 5)"];
    typed.extend([
        "jobs.sh('ls', #{input: 5})",
        "jobs.sh('ls', #{dir: 5})",
        "jobs.sh('ls', #{env: 5})",
        "jobs.sh('ls', #{env: #{A: 1}})",
        "jobs.sh('ls', #{terminal: 5})",
        "jobs.sh('ls', #{terminal: #{rows: 0}})",
        "jobs.sh('ls', #{grace: 'x'})",
        "jobs.sh('ls', #{grace: -1})",
        "jobs.sh('ls', #{grace: 1e300})",
        "jobs.sh('ls', #{color: true})",
        "j = jobs.sh('ls', #{dir: '/no/such'}); j.join(); j.traceback()",
    ]);
    check(
        &typed,
        expect![[r#"
            > jobs.sh(5)
            Traceback (most recent call last):
              In[1], line 1
                jobs.sh(5)
                     ^
            jobs.sh(5): a command must be a string, not of type int
            > jobs.sh('ls', 5)
            Traceback (most recent call last):
              In[2], line 1
                jobs.sh('ls', 5)
                     ^
            jobs.sh(..): options go in a map, as in jobs.sh("make", #{dir: "src"}), not as int
            > jobs.sh('ls', #{input: 5})
            Traceback (most recent call last):
              In[3], line 1
                jobs.sh('ls', #{input: 5})
                     ^
            the option `input` must be a string, not of type int
            > jobs.sh('ls', #{dir: 5})
            Traceback (most recent call last):
              In[4], line 1
                jobs.sh('ls', #{dir: 5})
                     ^
            the option `dir` must be a string, not of type int
            > jobs.sh('ls', #{env: 5})
            Traceback (most recent call last):
              In[5], line 1
                jobs.sh('ls', #{env: 5})
                     ^
            the option `env` must be a map, such as #{LANG: "C"}, not of type int
            > jobs.sh('ls', #{env: #{A: 1}})
            Traceback (most recent call last):
              In[6], line 1
                jobs.sh('ls', #{env: #{A: 1}})
                     ^
            the variable `A` in `env` must be a string, not of type int
            > jobs.sh('ls', #{terminal: 5})
            Traceback (most recent call last):
              In[7], line 1
                jobs.sh('ls', #{terminal: 5})
                     ^
            the option `terminal` must be true, or a size as in #{rows: 24, columns: 80}
            > jobs.sh('ls', #{terminal: #{rows: 0}})
            Traceback (most recent call last):
              In[8], line 1
                jobs.sh('ls', #{terminal: #{rows: 0}})
                     ^
            the option `terminal` must be true, or a size as in #{rows: 24, columns: 80}
            > jobs.sh('ls', #{grace: 'x'})
            Traceback (most recent call last):
              In[9], line 1
                jobs.sh('ls', #{grace: 'x'})
                     ^
            the option `grace` must be a time in seconds, such as 0.5, not of type char
            > jobs.sh('ls', #{grace: -1})
            Traceback (most recent call last):
              In[10], line 1
                jobs.sh('ls', #{grace: -1})
                     ^
            the option `grace` must be a time in seconds, 0 or more, not -1
            > jobs.sh('ls', #{grace: 1e300})
            Traceback (most recent call last):
              In[11], line 1
                jobs.sh('ls', #{grace: 1e300})
                     ^
            the option `grace` is too long; it is a time in seconds, at most 3153600000 (100 years), not 1e300
            > jobs.sh('ls', #{color: true})
            Traceback (most recent call last):
              In[12], line 1
                jobs.sh('ls', #{color: true})
                     ^
            there is no option `color`; there are daemon: true, name: "text", log_file: "path", log_bytes: 100000, group: "io", priority: 1, delay: 5, after: [1, 2], after_ended: [1, 2], time_limit: 60, keep: true, retry: 3, backoff: 1, input: "text", dir: "path", env: #{LANG: "C"}, terminal: true and grace: 5
            > j = jobs.sh('ls', #{dir: '/no/such'}); j.join(); j.traceback()
            can't run in `/no/such`
            caused by: No such file or directory (os error 2)
        "#]],
    );
}

#[test]
fn processes_left_by_a_command_become_a_job_that_can_be_stopped() {
    check(
        &["jobs.sh('sleep 1000 & echo started').join()", "jobs", "jobs[1].stop().starts_with('stopped')", "jobs"],
        expect![[r#"
            > jobs.sh('sleep 1000 & echo started').join()
            > jobs
            Running jobs:
            1 : left running by `sleep 1000 & echo started`

            Completed jobs:
            0 : sleep 1000 & echo started
            > jobs[1].stop().starts_with('stopped')
            true
            > jobs
            Completed jobs:
            0 : sleep 1000 & echo started

            Dead jobs:
            1 : left running by `sleep 1000 & echo started`
        "#]],
    );
}

#[test]
fn the_place_of_a_command_is_its_processes() {
    check(
        &[
            "j = jobs.sh('sh -c \"sleep 1000; exit 1\"; exit 2')",
            "while j.where() == () || j.where().processes.len() < 3 { sleep(0.001) }",
            "w = j.where();",
            "[w.text == `process ${w.processes[0].id}`, w.frames, w.seconds < 100.0]",
            "w.processes.map(|p| p.command)",
            "[w.processes[1].parent == w.processes[0].id, w.processes[2].parent == w.processes[1].id]",
            "w.processes[2].keys()",
            "j.stop().starts_with('stopped')",
            "j.where()",
        ],
        expect![[r#"
            > j = jobs.sh('sh -c "sleep 1000; exit 1"; exit 2')
            > while j.where() == () || j.where().processes.len() < 3 { sleep(0.001) }
            > w = j.where();
            > [w.text == `process ${w.processes[0].id}`, w.frames, w.seconds < 100.0]
            [true, [], true]
            > w.processes.map(|p| p.command)
            ["/bin/sh -c sh -c \"sleep 1000; exit 1\"; exit 2", "sh -c sleep 1000; exit 1", "sleep 1000"]
            > [w.processes[1].parent == w.processes[0].id, w.processes[2].parent == w.processes[1].id]
            [true, true]
            > w.processes[2].keys()
            ["command", "cpu", "id", "memory", "parent", "state"]
            > j.stop().starts_with('stopped')
            true
            > j.where()
        "#]],
    );
}

#[test]
fn what_a_command_leaves_running_is_never_told_as_not_started() {
    let mut session = Seen::default().session();
    shell::answer(&mut session, "jobs.sh('sleep 1000 & echo started').join()");
    let reply = shell::answer(&mut session, "where 1");
    let Reply::Shown(text) = &reply else { panic!("it is shown: {reply:?}") };
    assert!(["Job #1 has run for ", "Job #1 is starting."].iter().any(|begin| text.starts_with(begin)), "{text}");
    shell::answer(&mut session, "kill 1");
}

#[test]
fn the_command_where_shows_the_processes_as_a_tree() {
    let mut session = Seen::default().session();
    session.answer("j = jobs.sh('sh -c \"sleep 1000; exit 1\"; exit 2')");
    session.answer("while j.where() == () || j.where().processes.len() < 3 { sleep(0.001) }");
    let reply = shell::answer(&mut session, "where 0");
    session.answer("j.stop()");
    let Reply::Shown(text) = reply else { panic!("it is shown") };
    assert!(text.starts_with("Job #0 has run for ") && text.contains("; in process "), "{text}");
    let of_processes = || text.lines().skip(1).filter_map(|line| line.split_once(" MB"));
    let commands: Vec<_> = of_processes().map(|(_, command)| command).collect();
    assert_eq!(
        commands,
        [r#"  /bin/sh -c sh -c "sleep 1000; exit 1"; exit 2"#, "    sh -c sleep 1000; exit 1", "      sleep 1000"]
    );
    let numbers = of_processes().map(|(numbers, _)| numbers.split_whitespace().count());
    assert_eq!(numbers.collect::<Vec<_>>(), [4; 3], "number, state, processor time, memory: {text}");
}
