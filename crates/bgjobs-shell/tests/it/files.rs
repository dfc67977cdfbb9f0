//! Files that the binary evaluates.

use std::process::Command;

use expect_test::expect;

use crate::binary::{Script, check};

#[test]
fn a_byte_order_mark_is_ignored() {
    check(
        &[],
        "\u{feff}jobs\n1 + 1\n",
        expect![[r#"
        exit 0
        -- out
        Out[2]: 2
        -- err
    "#]],
    );
    let path = std::env::temp_dir().join(format!("bgjobs-shell-mark-{}", std::process::id()));
    std::fs::write(&path, "\u{feff}#!/usr/bin/env bgjobs\nprint(1 + 1);\n").expect("the directory can be written");
    let run = Command::new(env!("CARGO_BIN_EXE_bgjobs")).arg(&path).output().expect("the shell was built");
    std::fs::remove_file(&path).expect("it was just made");
    assert_eq!((String::from_utf8_lossy(&run.stdout).as_ref(), run.status.code()), ("2\n", Some(0)));
}

#[test]
fn a_file_can_begin_with_a_shebang() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-script-{}", std::process::id()));
    std::fs::write(&path, "#!/usr/bin/env bgjobs\nprint(1 + 1);\n").expect("the directory can be written");
    let run = Command::new(env!("CARGO_BIN_EXE_bgjobs")).arg(&path).output().expect("the shell was built");
    std::fs::remove_file(&path).expect("it was just made");
    assert_eq!((String::from_utf8_lossy(&run.stdout).as_ref(), run.status.code()), ("2\n", Some(0)));
}

#[test]
fn a_file_takes_the_lines_of_a_prompt() {
    let script = Script::new(
        "prompt",
        "// a comment\nfn slow(n) {\n    n * 2\n}\nx = [1, 2]\n    .map(|n| n + 1)\n!echo from the system\nslow(21) &\nwait\nprint(x)\n\
         jobs[0].result\nprint(jobs[0].result)\ncd /\n!pwd\n!true &\nfg 0\n",
    );
    check(
        &[script.path()],
        "",
        expect![[r#"
            exit 0
            -- out
            from the system
            [2, 3]
            42
            /
            42
            -- err
        "#]],
    );
}

#[test]
fn a_line_that_fails_ends_a_file_and_shows_its_place() {
    let script = Script::new("fails", "!true\n\nfn f() {\n  1 / 0\n}\nf()\nprint('never')\n");
    check(
        &[script.path()],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          FILE, line 6
            f()
            ^
          FILE, line 4, in f
            1 / 0
              ^
        Division by zero: 1 / 0
    "#]],
    );
    let script = Script::new("command", "!exit 3\nprint('never')\n");
    check(
        &[script.path()],
        "",
        expect![[r#"
        exit 3
        -- out
        -- err
        FILE, line 1: exit status 3
    "#]],
    );
}
