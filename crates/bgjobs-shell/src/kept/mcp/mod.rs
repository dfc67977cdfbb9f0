//! `bgjobs mcp`: kept jobs for agents, by the Model Context Protocol on standard input and output.
//!
//! Knows nothing of what a tool does. It holds no state: each request is answered by the folder of kept jobs.

mod calls;
mod message;
mod tail;
mod tools;

use std::{
    io::{self, BufRead},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use bgjobs::{Stream, one_line};
use lexopt::Parser;
use serde_json::{Value as Json, json};

use self::message::{INTERNAL, INVALID_PARAMETERS, NO_METHOD, Refusal, Request};
use crate::batch;
use bgjobs_cli::word::Trouble;

pub(super) const USAGE: &str = "\
Usage: bgjobs mcp

Lets an agent start jobs that outlive it, wait for them, read what they print and stop
them: a server of the Model Context Protocol on standard input and output. It ends with
its input; the jobs go on. An agent starts it by itself, configured so:

  {\"mcpServers\": {\"bgjobs\": {\"command\": \"bgjobs\", \"args\": [\"mcp\"]}}}";

/// The versions of the protocol, the newest first. What they differ in does not concern tools, but for batches of requests,
/// which only 2025-03-26 has; they are refused.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// What an agent is told of the whole.
const INSTRUCTIONS: &str = "Runs commands that outlive this session. Start a job, then wait for it in portions, or read \
    what it prints with tail. A start with a key can be repeated safely: it starts one job.";

pub(super) fn mcp(mut parser: Parser) -> Result<u8, Trouble> {
    if let Some(argument) = parser.next()? {
        return Err(argument.unexpected().into());
    }
    serve(io::stdin().lock()).map_err(|error| Trouble::Refused(format!("can't read the input: {error}")))?;
    Ok(0)
}

/// Answers requests, one a line, until the input ends. Those that take time are answered beside the others.
fn serve(mut input: impl BufRead) -> io::Result<()> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let served = loop {
            let mut line = Vec::new();
            match input.read_until(b'\n', &mut line) {
                Ok(0) => break Ok(()),
                Ok(_) if line.trim_ascii().is_empty() => continue,
                Ok(_) => {}
                Err(error) => break Err(error),
            }
            match message::read(&line) {
                Ok(None) => {}
                Ok(Some(request)) if tools::takes_time(&request) => {
                    let id = request.id.clone();
                    let is_over = &is_over;
                    let thread = thread::Builder::new().spawn_scoped(scope, move || reply(&request, is_over));
                    if let Err(error) = thread {
                        send(&Refusal::new(INTERNAL, format!("there is no thread for this: {error}")).reply(&id));
                    }
                }
                Ok(Some(request)) => reply(&request, &is_over),
                Err(refusal) => send(&refusal.reply(&Json::Null)),
            }
        };
        is_over.store(true, Ordering::Relaxed);
        served
    })
}

fn reply(request: &Request, is_over: &AtomicBool) {
    send(&match answer(request, is_over) {
        Ok(result) => json!({"jsonrpc": "2.0", "id": request.id, "result": result}),
        Err(refusal) => refusal.reply(&request.id),
    });
}

fn send(message: &Json) {
    batch::write(Stream::Out, &message.to_string());
}

fn answer(request: &Request, is_over: &AtomicBool) -> Result<Json, Refusal> {
    match &*request.method {
        "initialize" => {
            let asked = &request.parameters["protocolVersion"];
            let version = VERSIONS.into_iter().find(|version| asked == version).unwrap_or(VERSIONS[0]);
            Ok(json!({
                "protocolVersion": version,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "bgjobs", "version": env!("CARGO_PKG_VERSION")},
                "instructions": INSTRUCTIONS,
            }))
        }
        "ping" => Ok(json!({})),
        "tools/list" => Ok(json!({"tools": tools::described()})),
        "tools/call" => {
            let said = tools::call(&request.parameters, is_over);
            let said = said.map_err(|message| Refusal::new(INVALID_PARAMETERS, message))?;
            // What an agent can do better is no error of the protocol.
            let (is_error, texts) = said.map_or_else(|error| (true, vec![error]), |texts| (false, texts));
            let content: Vec<_> = texts.into_iter().map(|text| json!({"type": "text", "text": text})).collect();
            Ok(json!({"content": content, "isError": is_error}))
        }
        method => Err(Refusal::new(NO_METHOD, format!("there is no method `{}`", one_line(method)))),
    }
}
