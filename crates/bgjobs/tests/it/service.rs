//! The web service among the examples, asked over the loopback.

#[path = "../../examples/service.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod example;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use bgjobs::{AnyJob, JobManager, Outcome, State};

use crate::gate::{GUARD, in_time, wait_until};

/// The status and the body of the answer to a request.
fn ask(server: SocketAddr, request: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(GUARD)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Runs the service while `client` asks it; then ends it, waits until it has ended, and returns the jobs that ended.
fn with_service(client: impl FnOnce(SocketAddr)) -> Vec<AnyJob> {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let server = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            example::serve(listener, jobs, async { drop(ended.await) }).await
        })
    };
    let server = thread::spawn(move || in_time("serving", server));
    client(address);
    drop(end);
    server.join().unwrap().unwrap();
    notices.look()
}

#[test]
fn a_service_starts_lists_awaits_and_stops_jobs() {
    with_service(|server| {
        let (status, job) = ask(server, "POST /jobs", "100");
        assert!(status == 201 && job.contains(r#""id":0"#) && job.contains(r#""name":"primes below 100""#), "{job}");
        assert_eq!(ask(server, "GET /jobs/0", ""), (200, "25".to_owned()));

        let long = u64::MAX.to_string();
        assert_eq!(ask(server, "POST /jobs", &long).0, 201);
        let waiting = thread::spawn(move || ask(server, "GET /jobs/1", ""));
        // The answer to a start may come before a thread has picked up the job.
        wait_until("one job is listed as completed and one as running", || {
            let (status, list) = ask(server, "GET /jobs", "");
            status == 200
                && ["Completed", "Running"].iter().all(|state| list.contains(&format!(r#""status":"{state}""#)))
        });
        let (status, verdict) = ask(server, "DELETE /jobs/1", "");
        assert!(status == 200 && verdict.starts_with("stopped "), "{verdict}");
        assert_eq!(
            waiting.join().unwrap(),
            (410, "job #1 `primes below 18446744073709551615` was stopped: stopped by a request".to_owned())
        );

        assert_eq!(ask(server, "GET /jobs/7", "").0, 404);
        assert_eq!(ask(server, "POST /jobs", "many").0, 400);
    });
}

#[test]
fn a_service_that_ends_stops_its_jobs_first() {
    let ended = with_service(|server| assert_eq!(ask(server, "POST /jobs", &u64::MAX.to_string()).0, 201));
    assert_eq!(ended.iter().map(AnyJob::state).collect::<Vec<_>>(), [State::Finished(Outcome::Stopped)]);
}
