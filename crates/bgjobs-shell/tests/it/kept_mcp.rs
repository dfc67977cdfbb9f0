//! `bgjobs mcp`: kept jobs for agents.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use expect_test::expect;
use serde_json::{Value as Json, json};

use crate::kept::Home;

/// An agent, with a server of its own.
struct Agent {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Agent {
    fn new(home: &Home) -> Self {
        let mut server = home.command(&["mcp"]);
        let mut server = server.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
        Self { server, input, output }
    }

    fn send(&mut self, line: &[u8]) {
        self.input.write_all(&[line, b"\n"].concat()).unwrap();
    }

    fn receive(&mut self) -> Json {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn request(&mut self, id: u32, method: &str, parameters: &Json) {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters});
        self.send(message.to_string().as_bytes());
    }

    fn ask(&mut self, method: &str, parameters: &Json) -> Json {
        self.request(1, method, parameters);
        let answer = self.receive();
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(1)), "{answer}");
        answer["result"].clone()
    }

    /// The texts that a tool answers.
    fn texts(&mut self, tool: &str, arguments: &Json) -> Vec<String> {
        let answer = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
        assert_eq!(answer["isError"], false, "{answer}");
        texts(&answer)
    }

    fn call(&mut self, tool: &str, arguments: &Json) -> String {
        self.texts(tool, arguments).join("\n")
    }

    /// Starts a line of the system's shell, waits until it has ended, and returns its number.
    fn done(&mut self, line: &str) -> String {
        let id = self.call("start", &json!({"command": line})).split(' ').next().unwrap().to_owned();
        self.call("wait", &json!({"job": id}));
        id
    }

    /// A portion of a log, and the next cursor.
    fn tail(&mut self, job: &str, cursor: &str) -> (String, String) {
        let [text, remarks] = self.texts("tail", &json!({"job": job, "cursor": cursor})).try_into().unwrap();
        let next = remarks.strip_prefix("[next cursor: ").and_then(|rest| rest.split_once(';'));
        (text, next.unwrap().0.to_owned())
    }
}

fn texts(answer: &Json) -> Vec<String> {
    let content = answer["content"].as_array().unwrap();
    content.iter().map(|part| part["text"].as_str().unwrap().to_owned()).collect()
}

/// A text without the times in it.
fn timeless(text: &str) -> String {
    let is_time = |word: &&str| word.len() > 1 && word.ends_with('s') && word[..word.len() - 1].parse::<f64>().is_ok();
    let line = |line: &str| {
        let words = line.split_whitespace().map(|word| if is_time(&word) { "TIME" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_agent_gets_the_version_that_it_asks_for_if_it_is_known() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    for (asked, version) in [
        (json!("2025-11-25"), "2025-11-25"),
        (json!("2024-11-05"), "2024-11-05"),
        (json!("1999-01-01"), "2025-11-25"),
        (json!(null), "2025-11-25"),
    ] {
        let answer = agent.ask("initialize", &json!({"protocolVersion": asked, "capabilities": {}}));
        assert_eq!(answer["protocolVersion"], version);
        assert_eq!((&answer["serverInfo"]["name"], &answer["capabilities"]), (&json!("bgjobs"), &json!({"tools": {}})));
        agent.send(br#"{"jsonrpc": "2.0", "method": "notifications/initialized"}"#);
        assert_eq!(agent.ask("ping", &json!({})), json!({}));
    }
}

#[test]
fn each_tool_says_what_it_takes() {
    let home = Home::new();
    let tools = Agent::new(&home).ask("tools/list", &json!({}))["tools"].clone();
    let line = |tool: &Json| {
        let schema = &tool["inputSchema"];
        let arguments: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        let reads = if tool["annotations"]["readOnlyHint"] == true { ", reads" } else { "" };
        assert!(!tool["description"].as_str().unwrap().is_empty() && schema["additionalProperties"] == false);
        let needed = &schema["required"];
        format!("{} {} of {}{reads}", tool["name"].as_str().unwrap(), needed, arguments.join(" "))
    };
    let lines: Vec<_> = tools.as_array().unwrap().iter().map(line).collect();
    expect![[r#"
        start ["command"] of command dir key name time_limit
        list [] of all, reads
        wait ["job"] of job seconds, reads
        tail ["job"] of cursor job, reads
        result ["job"] of job, reads
        stop ["job"] of job"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn an_agent_starts_a_job_looks_at_it_and_stops_it() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    let calls = [
        ("list", json!({})),
        ("start", json!({"command": "echo one; exit 3", "dir": "/", "name": "short"})),
        ("wait", json!({"job": "k1", "seconds": 50})),
        ("tail", json!({"job": "1"})),
        ("start", json!({"command": ["sleep", "1000"], "key": "night", "time_limit": "1h"})),
        ("start", json!({"command": ["sleep", "1000"], "key": "night"})),
        ("wait", json!({"job": "k2", "seconds": 0})),
        ("stop", json!({"job": "k2"})),
        ("list", json!({"all": true})),
    ];
    let mut seen = Vec::new();
    for (tool, arguments) in calls {
        let text = agent.call(tool, &arguments);
        // A job that has just been started may have any state.
        let text = if tool == "start" { text.split(' ').next().unwrap_or_default() } else { &*text };
        seen.push(format!("> {tool} {arguments}\n{}", timeless(text)));
    }
    expect![[r#"
        > list {}
        No kept jobs
        > start {"command":"echo one; exit 3","dir":"/","name":"short"}
        k1
        > wait {"job":"k1","seconds":50}
        k1 exit status 3, after TIME short
        > tail {"job":"1"}
        one

        [next cursor: CURSOR; this is all so far]
        k1 exit status 3, after TIME short
        > start {"command":["sleep","1000"],"key":"night","time_limit":"1h"}
        k2
        > start {"command":["sleep","1000"],"key":"night"}
        k2
        > wait {"job":"k2","seconds":0}
        k2 running for TIME sleep 1000
        > stop {"job":"k2"}
        k2 stopped: bgjobs mcp, after TIME sleep 1000
        > list {"all":true}
        k1 exit status 3, after TIME short
        k2 stopped: bgjobs mcp, after TIME sleep 1000"#]]
    .assert_eq(&seen.join("\n").replace(&cursor_of(&mut agent, "k1"), "CURSOR"));
    let result = agent.call("result", &json!({"job": "k1"}));
    assert!(result.starts_with("k1 short\nexit status 3, after ") && result.contains(" in /\n"), "{result}");
}

/// Where the log of a job ends.
fn cursor_of(agent: &mut Agent, job: &str) -> String {
    agent.tail(job, "0").1
}

#[test]
fn what_can_not_be_done_is_an_error_that_says_why_and_the_server_goes_on() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    let call = |tool: &str, arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        )
    };
    let lines = [
        "{".to_owned(),
        "[".repeat(100_000),
        "[]".to_owned(),
        r#"{"id":1,"method":"ping"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#.to_owned(),
        call("rm", "{}"),
        call("list", "[]"),
        call("wait", "{}"),
        call("wait", r#"{"job":"k9"}"#),
        call("wait", r#"{"job":"last"}"#),
        call("wait", r#"{"job":"k9","seconds":51}"#),
        call("wait", r#"{"job":"k9","seconds":-1}"#),
        call("start", r#"{"command":[]}"#),
        call("start", r#"{"command":[1]}"#),
        call("start", r#"{"command":"true","timeout":"1h"}"#),
        call("start", r#"{"command":"true","time_limit":"soon"}"#),
        call("start", r#"{"command":"true","key":""}"#),
        call("start", r#"{"command":"true","dir":"/no/such"}"#),
        call("tail", r#"{"job":"k9","cursor":"end"}"#),
        call("list", r#"{"all":"yes"}"#),
    ];
    let mut seen = Vec::new();
    for line in lines {
        agent.send(line.as_bytes());
        let answer = agent.receive();
        let said = match answer.get("error") {
            Some(error) => format!("{} {}", error["code"], error["message"].as_str().unwrap()),
            None => texts(&answer["result"]).join("\n"),
        };
        assert_ne!(answer["result"]["isError"], false, "{answer}");
        seen.push(format!("{} {said}", answer["id"]));
    }
    agent.send(b"\xff\xfe");
    seen.push(agent.receive()["error"]["code"].to_string());
    // Neither is answered.
    agent.send(b"");
    agent.send(br#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
    seen.push(agent.ask("ping", &json!({})).to_string());
    expect![[r#"
        null -32700 this is no JSON: EOF while parsing an object at line 2 column 0
        null -32700 this is no JSON: recursion limit exceeded at line 1 column 128
        null -32600 a message is an object; batches are not supported
        null -32600 `jsonrpc` is not "2.0"
        null -32600 `id` is neither a number nor a text
        null -32600 `method` is no text
        1 -32601 there is no method `resources/list`
        1 -32602 `name` is no text: which tool?
        "x" -32602 there is no tool `rm`: tools/list lists them
        "x" -32602 `arguments` is no object
        "x" wait needs `job`
        "x" there is no kept job k9: list shows all
        "x" `last` is no kept job: write k12, for example
        "x" `seconds` is 51: it takes a number from 0 to 50; a longer wait is several
        "x" `seconds` is -1: it takes a number from 0 to 50; a longer wait is several
        "x" a kept job needs a command
        "x" `command` is [1]: it takes a text or a list of texts
        "x" start has no `timeout`: it takes command, key, time_limit, name, dir
        "x" `soon` is no time: write 30s, 5m or 1h30m
        "x" the key `` has 0 bytes: a key has 1 to 80
        "x" can't run in `/no/such`: No such file or directory (os error 2)
        "x" `end` is no cursor: take one that tail said, or 0
        "x" `all` is "yes": it takes true or false
        -32700
        {}"#]]
    .assert_eq(&seen.join("\n"));
    assert!(home.jobs().all().unwrap().is_empty());
}

#[test]
fn no_argument_of_any_kind_ends_the_server() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    let odd = json!([
        null,
        true,
        -1,
        1e308,
        "",
        "\0",
        "\u{1b}[2J",
        ["\u{9b}2J", 1],
        "9+",
        "k18446744073709551616",
        [],
        [null],
        {},
        ["\0"]
    ]);
    let tools = agent.ask("tools/list", &json!(null))["tools"].clone();
    for tool in tools.as_array().unwrap() {
        for name in tool["inputSchema"]["properties"].as_object().unwrap().keys() {
            for value in odd.as_array().unwrap() {
                let first = &tool["inputSchema"]["required"][0];
                let mut arguments = if first == "command" { json!({"command": ["true"]}) } else { json!({}) };
                if first == "job" {
                    arguments["job"] = "k999".into();
                }
                arguments[name] = value.clone();
                let answer = agent.ask("tools/call", &json!({"name": tool["name"], "arguments": arguments}));
                let text = texts(&answer).concat();
                assert!(!text.is_empty() && !text.contains(['\0', '\u{1b}', '\u{9b}']), "{arguments}: {text:?}");
                // What is null is left out, as many agents write it.
                let is_fine = value.is_null() && first != name && first != "job";
                assert!(!is_fine || answer["isError"] == false, "{arguments}: {text}");
            }
        }
    }
}

#[test]
fn control_codes_do_not_reach_an_agent() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    let id = agent.done(r"printf '\033[31mred\033[0m \033[2J\033]0;title\007a\tb\007\r\n45%%\r46%%\r\n\342\200\256x'");
    let (text, _) = agent.tail(&id, "0");
    assert_eq!(text, "red a\tb\\u{7}\n45%\n46%\n\\u{202e}x");
}

#[test]
fn a_portion_has_8000_characters_at_most_and_the_next_goes_on() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    // Its pieces in the log are longer and shorter than a portion.
    let id = agent.done("printf 'é%.0s' $(seq 30000); for n in $(seq 3000); do echo $n; done; printf end");
    let lines: String = (1..=3000).flat_map(|n| [n.to_string(), "\n".to_owned()]).collect();
    let printed = format!("{}{lines}end", "é".repeat(30_000));
    let (mut cursor, mut whole, mut lengths) = ("0".to_owned(), String::new(), Vec::new());
    loop {
        let (text, next) = agent.tail(&id, &cursor);
        if text.is_empty() {
            assert_eq!(next, cursor);
            break;
        }
        lengths.push(text.chars().count());
        whole += &text;
        cursor = next;
    }
    assert!(whole == printed);
    assert_eq!(lengths, [8000, 8000, 8000, 8000, 8000, 3896]);
    let newest = agent.texts("tail", &json!({"job": id}));
    assert!(newest[0].chars().count() == 8000 && printed.ends_with(&newest[0]));
    assert!(newest[1].contains(&format!("[next cursor: {cursor}; this is all so far]")), "{}", newest[1]);
    assert!(newest[1].starts_with("[what came before is left out: it begins at cursor 0"), "{}", newest[1]);
}

#[test]
fn a_command_of_any_length_makes_no_long_answer() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    let id = agent.done(&format!("true {}", "x".repeat(10_000)));
    for (tool, arguments, most) in [
        ("list", json!({}), 201),
        ("wait", json!({"job": id}), 2_001),
        ("result", json!({"job": id}), 2_001),
        ("tail", json!({"job": id}), 300),
    ] {
        let length = agent.call(tool, &arguments).chars().count();
        assert!((100..=most).contains(&length), "{tool}: {length}");
    }
}

#[test]
fn what_was_dropped_of_a_log_is_told() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    let id = agent.done("echo one");
    let folder = home.jobs().get(id.parse().unwrap()).unwrap().folder();
    fs::remove_file(folder.join("log/0")).unwrap();
    let (text, next) = agent.tail(&id, "0");
    assert_eq!(text, format!("[{next} B of the log were dropped here]\n"));
    assert_eq!(agent.tail(&id, &next), (String::new(), next));
}

#[test]
fn others_are_answered_during_a_wait() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    agent.call("start", &json!({"command": ["sleep", "1000"]}));
    agent.request(7, "tools/call", &json!({"name": "wait", "arguments": {"job": "k1"}}));
    assert_eq!(agent.ask("ping", &json!({})), json!({}));
    agent.request(8, "tools/call", &json!({"name": "stop", "arguments": {"job": "k1"}}));
    let mut answers = [agent.receive(), agent.receive()];
    answers.sort_by_key(|answer| answer["id"].as_u64());
    for (answer, id) in answers.iter().zip([7, 8]) {
        assert_eq!(answer["id"], id);
        assert!(texts(&answer["result"])[0].contains("stopped: bgjobs mcp"), "{answer}");
    }
}

#[test]
fn the_end_of_its_input_ends_the_server_and_leaves_jobs_alone() {
    let home = Home::new();
    let mut agent = Agent::new(&home);
    agent.call("start", &json!({"command": ["sleep", "1000"]}));
    agent.request(7, "tools/call", &json!({"name": "wait", "arguments": {"job": "k1"}}));
    let Agent { mut server, input, mut output } = agent;
    drop(input);
    let mut answer = String::new();
    output.read_line(&mut answer).unwrap();
    assert!(answer.contains("running for"), "{answer}");
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert!(!home.jobs().all().unwrap()[0].state().unwrap().is_over());
    let answer = home.run(&["mcp", "now"]);
    assert!(answer.code() == Some(2) && answer.err().starts_with("bgjobs mcp: unexpected argument \"now\""));
}
