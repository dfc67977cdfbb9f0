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
        fn sleep(seconds: f64) -> Result<()>
            Sleeps for so many seconds.
        fn sleep(seconds: i64) -> Result<()>
            Sleeps for so many seconds.
        > write_file?
        fn write_file(path: Dynamic, text: Dynamic) -> Result<()>
            Makes a file of a text, in place of one that is there.
        > ?nothing
        nothing is known of nothing; `help` shows what can be typed
        > ? 7
        nothing is known of 7; `help` shows what can be typed
    "#]].assert_eq(&seen);
    let Reply::Shown(job) = shell::answer(&mut session, "?0") else { panic!("it is known") };
    assert!(job.starts_with("<BackgroundJob #0: print(\"hello\")>: Completed, ran for "), "{job}");
    assert!(job.ends_with("\n    hello"), "{job}");
}
