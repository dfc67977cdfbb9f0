//! The debugger: `debug 3`.

use expect_test::expect;

use crate::{
    terminal::{Home, Terminal},
    transcript::{check, check_shell},
};

const SHARE: &str = "fn share(total, n) { let part = total * scale; part / n }";
const REPORT: &str = "fn report(list) {\n    let sum = 0;\n    for (x, place) in list {\n        let before = sum;\n        \
                      sum += share(x, x - 2);\n    }\n    sum\n}";

#[test]
fn every_frame_has_its_names() {
    check_shell(
        &[
            "scale = 10;",
            SHARE,
            REPORT,
            "jobs.new('report([4, 3, 2, 1])').join()",
            "debug 0",
            "part + n",
            "frames",
            "up",
            "list.len() - place",
            "up",
            "up",
            "down",
            "quit",
        ],
        expect![[r#"
            > scale = 10;
            > fn share(total, n) { let part = total * scale; part / n }
            > fn report(list) {
                let sum = 0;
                for (x, place) in list {
                    let before = sum;
                    sum += share(x, x - 2);
                }
                sum
            }
            > jobs.new('report([4, 3, 2, 1])').join()
            > debug 0
            Job #0 failed: Division by zero: 20 / 0
              In[2], line 1, in share
                fn share(total, n) { let part = total * scale; part / n }
                                                                    ^
              n = 0
              part = 20
              total = 2
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > part + n
            20
            > frames
              jobs[0], line 1
                report([4, 3, 2, 1])
                ^
              In[3], line 5, in report
                sum += share(x, x - 2);
                       ^
            > In[2], line 1, in share
                fn share(total, n) { let part = total * scale; part / n }
                                                                    ^
            > up
              In[3], line 5, in report
                sum += share(x, x - 2);
                       ^
              before = 50
              list = [4, 3, 2, 1]
              place = 2
              sum = 50
              x = 2
            > list.len() - place
            2
            > up
              jobs[0], line 1
                report([4, 3, 2, 1])
                ^
              (no names of its own)
            > up
            ! this is the outermost frame; down goes back
            > down
              In[3], line 5, in report
                sum += share(x, x - 2);
                       ^
              before = 50
              list = [4, 3, 2, 1]
              place = 2
              sum = 50
              x = 2
            > quit
        "#]],
    );
}

#[test]
fn a_line_in_the_debugger_changes_nothing_outside() {
    check_shell(
        &[
            "scale = 10;",
            SHARE,
            "jobs.new('share(2, 0)').join()",
            "debug 0",
            "n = 5; scale = 1; part = 7; share(part, n)",
            "n",
            "locals",
            "fn double(x) { 2 * x }",
            "double(n);",
            "share(1, 0)",
            "quit",
            "[scale, jobs[0].locals]",
            "double(1)",
            "debug 0",
            "quit",
        ],
        expect![[r#"
            > scale = 10;
            > fn share(total, n) { let part = total * scale; part / n }
            > jobs.new('share(2, 0)').join()
            > debug 0
            Job #0 failed: Division by zero: 20 / 0
              In[2], line 1, in share
                fn share(total, n) { let part = total * scale; part / n }
                                                                    ^
              n = 0
              part = 20
              total = 2
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > n = 5; scale = 1; part = 7; share(part, n)
            1
            > n
            5
            > locals
              n = 5
              part = 7
              total = 2
            > fn double(x) { 2 * x }
            > double(n);
            > share(1, 0)
            ! Traceback (most recent call last):
              debug[5], line 1
                share(1, 0)
                ^
              In[2], line 1, in share
                fn share(total, n) { let part = total * scale; part / n }
                                                                    ^
            Division by zero: 1 / 0
            > quit
            > [scale, jobs[0].locals]
            Out[5]: [10, #{n: 0, part: 20, total: 2}]
            > double(1)
            ! Traceback (most recent call last):
              In[6], line 1
                double(1)
                ^
            Function not found: double (int)
            > debug 0
            Job #0 failed: Division by zero: 20 / 0
              In[2], line 1, in share
                fn share(total, n) { let part = total * scale; part / n }
                                                                    ^
              n = 0
              part = 20
              total = 2
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > quit
        "#]],
    );
}

#[test]
fn debug_without_a_number_opens_the_last_line_that_failed() {
    check_shell(
        &[
            "debug",
            "for i in 0..3 { let k = 2; k / i }",
            "debug",
            "i + k",
            "down",
            "bt",
            "quit",
            SHARE,
            "scale = 3; share(2, 0)",
            "debug",
            "total",
            "exit",
            "1 + 1",
            "debug",
            "part",
            "quit()",
        ],
        expect![[r#"
            > debug
            ! no line has failed; `debug 3` debugs a job that died
            > for i in 0..3 { let k = 2; k / i }
            ! Traceback (most recent call last):
              In[2], line 1
                for i in 0..3 { let k = 2; k / i }
                                             ^
            Division by zero: 2 / 0
            > debug
            The line failed: Division by zero: 2 / 0
              In[2], line 1
                for i in 0..3 { let k = 2; k / i }
                                             ^
              i = 0
              k = 2
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > i + k
            2
            > down
            ! this is the innermost frame, where it failed; up goes to the caller
            > bt
            > In[2], line 1
                for i in 0..3 { let k = 2; k / i }
                                             ^
            > quit
            > fn share(total, n) { let part = total * scale; part / n }
            > scale = 3; share(2, 0)
            ! Traceback (most recent call last):
              In[5], line 1
                scale = 3; share(2, 0)
                           ^
              In[4], line 1, in share
                fn share(total, n) { let part = total * scale; part / n }
                                                                    ^
            Division by zero: 6 / 0
            > debug
            The line failed: Division by zero: 6 / 0
              In[4], line 1, in share
                fn share(total, n) { let part = total * scale; part / n }
                                                                    ^
              n = 0
              part = 6
              total = 2
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > total
            2
            > exit
            > 1 + 1
            Out[7]: 2
            > debug
            The line failed: Division by zero: 6 / 0
              In[4], line 1, in share
                fn share(total, n) { let part = total * scale; part / n }
                                                                    ^
              n = 0
              part = 6
              total = 2
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > part
            6
            > quit()
        "#]],
    );
}

#[test]
fn variables_of_blocks_loops_catches_and_closures_are_captured_unless_the_error_was_caught() {
    check(
        &[
            "fn names(text) { let j = jobs.new(text); j.join(); j.frames.map(|f| f.locals) }",
            "fn blocks() { let a = 1; { let b = 2; const C = 3; b / 0 } }",
            "names('blocks()')",
            "fn loops() { for (x, n) in [5, 6] { if n == 1 { let y = x; y / 0 } } }",
            "names('loops()')",
            "fn closures() { let k = 3; [1, 2].map(|x| { let y = x + k; y / 0 }) }",
            "names('closures()')",
            "fn caught() { try { let a = 1; a / 0 } catch { let b = 2; } let c = 3; c / 0 }",
            "names('caught()')",
            "fn again() { try { let a = 1; a / 0 } catch (e) { let b = 2; throw b } }",
            "names('again()')",
            "fn moved() { let a = [1]; let f = || a.push(2); f.call(); a[9] }",
            "names('moved()')",
            "fn early() { for i in 0..9 { let x = i; if x == 3 { return x; } } }",
            "names('early() / 0')",
        ],
        expect![[r#"
            > fn names(text) { let j = jobs.new(text); j.join(); j.frames.map(|f| f.locals) }
            > fn blocks() { let a = 1; { let b = 2; const C = 3; b / 0 } }
            > names('blocks()')
            [#{}, #{C: 3, a: 1, b: 2}]
            > fn loops() { for (x, n) in [5, 6] { if n == 1 { let y = x; y / 0 } } }
            > names('loops()')
            [#{}, #{n: 1, x: 6, y: 6}]
            > fn closures() { let k = 3; [1, 2].map(|x| { let y = x + k; y / 0 }) }
            > names('closures()')
            [#{}, #{k: 3}, #{k: 3, x: 1, y: 4}]
            > fn caught() { try { let a = 1; a / 0 } catch { let b = 2; } let c = 3; c / 0 }
            > names('caught()')
            [#{}, #{c: 3}]
            > fn again() { try { let a = 1; a / 0 } catch (e) { let b = 2; throw b } }
            > names('again()')
            [#{}, #{b: 2, e: #{error: "ErrorArithmetic", line: 1, message: "Division by zero: 1 / 0", position: 33, source: "In[10]"}}]
            > fn moved() { let a = [1]; let f = || a.push(2); f.call(); a[9] }
            > names('moved()')
            [#{}, #{a: [1, 2], f: || ..}]
            > fn early() { for i in 0..9 { let x = i; if x == 3 { return x; } } }
            > names('early() / 0')
            [#{}]
        "#]],
    );
}

#[test]
fn a_stopped_job_can_be_debugged_too() {
    check_shell(
        &[
            "ready = shared(0);",
            "fn waits(n) { let x = n * 2; ready.set(1); sleep(1000) }",
            "jobs.new(waits, 4); ready.wait(|v| v == 1);",
            "debug 0",
            "kill 0",
            "debug 0",
            "x",
            "kill 0",
            "where 0",
            "quit",
        ],
        expect![[r#"
            > ready = shared(0);
            > fn waits(n) { let x = n * 2; ready.set(1); sleep(1000) }
            > jobs.new(waits, 4); ready.wait(|v| v == 1);
            > debug 0
            ! Job #0 has not ended; stop it (kill 0) or wait for it (wait 0) first
            > kill 0
            Job #0 stopped at line 1 of waits after _
            > debug 0
            Job #0 was stopped: killed at the prompt
              In[2], line 1, in waits
                fn waits(n) { let x = n * 2; ready.set(1); sleep(1000) }
                                                           ^
              n = 4
              x = 8
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > x
            8
            > kill 0
            Job #0 had stopped before
            > where 0
            Job #0 was stopped _ ago after _: killed at the prompt
            > quit
        "#]],
    );
}

#[test]
fn a_job_that_can_not_be_debugged_says_why() {
    check_shell(
        &[
            "jobs.new('42').join()",
            "debug 0",
            "debug 7",
            "debug --all",
            "debug all",
            "jobs.new(sleep, 'x').join()",
            "debug 1",
            "[jobs[0].frames, jobs[0].locals, jobs[1].frames, jobs[1].locals]",
            "help debug",
        ],
        expect![[r#"
            > jobs.new('42').join()
            > debug 0
            ! Job #0 completed, so there is nothing to debug; its value is jobs[0].result
            > debug 7
            ! Job #7 not found; the newest job is #0
            > debug --all
            ! debug has no option --all; see `help debug`
            > debug all
            ! Job #0 completed, so there is nothing to debug; its value is jobs[0].result
            > jobs.new(sleep, 'x').join()
            > debug 1
            ! Job #1 failed in no function of yours, so there are no names to examine; jobs.traceback(1) says why
            > [jobs[0].frames, jobs[0].locals, jobs[1].frames, jobs[1].locals]
            Out[8]: [[], (), [], ()]
            > help debug
            debug [3]
            Opens a prompt in the frame where a job died, or where the last line failed, with the names of that frame.
            There: up, down, frames (bt), locals, or any line, which changes nothing outside. quit or Ctrl-D leaves.
        "#]],
    );
}

#[test]
fn commands_and_jobs_that_never_ran_have_no_names() {
    check_shell(
        &[
            "jobs.sh('echo here; exit 3').join()",
            "debug 0",
            "j = jobs.start('1', [], #{after: 0}); j.join(); j.status",
            "debug 1",
            "j = jobs.start('1', [], #{delay: 1000}); j.stop(); j.join(); j.status",
            "debug 2",
            "j = jobs.sh('true', #{after: 0}); j.join(); j.status",
            "debug 3",
        ],
        expect![[r#"
            > jobs.sh('echo here; exit 3').join()
            > debug 0
            ! Job #0 is a command, so it has no names; `log 0` shows what it printed
            > j = jobs.start('1', [], #{after: 0}); j.join(); j.status
            Out[3]: "Dead (Exception), call jobs.traceback() for details"
            > debug 1
            ! Job #1 never ran, so it has no names; jobs.traceback(1) says why
            > j = jobs.start('1', [], #{delay: 1000}); j.stop(); j.join(); j.status
            Out[5]: "Dead (Stopped), call jobs.traceback() for details"
            > debug 2
            ! Job #2 never ran, so it has no names; jobs.traceback(2) says why
            > j = jobs.sh('true', #{after: 0}); j.join(); j.status
            Out[7]: "Dead (Exception), call jobs.traceback() for details"
            > debug 3
            ! Job #3 never ran, so it has no names; jobs.traceback(3) says why
        "#]],
    );
}

#[test]
fn the_debuggers_words_are_explained_and_take_no_arguments() {
    check_shell(
        &[
            "fn half(number) { number / 0 }",
            "half(7)",
            "debug",
            "help",
            "?",
            "help up",
            "help kill",
            "up 5",
            "down 1",
            "frames all",
            "bt 3",
            "locals number",
            "up = 5",
            "up + 1",
            "locals number",
        ],
        expect![[r#"
            > fn half(number) { number / 0 }
            > half(7)
            ! Traceback (most recent call last):
              In[2], line 1
                half(7)
                ^
              In[1], line 1, in half
                fn half(number) { number / 0 }
                                         ^
            Division by zero: 7 / 0
            > debug
            The line failed: Division by zero: 7 / 0
              In[1], line 1, in half
                fn half(number) { number / 0 }
                                         ^
              number = 7
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > help
            up           goes to the frame that called this one
            down         goes back to the frame that was called
            frames, bt   shows all frames, outermost first, with a > at this one
            locals       shows the names of this frame; a name alone shows its whole value
            any line     is evaluated with the names of this frame, and changes nothing outside
            quit         leaves, as Ctrl-D does
            The other commands work here too; `help kill` explains one.
            > ?
            up           goes to the frame that called this one
            down         goes back to the frame that was called
            frames, bt   shows all frames, outermost first, with a > at this one
            locals       shows the names of this frame; a name alone shows its whole value
            any line     is evaluated with the names of this frame, and changes nothing outside
            quit         leaves, as Ctrl-D does
            The other commands work here too; `help kill` explains one.
            > help up
            up           goes to the frame that called this one
            down         goes back to the frame that was called
            frames, bt   shows all frames, outermost first, with a > at this one
            locals       shows the names of this frame; a name alone shows its whole value
            any line     is evaluated with the names of this frame, and changes nothing outside
            quit         leaves, as Ctrl-D does
            The other commands work here too; `help kill` explains one.
            > help kill
            kill [3 5-7 running fit*]
            Asks jobs to stop, kills their processes if they don't, and says what happened to each.
            Jobs are given by number, by range, by state (running, queued, stopping, finished, done, failed,
            stopped, all), by group, by name, with * for any text, or by a variable that holds them.
            Without any, the newest that has not ended is meant.
            > up 5
            ! up takes no arguments; `help` shows what can be typed here
            > down 1
            ! down takes no arguments; `help` shows what can be typed here
            > frames all
            ! frames takes no arguments; `help` shows what can be typed here
            > bt 3
            ! bt takes no arguments; `help` shows what can be typed here
            > locals number
            ! locals takes no arguments; `help` shows what can be typed here
            > up = 5
            > up + 1
            6
            > locals number
            ! locals takes no arguments; `help` shows what can be typed here
        "#]],
    );
}

#[test]
fn only_the_newest_failures_can_be_debugged() {
    check_shell(
        &[
            "fn f(n) { n / 0 }",
            "for n in 0..21 { jobs.new(f, n).join() }",
            "debug 0",
            "debug 1",
            "n",
            "quit",
            "jobs[0].frames.len()",
            "jobs.flush()",
            "debug 1",
        ],
        expect![[r#"
            > fn f(n) { n / 0 }
            > for n in 0..21 { jobs.new(f, n).join() }
            > debug 0
            ! the names of job #0 were dropped: only the newest 20 dead jobs keep theirs; jobs.traceback(0) is still there
            > debug 1
            Job #1 failed: Division by zero: 1 / 0
              In[1], line 1, in f
                fn f(n) { n / 0 }
                            ^
              n = 1
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > n
            1
            > quit
            > jobs[0].frames.len()
            Out[5]: 1
            > jobs.flush()
            Flushing 21 Dead jobs.
            > debug 1
            ! Job #1 not found; it was removed or flushed
        "#]],
    );
}

#[test]
fn a_value_that_is_too_large_is_not_captured_and_hides_the_name() {
    check_shell(
        &[
            "big = 5;",
            "fn f(n) { let big = []; big.pad(1200000, 0); n / 0 }",
            "jobs.new(f, 1).join()",
            "debug 0",
            "big",
            "n",
            "quit",
        ],
        expect![[r#"
            > big = 5;
            > fn f(n) { let big = []; big.pad(1200000, 0); n / 0 }
            > jobs.new(f, 1).join()
            > debug 0
            Job #0 failed: Division by zero: 1 / 0
              In[2], line 1, in f
                fn f(n) { let big = []; big.pad(1200000, 0); n / 0 }
                                                               ^
              big = (too large to capture)
              n = 1
            up, down, frames, locals, or any line with these names; quit or Ctrl-D leaves.
            > big
            ! Traceback (most recent call last):
              debug[1], line 1
                big
                ^
            Variable not found: big
            > n
            1
            > quit
        "#]],
    );
}

#[test]
fn both_ends_of_a_deep_recursion_are_captured() {
    check(
        &[
            "fn deep(n) { if n == 0 { throw 'bottom' } let left = n - 1; deep(left) }",
            "j = jobs.new(deep, 100); j.join();",
            "[j.frames.len(), j.frames[0].locals, j.frames[23].locals, j.locals]",
        ],
        expect![[r#"
            > fn deep(n) { if n == 0 { throw 'bottom' } let left = n - 1; deep(left) }
            > j = jobs.new(deep, 100); j.join();
            > [j.frames.len(), j.frames[0].locals, j.frames[23].locals, j.locals]
            [24, #{left: 99, n: 100}, #{n: 0}, #{n: 0}]
        "#]],
    );
}

#[test]
fn the_debugger_has_its_own_prompt_which_ctrl_d_leaves() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("fn half(number) { 1 / number }\r");
    terminal.see("In [2]:");
    terminal.type_keys("half(0)\r");
    terminal.see("In [3]:");
    terminal.type_keys("debug\r");
    terminal.see("quit or Ctrl-D leaves.\ndebug half>");
    terminal.type_keys("num\t + 41\r");
    terminal.see("number + 41\n41\ndebug half>");
    terminal.type_keys("\u{4}");
    terminal.see("\nIn [4]:");
    terminal.type_keys("1 + 1\r");
    terminal.see("Out[4]: 2");
}
