//! Expressions that outlive a session: `keep fit(50)` and `#{keep: true}`, and what they take along and give back.

use std::{fs, io::Write, process::Stdio};

use expect_test::expect;

use crate::{
    kept::{Home, wait_until},
    kept_sessions::session,
};

#[test]
fn a_kept_expression_outlives_sigkill_and_gives_its_value_to_another_session() {
    let home = Home::new();
    let gate = home.join("gate");
    let mut first = home.command(&[]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = format!(
        "rate = 10; other = shared(1)\n\
         fn wait_for(gate) {{ while !exists(gate) {{ sleep(0.01) }} }}\n\
         fn fit(n, gate) {{ print(`fitting ${{n}}`); wait_for(gate); [n * rate, 'c', #{{x: 1..3}}] }}\n\
         keep fit(5, {gate:?})\n"
    );
    first.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    wait_until("it is there", || home.jobs().get("k1".parse().unwrap()).is_ok());
    home.see("k1", "fitting 5\n");
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(home.run(&["wait", "k1", "--for", "0s"]).code(), Some(124));

    fs::write(gate, "").unwrap();
    let said = session(&home, "attach k1\nwait 0\njobs[0].join()\njobs[0].result\njobs[0].log\njobs[0].kept\n");
    let started = said.find("Out[4]").unwrap_or_default();
    assert!(
        said[started..].starts_with("Out[4]: [50, 'c', #{x: 1..3}]\nOut[5]: [\"fitting 5\"]\nOut[6]: \"k1\"\n"),
        "{said}"
    );
    let result = home.run(&["result", "k1"]);
    assert!(result.code() == Some(0) && result.out().contains("value [50, 'c', #{x: 1..3}]\n"), "{}", result.out());
}

#[test]
fn a_failure_of_a_kept_expression_has_its_lines_in_any_session() {
    let home = Home::new();
    session(&home, "fn half(n) {\n  n / 0\n}\nkeep half(3)\njobs[0].join()\n");
    let said = session(&home, "attach k1\njobs[0].join()\njobs.traceback(0)\njobs[0].exit_status\n");
    let at = ["Traceback (", "Traceback for"].map(|start| said.find(start).expect("it is told twice"));
    let told = &said[at[0]..at[1]];
    expect![[r#"
        Traceback (most recent call last):
          In[2], line 1
            half(3)
            ^
          In[1], line 2, in half
            n / 0
              ^
        Division by zero: 3 / 0
    "#]]
    .assert_eq(told);
    let waited = home.run(&["wait", "k1"]);
    assert_eq!((waited.code(), waited.out().contains("Division by zero: 3 / 0, after")), (Some(1), true));
    assert!(home.run(&["log", "k1"]).out().contains("In[1], line 2, in half"));
}

#[test]
fn what_can_not_leave_the_session_is_refused_by_its_name() {
    let home = Home::new();
    let lines = "junk = shared(3); job = jobs.new('1'); at = timestamp(); rows = [1, #{at: at}];\n\
                 fn uses() { junk.get() }\n\
                 fn made(n) { let inner = n; || { inner += 1; inner } }\n\
                 count = made(3);\n\
                 keep uses()\nkeep job.join()\nkeep rows.len()\nkeep count.call()\nkeep 1 +\nkeep 1 &\n\
                 jobs.start('1', [], #{keep: true, retry: 3})\njobs.sh('cat', #{keep: true, input: 'x'})\n\
                 jobs.start(|x| x, [at], #{keep: 1})\njobs.start(|x| x, [at], #{keep: true})\nkept\n";
    let said = session(&home, lines);
    let told: Vec<_> = said.lines().filter(|line| line.contains("can't be kept") || line.contains("a kept ")).collect();
    expect![[r#"
        `junk` can't be kept: it holds a value of type shared, which only this session can share
        `job` can't be kept: it holds a value of type job, which only this session knows
        `rows` can't be kept: it holds a value of type timestamp, which means nothing in another process
        `count` can't be kept: it holds a function that captured variables of the function that made it
        a kept job runs in the background anyway: leave out the `&`
        a kept command takes no `input`: it has an empty input, no terminal, and a second to end
        argument 1 can't be kept: it holds a value of type timestamp, which means nothing in another process"#]]
    .assert_eq(&told.join("\n"));
    assert!(said.contains("No kept jobs") && said.contains("Syntax error: Script is incomplete"), "{said}");
    assert!(said.contains("the option `keep` must be true or false") && said.contains("exclude each other"), "{said}");
}

/// The values of kept lines after some others, as text.
fn values(home: &Home, before: &str, lines: &[&str]) -> Vec<String> {
    let kept: Vec<_> = lines.iter().map(|line| format!("keep {line}")).collect();
    let told = format!("for n in 0..{} {{ jobs[n].join(); print(`VALUE ${{jobs[n].result}}`) }}", lines.len());
    let said = session(home, &format!("{before}\n{}\n{told}\n", kept.join("\n")));
    let values: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("VALUE ")).map(str::to_owned).collect();
    assert_eq!(values.len(), lines.len(), "{said}");
    values
}

// Each line starts two processes.
#[test]
fn functions_and_closures_come_along_with_what_they_use() {
    let home = Home::new();
    let before = "base = 100; unused = shared(1);\n\
                  fn step(n) { n * n }\nfn step(n, m) { n * m }\nfn twice(n) { step(n) + step(n, 2) + base }\n\
                  plain = |x| x + 1; captured = |x| x + base; curried = Fn('step').curry(7);\n\
                  fn shadows(unused) { unused + 1 }";
    let lines = [
        ("twice(3)", "115"),
        ("plain.call(1)", "2"),
        ("captured.call(1)", "101"),
        ("curried.call(2)", "14"),
        ("[plain, captured].map(|f| f.call(0))", "[1, 100]"),
        ("Fn('twice').call(1)", "103"),
        ("let j = jobs.new('twice(2)'); j.join(); j.result", "108"),
        ("shadows(1)", "2"),
        ("{ let unused = 5; unused }", "5"),
        ("{\n  let a = 1;\n  a + base\n}", "101"),
        ("base += 1; base", "101"),
        ("'twice'", "twice"),
        ("twice", "Fn(twice)"),
        ("exit(0)", ""),
    ];
    let values = values(&home, before, &lines.map(|(line, _)| line));
    for ((line, expected), value) in lines.iter().zip(values) {
        assert_eq!(value, *expected, "{line}");
    }
}

#[test]
fn a_value_that_can_not_come_back_is_a_failure_that_says_so() {
    let home = Home::new();
    session(&home, "keep [|x| x]\nkeep timestamp()\nkeep exit(3)\nfor n in jobs.all { jobs[n].join() }\n");
    let ends = ["k1", "k2", "k3"].map(|id| home.run(&["wait", id]).out());
    for (end, told) in ends.iter().zip([
        "its value can't be kept: it holds a function that only this process has",
        "its value can't be kept: it holds a value of type timestamp, which means nothing in another process",
        "exit status 3",
    ]) {
        assert!(end.contains(told), "{end}");
    }
}

#[test]
fn a_stop_ends_a_kept_expression_with_the_commands_it_runs() {
    let home = Home::new();
    let lines = "keep { jobs.sh('echo up; sleep 1000').join(); 1 }\nwhile jobs[0].kept == () {}\n";
    let mut running = home.command(&[]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    running.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    wait_until("it is there", || home.jobs().get("k1".parse().unwrap()).is_ok());
    home.see("k1", "up\n");
    running.stdin.as_mut().unwrap().write_all(b"kill 0\n").unwrap();
    running.wait_with_output().unwrap();
    let job = home.jobs().get("k1".parse().unwrap()).unwrap();
    assert!(home.run(&["wait", "k1"]).out().contains("stopped: killed at the prompt"));
    wait_until("nothing of it runs", || job.strays().is_empty());
}

#[test]
fn until_its_turn_a_kept_job_belongs_to_the_session_whose_end_waits_for_its_start() {
    let home = Home::new();
    let lines = "let first = jobs.new('sleep(0.1)');\n\
                 late = jobs.start('1 + 1', [], #{keep: true, after: [0], time_limit: 60});\nlate.kept == ()\n";
    let said = session(&home, lines);
    assert!(said.contains("Job #1 is kept once it has started; until then it ends with this session\n"), "{said}");
    assert!(said.contains("Out[3]: true"), "{said}");
    assert!(home.run(&["wait", "k1"]).out().contains("done"));
    assert!(home.run(&["wait", "k1", "--json"]).out().contains("\"time_limit\":60.0"));
}

#[test]
fn a_program_that_a_kept_expression_starts_is_not_its_body() {
    let home = Home::new();
    let shell = env!("CARGO_BIN_EXE_bgjobs");
    let line = format!("sh({:?}).out", format!("{shell} -c '1 + 1'"));
    assert_eq!(values(&home, "", &[&line]), ["2"]);
}

#[test]
fn a_large_value_comes_back_whole() {
    let home = Home::new();
    let lines =
        ["{ let a = []; a.pad(3000, 1.5); a }", "{ let a = []; a.pad(100000, 'x'); a.filter(|c| c == 'x').len() }"];
    let values = values(&home, "", &lines);
    assert_eq!((values[0].len(), &*values[1]), ("1.5, ".len() * 3000, "100000"));
}
