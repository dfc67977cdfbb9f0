//! A web service: each request that takes long becomes a job, and the other requests look at it, await it or stop it.
//!
//! `cargo run --example service` prints its address, and serves until the end of its input. For example:
//! `curl -X POST -d 1000 ADDRESS/jobs`, `curl ADDRESS/jobs`, `curl ADDRESS/jobs/0`, `curl -X DELETE ADDRESS/jobs/0`.

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::{error::Error, io, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use bgjobs::{AnyJob, Context, Handle, JobManager};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};

/// What a request gets, or why it does not.
type Answer<T> = Result<T, (StatusCode, String)>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    // Reading blocks, so it is a job too: one that is in no list, and that nothing waits for.
    let jobs = JobManager::new();
    let input =
        jobs.named("the input").daemon().unlisted().try_spawn(|| io::copy(&mut io::stdin(), &mut io::sink()))?;
    Ok(serve(listener, jobs, async { drop(input.await) }).await?)
}

/// Serves until `end`, then stops the jobs.
pub(crate) async fn serve(
    listener: TcpListener,
    jobs: JobManager,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = Router::new()
        .route("/jobs", post(start).get(list))
        .route("/jobs/{id}", get(result).delete(stop))
        .with_state(jobs.handle());
    let stopped = async move {
        end.await;
        // From here on no job starts, and daemons are asked to stop; so requests that await one are answered.
        jobs.shutdown_async().await.expect("no job runs this");
        jobs.wait_all_async().await;
    };
    axum::serve(listener, app).with_graceful_shutdown(stopped).await
}

/// Starts to count the primes below the number in the request.
async fn start(State(jobs): State<Handle>, limit: String) -> Answer<(StatusCode, Json<Value>)> {
    let limit: u64 = limit.trim().parse().map_err(|error| (StatusCode::BAD_REQUEST, format!("{limit:?}: {error}")))?;
    let count = move |job: &Context| {
        let mut primes = 0;
        for n in 2..limit {
            job.check()?;
            job.progress(n, limit);
            primes += u64::from((2..n).take_while(|d| d * d <= n).all(|d| n % d > 0));
        }
        Ok(primes)
    };
    let job = jobs.named(format!("primes below {limit}")).daemon().spawn_with(count);
    let job = job.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    Ok((StatusCode::CREATED, Json(shown(&job))))
}

async fn list(State(jobs): State<Handle>) -> Json<Value> {
    Json(jobs.all().iter().map(shown).collect())
}

/// Awaits the job, without a thread that waits.
async fn result(State(jobs): State<Handle>, Path(id): Path<u64>) -> Answer<String> {
    let job =
        found(&jobs, id)?.downcast::<u64>().map_err(|_| (StatusCode::NOT_FOUND, format!("#{id} has no number")))?;
    let primes = job.await.map_err(|error| (StatusCode::GONE, format!("{error:#}")))?;
    Ok(primes.to_string())
}

async fn stop(State(jobs): State<Handle>, Path(id): Path<u64>) -> Answer<(StatusCode, String)> {
    let job = found(&jobs, id)?;
    let verdict = timeout(Duration::from_secs(5), job.stop_async("stopped by a request")).await;
    Ok(verdict
        .map_or((StatusCode::ACCEPTED, "asked to stop".to_owned()), |verdict| (StatusCode::OK, verdict.to_string())))
}

fn found(jobs: &Handle, id: u64) -> Answer<AnyJob> {
    jobs.get(id).map_err(|error| (StatusCode::NOT_FOUND, format!("{error:#}")))
}

fn shown(job: &AnyJob) -> Value {
    json!({ "id": job.id().get(), "name": job.name().to_string(), "status": job.status() })
}
