//! `?name`.

use bgjobs_shell::shell::{self, Reply};
use expect_test::expect;

use crate::transcript::Seen;

#[test]
fn a_question_mark_tells_what_is_known() {
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
        "?jobs",
        "?len",
        "?print",
        "?abs",
        "?sh",
    ] {
        let reply = shell::answer(&mut session, line);
        let text = match &reply {
            Reply::Nothing | Reply::Leave => continue,
            Reply::Shown(text) | Reply::Wrong(text) => text,
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
            Sleeps for so many seconds.
        > write_file?
        fn write_file(path, text)
            Makes a file of a text, in place of one that is there.
        > ?nothing
        nothing is known of nothing; `help` shows what can be typed
        > ? 7
        nothing is known of 7; `help` shows what can be typed
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
        > ?jobs
        fn jobs()
            Prints all jobs: the running, the completed, the dead.
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
            Shows a value on a line of its own; that of a job stands in its log.
        > ?abs
        fn abs(x)
            Return the absolute value of the floating-point number.
        > ?sh
        fn sh(jobs, command)
            Starts a command of the system's shell as a job, whose log gets what it prints.
        fn sh(jobs, command, options)
            Starts a command of the system's shell as a job, with options: those of `jobs.start`, and `input: "text"`, `dir: "path"`,
            `env: #{NAME: "value"}`, `terminal: true` or `#{rows: 24, columns: 80}`, `grace: seconds`.
        fn sh(command)
            Runs a command of the system's shell: a map with `status`, `out` and `err`.
            The status is negative for a command that a signal ended.
    "#]].assert_eq(&seen);
    let rust = ["::", "i64", "Dynamic", "Result", "&", "Immutable"];
    assert!(!rust.iter().any(|word| seen.contains(word)), "nobody needs to know Rust");
    let Reply::Shown(job) = shell::answer(&mut session, "?0") else { panic!("it is known") };
    assert!(job.starts_with("<BackgroundJob #0: print(\"hello\")>: Completed, ran for "), "{job}");
    assert!(job.ends_with("\n    hello"), "{job}");
}
