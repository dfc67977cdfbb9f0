//! A text on the command line, and the options beside it.

use std::process::Command;

use expect_test::expect;

use crate::binary::check;

#[test]
fn a_text_on_the_command_line_is_evaluated() {
    check(
        &["-c", "6 * 7"],
        "",
        expect![[r#"
        exit 0
        -- out
        42
        -- err
    "#]],
    );
    check(
        &["-c", "6 *"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          -c, line 1
            6 *
               ^
        Syntax error: Script is incomplete
    "#]],
    );
    check(
        &["--wrong"],
        "",
        expect![[r#"
            exit 2
            -- out
            -- err
            bgjobs: invalid option '--wrong'

            Usage: bgjobs [FILE [ARGUMENT]... | [--json] -c TEXT]
                   bgjobs start | ps | wait | log | result | stop | rm | sweep | mcp

            A prompt whose every line can run in the background. Without arguments it reads lines
            from the terminal, after those of ~/.config/bgjobs/init.rhai, or from a pipe as if they
            were typed. `help` at the prompt says more.

              FILE         evaluates a file, which takes what the prompt takes; `args` holds the arguments
              -c TEXT      evaluates a text as a line at the prompt, and shows its value
              --json       with -c, shows the value as JSON, a job with everything known about it
              --help       shows this
              --version    shows the version

            On Linux, `bgjobs start -- make -j2` starts a command that goes on without this terminal,
            and the other words look at such jobs or end them: `bgjobs wait --help` says more.
            `bgjobs mcp` lets agents do so. A file of such a name is run as `bgjobs ./start`.
        "#]],
    );
}

#[test]
fn the_json_option_shows_the_value_as_json() {
    check(
        &["--json", "-c", "#{b: [1, 2.5, ()], a: 'x'}"],
        "",
        expect![[r#"
        exit 0
        -- out
        {"a":"x","b":[1,2.5,null]}
        -- err
    "#]],
    );
    check(
        &["-c", "x = 1;", "--json"],
        "",
        expect![[r#"
        exit 0
        -- out
        null
        -- err
    "#]],
    );
    check(
        &["--json", "-c", "1 / 0"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        Traceback (most recent call last):
          -c, line 1
            1 / 0
              ^
        Division by zero: 1 / 0
    "#]],
    );
    check(
        &["--json", "-c", "|x| x"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        JSON has no values of type function
    "#]],
    );
    check(
        &["--json", "-c", "jobs"],
        "",
        expect![[r#"
        exit 0
        -- out
        []
        -- err
    "#]],
    );
    check(
        &["--json", "-c", "wait 1"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        `wait 1` is a command, and has no value to show as JSON
    "#]],
    );
    check(
        &["--json", "-c", "j = jobs.new('1 / 0'); j.join(); parse_json(to_json(jobs.dead))[0].failure.message"],
        "",
        expect![[r#"
            exit 1
            -- out
            "Division by zero: 1 / 0"
            -- err
            Traceback for: <BackgroundJob #0: 1 / 0>
            Traceback (most recent call last):
              jobs[0], line 1
                1 / 0
                  ^
            Division by zero: 1 / 0
        "#]],
    );
    for wrong in [&["--json"][..], &["--json", "file"], &["-c", "1", "-c", "2"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_bgjobs")).args(wrong).output().expect("the shell was built");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_text_on_the_command_line_is_a_line_at_the_prompt() {
    check(
        &["-c", "6 * 7 &"],
        "",
        expect![[r#"
            exit 0
            -- out
            <BackgroundJob #0: 6 * 7>
            -- err
        "#]],
    );
    check(
        &["-c", "6 * 7;"],
        "",
        expect![[r#"
        exit 0
        -- out
        -- err
    "#]],
    );
    check(
        &["-c", "kill 3"],
        "",
        expect![[r#"
        exit 1
        -- out
        -- err
        Job #3 not found; no job was started yet
    "#]],
    );
    check(
        &["-c", "?env"],
        "",
        expect![[r#"
            exit 0
            -- out
            fn env(name)
                The value of an environment variable, or `()` if it is not set.
            -- err
        "#]],
    );
}
