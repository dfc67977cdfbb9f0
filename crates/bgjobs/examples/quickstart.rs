//! Starts three jobs, goes on while they run, reports the ones that ended, and reads a result and tracebacks.
//!
//! `cargo run --example quickstart`

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::error::Error;

use bgjobs::JobManager;

fn main() -> Result<(), Box<dyn Error>> {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();

    // Each job starts at once, on its own thread.
    let primes = jobs.spawn("count the primes", || (2..20_000).filter(|&n| is_prime(n)).count())?;
    let read = jobs.try_spawn("read a missing file", || std::fs::read("no such file"))?;
    let index = jobs.spawn("look beyond the end", || third(&[1, 2]))?;

    println!("The prompt is free while they run.\n");
    jobs.wait_all()?;

    print!("{}", notices.report());
    println!("{} primes\n", primes.join()?);
    print!("{}", jobs.tracebacks());
    print!("{}", jobs.flush());

    assert_eq!(primes.join()?, &2262);
    assert!(read.failure().and_then(|failure| failure.error()?.downcast_ref::<std::io::Error>().map(drop)).is_some());
    assert!(index.join().is_err());
    Ok(())
}

fn is_prime(n: u32) -> bool {
    (2..=n.isqrt()).all(|d| !n.is_multiple_of(d))
}

#[inline(never)]
fn third(numbers: &[u32]) -> u32 {
    numbers[2]
}
