//! Plays a scenario on the core: `cargo run -- SCENARIO`.

mod core;
mod frames;
mod host;

use std::path::Path;

use wasmtime::{Result, bail};

const CORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../dist/core.threads.wasm");
const MEBIBYTES: u32 = 64;

fn main() -> Result<()> {
    let Some(file) = std::env::args().nth(1) else {
        bail!("which scenario?")
    };
    let mut host = host::Host::new(core::Core::open(Path::new(CORE), MEBIBYTES)?)?;
    let mut steps = 0;
    let mut outcomes = 0x811c_9dc5;
    for line in std::fs::read_to_string(file)?
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let Some((step, expected)) = line.split_once(" = ") else {
            bail!("{line} does not say what comes of it")
        };
        let outcome = host.step(step)?;
        if outcome != expected {
            bail!("step {}, {step}: {outcome}, and not {expected}", steps + 1);
        }
        steps += 1;
        outcomes = fnv1a(outcomes, &format!("{outcome}\n"));
    }
    println!("{steps} steps, outcomes {outcomes:08x}");
    Ok(())
}

fn fnv1a(hash: u32, outcome: &str) -> u32 {
    outcome
        .bytes()
        .fold(hash, |hash, octet| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193))
}
