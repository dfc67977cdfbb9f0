//! `?name`.

use bgjobs_shell::shell::{self, Reply};
use expect_test::expect;

use crate::transcript::{Seen, check_shell};

#[test]
fn a_question_mark_shows_what_is_known() {
    let mut session = Seen::default().session();
    let mut seen = String::new();
    for line in [
        "/// Doubles a number.\nfn double(n) { n * 2 }",
        "xs = []; xs.pad(1000, 7)",
        "j = jobs.new('print(\"hello\")'); j.join()",
        "?double",
        "?xs",
        "?sleep",
        "write_file?",
        "?nothing",
        "? 7",
        "c = shared(1); r = 1..3; t = timestamp(); f = |x| x; d = 1.5",
        "?c",
        "?r",
        "?f",
        "?d",
        "?len",
        "?print",
        "?abs",
        "?sh",
    ] {
        let reply = shell::answer(&mut session, line);
        let text = match &reply {
            Reply::Nothing | Reply::Leave(_) => continue,
            Reply::Shown(text) | Reply::Value(text) | Reply::Wrong(text) | Reply::Failed(text, _) => text,
        };
        seen.extend(["> ", line, "\n", text, "\n"]);
    }
    expect![[r#"
        > ?double
        fn double(n)  from In[1], line 2
            Doubles a number.
        > ?xs
        xs: array
        [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,  …
        > ?sleep
        fn sleep(seconds)
            Sleeps for this many seconds.
        > write_file?
        fn write_file(path, text)
            Writes a text to a file, replacing what was in it.
        > ?nothing
        nothing is known about nothing; `help` shows what can be typed, `help kill` what a command does, `?sleep` what a function does
        > ? 7
        nothing is known about 7; `help` shows what can be typed, `help kill` what a command does, `?sleep` what a function does
        > ?c
        c: shared
        shared(1)
        > ?r
        r: range
        1..3
        > ?f
        f: function
        |x| ..
        > ?d
        d: float
        1.5
        > ?len
        fn len(array)
            Number of elements in the array.
        fn len(blob)
            Return the length of the BLOB.
            Example
            let b = blob(10, 0x42);
            print(b);           // prints "[4242424242424242 4242]"
            print(b.len());     // prints 10
        fn len(map)
            Return the number of properties in the object map.
        fn len(string)
            Return the length of the string, in number of characters.
            Example
            let text = "朝には紅顔ありて夕べには白骨となる";
            print(text.len);        // prints 17
        > ?print
        fn print(value)
            Prints a value on a line of its own; in a job, to its log.
        > ?abs
        fn abs(x)
            Return the absolute value of the floating-point number.
        > ?sh
        fn sh(jobs, command)
            Starts a command of the system's shell as a job, whose log receives its output.
        fn sh(jobs, command, options)
            Starts a command of the system's shell as a job, with the options of `jobs.start`, and `input: "text"`,
            `dir: "path"`, `env: #{NAME: "value"}`, `terminal: true` or `#{rows: 24, columns: 80}`, `grace: seconds`.
        fn sh(command)
            Runs a command in the system's shell: returns a map with `status`, `out` and `err`.
            The status is negative if a signal ended the command.
    "#]].assert_eq(&seen);
    let rust = ["::", "i64", "Dynamic", "Result", "&", "Immutable"];
    assert!(!rust.iter().any(|word| seen.contains(word)), "nobody needs to know Rust");
    let Reply::Shown(job) = shell::answer(&mut session, "?0") else { panic!("it is known") };
    assert!(job.starts_with("<BackgroundJob #0: print(\"hello\")>: Completed, ran for "), "{job}");
    assert!(job.ends_with("\n    hello"), "{job}");
}

#[test]
fn help_and_a_question_mark_know_commands_and_reject_others() {
    check_shell(
        &["?kill", "?jobs", "kill = 5;", "?kill", "help nothing", "help x\u{1b}"],
        expect![[r#"
            > ?kill
            kill [3 5-7 running fit*]
            Asks jobs to stop, kills their processes if they don't, and says what happened to each.
            Jobs are given by number, by range, by state (running, queued, stopping, finished, done, failed,
            stopped, all), by group, by name, with * for any text, or by a variable that holds them.
            Without any, the newest that has not ended is meant.
            > ?jobs
            jobs [failed 5-7 fit*] [-a] [--json]
            Lists jobs: running, completed, dead; all, or those selected as for `kill`. The lines below a job say
            how long it has run, how far it is (by progress(3, 10), or the bar or 43% of a command), where it is or
            what it waits for, why it died, and how many lines of its log are unread. A group of many jobs takes
            one line, and a list longer than the screen is cut.
            -a, --all   cuts nothing, and lists each job of a group
            -j, --json  everything that is known about them, as JSON
            fn jobs()
                Prints all jobs: running, completed, dead.
            > kill = 5;
            > ?kill
            kill: int
            5
            > help nothing
            ! nothing is known about nothing; `help` shows what can be typed, `help kill` what a command does, `?sleep` what a function does
            > help x
            ! nothing is known about x\u{1b}; `help` shows what can be typed, `help kill` what a command does, `?sleep` what a function does
        "#]],
    );
}

#[test]
fn help_and_a_question_mark_know_functions_and_options() {
    check_shell(
        &["help sh", "help jobs.sh", "help jobs.start", "?jobs.new", "help new", "help shared", "help options"],
        expect![[r#"
            > help sh
            fn sh(jobs, command)
                Starts a command of the system's shell as a job, whose log receives its output.
            fn sh(jobs, command, options)
                Starts a command of the system's shell as a job, with the options of `jobs.start`, and `input: "text"`,
                `dir: "path"`, `env: #{NAME: "value"}`, `terminal: true` or `#{rows: 24, columns: 80}`, `grace: seconds`.
            fn sh(command)
                Runs a command in the system's shell: returns a map with `status`, `out` and `err`.
                The status is negative if a signal ended the command.
            > help jobs.sh
            fn sh(jobs, command)
                Starts a command of the system's shell as a job, whose log receives its output.
            fn sh(jobs, command, options)
                Starts a command of the system's shell as a job, with the options of `jobs.start`, and `input: "text"`,
                `dir: "path"`, `env: #{NAME: "value"}`, `terminal: true` or `#{rows: 24, columns: 80}`, `grace: seconds`.
            fn sh(command)
                Runs a command in the system's shell: returns a map with `status`, `out` and `err`.
                The status is negative if a signal ended the command.
            > help jobs.start
            fn start(jobs, what, arguments, options)
                Starts a job as jobs.new does, with the arguments in an array, as in jobs.start(slow, [5], #{name: "x"}).
                The arguments and the options may be left out. The options are:
                daemon: true         neither `wait` nor the end of the shell waits for it
                name: "text"         what the lists show in place of its text
                log_file: "path"     a new file that receives everything it prints
                log_bytes: 100000    how many bytes of that its log holds; see `help log_bytes`
                group: "io"          the group it belongs to, see `help groups`
                priority: 1          the higher, the sooner it starts in its group; 0 by default
                delay: 5             starts it this many seconds from now
                after: [1, 2]        starts it when these jobs have succeeded
                after_ended: [1, 2]  starts it when these jobs have ended in any way
                time_limit: 60       stops it when it has run for this many seconds
                keep: true           lets it outlive the shell, on Linux; see `help keep`
                retry: 3             how many times it is tried in all, if it fails
                backoff: 1           seconds before the second try, doubled before each further one, up to 60
            fn start(range)
                Return the start of the exclusive range.
            > ?jobs.new
            fn new(jobs, what, arguments..)
                Starts a job, whose value is the job: of an expression, as in jobs.new("slow(5)"), which may get its own names in
                maps, as in jobs.new("x + 1", #{x: 2}), or of the call of a function with its arguments, as in jobs.new(slow, 5).
                jobs.start(slow, [5], #{name: "x"}) does it with options; `help options` lists them.
            > help new
            fn new(jobs, what, arguments..)
                Starts a job, whose value is the job: of an expression, as in jobs.new("slow(5)"), which may get its own names in
                maps, as in jobs.new("x + 1", #{x: 2}), or of the call of a function with its arguments, as in jobs.new(slow, 5).
                jobs.start(slow, [5], #{name: "x"}) does it with options; `help options` lists them.
            > help shared
            fn shared(value)
                A value that the prompt and its jobs share.
            > help options
            jobs.start(f, [5], #{name: "x"}) takes these options, and jobs.sh("make", #{..}) too:
              daemon: true         neither `wait` nor the end of the shell waits for it
              name: "text"         what the lists show in place of its text
              log_file: "path"     a new file that receives everything it prints
              log_bytes: 100000    how many bytes of that its log holds; see `help log_bytes`
              group: "io"          the group it belongs to, see `help groups`
              priority: 1          the higher, the sooner it starts in its group; 0 by default
              delay: 5             starts it this many seconds from now
              after: [1, 2]        starts it when these jobs have succeeded
              after_ended: [1, 2]  starts it when these jobs have ended in any way
              time_limit: 60       stops it when it has run for this many seconds
              keep: true           lets it outlive the shell, on Linux; see `help keep`
              retry: 3             how many times it is tried in all, if it fails
              backoff: 1           seconds before the second try, doubled before each further one, up to 60
            jobs.sh also takes:
              input: "text"      its standard input
              dir: "path"        the folder it runs in
              env: #{LANG: "C"}  environment variables, in addition to the shell's
              terminal: true     runs it on a terminal of its own; #{rows: 24, columns: 80} sets the size
              grace: 5           seconds between a stop and a kill
        "#]],
    );
}

#[test]
fn help_breaks_no_words_on_a_terminal() {
    let mut session = Seen::default().session();
    let mut help = |line: &str, rows| {
        session.set_rows(rows);
        session.set_columns(60);
        let Reply::Shown(text) = shell::answer(&mut session, line) else { panic!("it is shown") };
        text
    };
    for line in ["help kill", "help options", "?walk"] {
        let (piped, shown) = (help(line, None), help(line, Some(24)));
        assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&piped), words(&shown));
    }
}
