//! A pipeline: two loads, a mean after both, a report after the mean, and a step that tidies up, however it went.
//!
//! `cargo run --example pipeline` runs it three times: to its end, with a panic in the middle, and stopped.

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::{error::Error, time::Duration};

use bgjobs::{After, Context, Failure, Handle, Job, JobManager};

/// How a table is loaded.
pub(crate) type Load = fn(&Context) -> Result<Vec<f64>, Failure>;

/// The pipeline's jobs.
pub(crate) struct Pipeline {
    pub(crate) prices: Job<Vec<f64>>,
    pub(crate) amounts: Job<Vec<f64>>,
    pub(crate) mean: Job<f64>,
    pub(crate) report: Job<String>,
    pub(crate) tidy: Job<()>,
}

/// Starts all steps; each waits for those that it follows.
pub(crate) fn start(jobs: &Handle, prices: Load, amounts: Load) -> Result<Pipeline, Box<dyn Error>> {
    // One download at a time.
    let net = jobs.group("net");
    net.set_limit(1)?;
    let prices = net.named("prices").retry(3).spawn_with(prices)?;
    let amounts = net.named("amounts").retry(3).spawn_with(amounts)?;

    let minute = Duration::from_secs(60);
    let (values, weights) = (prices.clone(), amounts.clone());
    let mean = jobs.named("mean").after(&prices).after(&amounts).time_limit(minute);
    let mean = mean.spawn_with(move |_| Ok(weighted_mean(values.join()?, weights.join()?)))?;

    let result = mean.clone();
    let report = jobs.named("report").after(&mean);
    let report = report.spawn_with(move |_| Ok(format!("The mean price is {:.2}.", result.join()?)))?;
    // The steps before it need not succeed.
    let tidy = jobs.named("tidy").after(After::ended(&report)).spawn(|| { /* remove the downloads */ })?;
    Ok(Pipeline { prices, amounts, mean, report, tidy })
}

fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    assert_eq!(values.len(), weights.len(), "each price needs an amount");
    let total: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
    total / weights.iter().sum::<f64>()
}

fn main() -> Result<(), Box<dyn Error>> {
    let jobs = JobManager::new();
    let good = start(&jobs, |_| Ok(vec![2.0, 4.0]), |_| Ok(vec![3.0, 1.0]))?;
    println!("{}", good.report.join()?);

    let short = start(&jobs, |_| Ok(vec![2.0, 4.0]), |_| Ok(vec![3.0]))?;
    short.tidy.wait()?;
    println!("\n{}", jobs.traceback(&short.mean)?);
    println!("{:#}", short.report.join().unwrap_err());

    // A server that never answers.
    let never: Load = |job| {
        job.sleep(Duration::MAX)?;
        Ok(vec![])
    };
    let stuck = start(&jobs, never, |_| Ok(vec![4.0]))?;
    for reason in stuck.mean.why() {
        println!("\n{}: {reason}", stuck.mean);
    }
    let verdict = stuck.prices.stop("no answer", Duration::from_secs(5));
    println!("{}: {verdict}", stuck.prices);
    stuck.tidy.join()?;
    println!("{:#}", stuck.report.join().unwrap_err());
    println!("{}: {:?}", stuck.amounts, stuck.amounts.join()?);
    Ok(())
}
