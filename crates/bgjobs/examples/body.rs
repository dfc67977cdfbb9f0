//! A body of one's own type, as a crate exports it: the checksum of anything that can be read.
//!
//! `cargo run --example body`

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::{
    error::Error,
    fmt,
    fs::File,
    io::{self, Read},
    time::Duration,
};

use bgjobs::{Body, Context, Failure, JobManager, Name};

/// Computes the Adler-32 checksum of what `source` yields.
pub struct Checksum<R> {
    /// What the job's name calls it.
    pub name: &'static str,
    /// What is read, to its end.
    pub source: R,
}

/// The source could not be read to its end.
#[derive(Debug)]
pub struct ReadError {
    offset: u64,
    cause: io::Error,
}

impl<R: Read + Send + 'static> Body for Checksum<R> {
    type Output = u32;

    fn name(&self) -> Name {
        format!("checksum of {}", self.name).into()
    }

    fn call(mut self, job: &Context) -> Result<u32, Failure> {
        let (mut low, mut high, mut offset) = (1_u32, 0_u32, 0);
        let mut chunk = [0; 4096];
        loop {
            // Here a stop ends it, and a user who asks sees where it is.
            job.checkpoint("reading")?;
            let length = self.source.read(&mut chunk).map_err(|cause| ReadError { offset, cause })?;
            if length == 0 {
                job.print(format_args!("{offset} bytes"));
                return Ok(high << 16 | low);
            }
            for &byte in &chunk[..length] {
                low = (low + u32::from(byte)) % 65521;
                high = (high + low) % 65521;
            }
            offset += length as u64;
            job.progress(offset, None);
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can't read on at byte {}", self.offset)
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let jobs = JobManager::new();
    let source = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))?;
    let readme = jobs.start(Checksum { name: "the README", source })?;
    println!("{readme}: {:08x}", readme.join()?);
    for line in readme.log().tail(1) {
        println!("its log ends with: {}", line.text);
    }

    // The setters work for any body, and the name may be another.
    let endless = jobs.named("zeros").group("files").start(Checksum { name: "", source: io::repeat(0) })?;
    println!("{endless}: {}", endless.stop("it never ends", Duration::from_secs(5)));
    Ok(())
}
