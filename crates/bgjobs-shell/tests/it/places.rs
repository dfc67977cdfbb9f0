//! Where jobs are: `where 3` and `jobs[3].where()`.

use expect_test::expect;

use crate::{
    terminal::{Home, Terminal},
    transcript::{check, check_shell},
};

#[test]
fn a_job_shows_its_calls_with_their_lines() {
    check_shell(
        &[
            "ready = shared(0);",
            "fn slow(n) { ready.set(1); sleep(n) }",
            "fn report(list) {\n    let total = 0;\n    for x in list {\n        total += slow(x);\n    }\n    total\n}",
            "jobs.new('report([1000])'); ready.wait(|v| v == 1); for i in 0..2000 { if jobs[0].where().text != 'native function `sleep`' { sleep(0.01) } };",
            "sleep(0.15)",
            "where 0",
            "jobs[0].where().frames",
            "jobs[0].where().seconds > 0.1",
            "kill 0",
            "where 0",
            "jobs[0].where()",
        ],
        expect![[r#"
            > ready = shared(0);
            > fn slow(n) { ready.set(1); sleep(n) }
            > fn report(list) {
                let total = 0;
                for x in list {
                    total += slow(x);
                }
                total
            }
            > jobs.new('report([1000])'); ready.wait(|v| v == 1); for i in 0..2000 { if jobs[0].where().text != 'native function `sleep`' { sleep(0.01) } };
            > sleep(0.15)
            > where 0
            Job #0 has run for _; in native function `sleep` for _:
              jobs[0], line 1
                report([1000])
                ^
              In[3], line 4, in report
                total += slow(x);
                              ^
              In[2], line 1, in slow
                fn slow(n) { ready.set(1); sleep(n) }
                                           ^
            > jobs[0].where().frames
            Out[7]: [#{function: (), line: 1, source: "jobs[0]", text: "report([1000])"}, #{function: "report", line: 4, source: "In[3]", text: "        total += slow(x);"}, #{function: "slow", line: 1, source: "In[2]", text: "fn slow(n) { ready.set(1); sleep(n) }"}]
            > jobs[0].where().seconds > 0.1
            Out[8]: true
            > kill 0
            Job #0 stopped at line 1 of slow after _
            > where 0
            Job #0 was stopped _ ago after _: killed at the prompt
            > jobs[0].where()
        "#]],
    );
}

#[test]
fn a_loop_shows_its_line_and_how_long_it_has_been_there() {
    check_shell(
        &[
            "fn spin() {\n    let i = 0;\n    loop { i += 1 }\n}",
            "j = jobs.new(spin); for i in 0..2000 { if j.where() == () || j.where().seconds < 0.1 { sleep(0.01) } };",
            "where 0",
            "kill 0",
        ],
        expect![[r#"
            > fn spin() {
                let i = 0;
                loop { i += 1 }
            }
            > j = jobs.new(spin); for i in 0..2000 { if j.where() == () || j.where().seconds < 0.1 { sleep(0.01) } };
            > where 0
            Job #0 has run for _; in line 3 of spin for _:
              In[1], line 3, in spin
                loop { i += 1 }
                       ^
            > kill 0
            Job #0 stopped at line 3 of spin after _
        "#]],
    );
}

#[test]
fn a_job_that_moves_on_has_not_been_there_for_long() {
    check_shell(
        &[
            "ready = shared(0);",
            "fn spin(n) {\n    let i = 0;\n    loop {\n        i += 1;\n        if i == 20000 { ready.set(1); }\n        i -= 0;\n    }\n}",
            "j = jobs.new(spin, 1); ready.wait(|v| v == 1); sleep(0.3)",
            "least = 1.0; for n in 0..20 { least = min(least, j.where().seconds) }; least < 0.1",
            "j.stop();",
        ],
        expect![[r#"
            > ready = shared(0);
            > fn spin(n) {
                let i = 0;
                loop {
                    i += 1;
                    if i == 20000 { ready.set(1); }
                    i -= 0;
                }
            }
            > j = jobs.new(spin, 1); ready.wait(|v| v == 1); sleep(0.3)
            > least = 1.0; for n in 0..20 { least = min(least, j.where().seconds) }; least < 0.1
            Out[4]: true
            > j.stop();
        "#]],
    );
}

#[test]
fn slow_native_functions_are_named() {
    check_shell(
        &[
            "gate = shared(0);",
            "jobs.new(sleep, 1000); jobs.new('sh(`sleep 1000`)'); jobs.new('jobs[0].join()'); jobs.new('gate.wait(|v| v == 1)');",
            "fn text_of(n) { for i in 0..2000 { let place = jobs[n].where(); if place != () && place.text.contains('native') { return place.text; } sleep(0.01); } }",
            "[text_of(0), text_of(1), text_of(2), text_of(3)]",
            // Job 0 comes last: its end would end the wait of job 2.
            "kill 1-3",
            "kill 0",
        ],
        expect![[r#"
            > gate = shared(0);
            > jobs.new(sleep, 1000); jobs.new('sh(`sleep 1000`)'); jobs.new('jobs[0].join()'); jobs.new('gate.wait(|v| v == 1)');
            > fn text_of(n) { for i in 0..2000 { let place = jobs[n].where(); if place != () && place.text.contains('native') { return place.text; } sleep(0.01); } }
            > [text_of(0), text_of(1), text_of(2), text_of(3)]
            Out[4]: ["native function `sleep`", "native function `sh`", "native function `join`", "native function `wait`"]
            > kill 1-3
            Job #1 stopped at line 1 of jobs[1] after _
            Job #2 stopped at line 1 of jobs[2] after _
            Job #3 stopped at line 1 of jobs[3] after _
            > kill 0
            Job #0 stopped after _
        "#]],
    );
}

#[test]
fn a_job_that_does_not_run_shows_how_it_ended_or_what_it_waits_for() {
    check_shell(
        &[
            "jobs.new('42').join()",
            "jobs.new('1 / 0').join()",
            "where 0 1",
            "where all",
            "where 7",
            "where",
            "where three",
            "where --deep 1",
            "help where",
            "where = 3; where",
        ],
        expect![[r#"
            > jobs.new('42').join()
            > jobs.new('1 / 0').join()
            > where 0 1
            Job #0 completed _ ago after _.
            Job #1 failed _ ago after _: Division by zero: 1 / 0
            > where all
            Job #0 completed _ ago after _.
            Job #1 failed _ ago after _: Division by zero: 1 / 0
            > where 7
            ! Job #7 not found; the newest job is #1
            > where
            ! no job runs or is queued; `where 3` says how a job ended
            > where three
            ! there is no job or group three; give a number, a range such as 5-7, a state such as running, a group, or a name, with * for any text
            > where --deep 1
            ! where has no option --deep; see `help where`
            > help where
            where [3]
            Shows where jobs are without stopping them: the calls they are in, with lines, and for how long;
            for a job that has not started, what it waits for. Without a job: the newest that has not ended.
            > where = 3; where
            Out[10]: 3
        "#]],
    );
}

#[test]
fn closures_and_evaluated_texts_have_places_too() {
    check(
        &[
            "ready = shared(0);",
            "j = jobs.new('[1].map(|x| eval(\"ready.set(1); sleep(1000)\"))'); ready.wait(|v| v == 1);",
            "for i in 0..2000 { if j.where().text != 'native function `sleep`' { sleep(0.01) } }; j.where().frames.map(|f| [f.function, f.source, f.line])",
            "j.stop().starts_with('stopped at line 1 of ')",
        ],
        expect![[r#"
            > ready = shared(0);
            > j = jobs.new('[1].map(|x| eval("ready.set(1); sleep(1000)"))'); ready.wait(|v| v == 1);
            > for i in 0..2000 { if j.where().text != 'native function `sleep`' { sleep(0.01) } }; j.where().frames.map(|f| [f.function, f.source, f.line])
            [[(), "jobs[0]", 1], ["a closure", "jobs[0]", 1]]
            > j.stop().starts_with('stopped at line 1 of ')
            true
        "#]],
    );
}

#[test]
fn where_completes_job_numbers_and_answers_at_once() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("sleep(1000) &\r");
    terminal.see("In [2]:");
    terminal.type_keys("whe\t 0\r");
    terminal.see("in native function `sleep`");
    terminal.see("\n    sleep(1000)\n    ^\nIn [3]:");
}

#[test]
fn between_two_attempts_a_job_shows_what_it_waits_for() {
    check_shell(
        &[
            "jobs.start(|| {throw 'x'}, [], #{retry: 3, backoff: 1000, name: 'rt'}); jobs.sh('exit 3', #{retry: 3, backoff: 1000});",
            "for n in 0..2 { while jobs[n].why().is_empty() { sleep(0.001) } }",
            "where 0",
            "where 1",
            "why 0",
            "kill 0",
            "kill 1",
            "jobs.traceback(0)",
            "where 0",
        ],
        expect![[r#"
            > jobs.start(|| {throw 'x'}, [], #{retry: 3, backoff: 1000, name: 'rt'}); jobs.sh('exit 3', #{retry: 3, backoff: 1000});
            > for n in 0..2 { while jobs[n].why().is_empty() { sleep(0.001) } }
            > where 0
            Job #0 has run for _; waits _ before attempt 2 of 3.
            > where 1
            Job #1 has run for _; waits _ before attempt 2 of 3.
            > why 0
            Job #0 runs: rt
              it waits _ before attempt 2 of 3
            > kill 0
            Job #0 stopped after _
            > kill 1
            Job #1 stopped after _
            > jobs.traceback(0)
            stopped: killed at the prompt
            > where 0
            Job #0 was stopped _ ago after _: killed at the prompt
        "#]],
    );
}
