use super::rounds;
use crate::options::Options;
use crate::report::{Aim, Row, Unit};
use crate::world::{ACCOUNT, World, sign_in_request};
use crate::{Outcome, load};
use std::thread;
use std::time::{Duration, Instant};

/// Sign-ins, against the bare hash function on as many threads as there are cores.
pub(crate) fn sign_in(world: &World, options: &Options) -> Outcome<Row> {
    let request = sign_in_request();
    let load = options.load();
    let hash = bcrypt::hash(ACCOUNT.password, options.password_cost)?;
    let name = format!("`POST /api/login`, bcrypt cost {}", options.password_cost);
    let limit = || verifications(&hash, load.time);
    let server = || load::rate(world.server.address, &request, load);
    let rounds = rounds(&name, options, limit, server)?;
    Ok(Row::new(name, Unit::PerSecond, Aim::Share(0.95), rounds))
}

/// How many passwords a second all cores can check.
fn verifications(hash: &str, time: Duration) -> Outcome<f64> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..load::cores()).map(|_| scope.spawn(|| verify(hash, time))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?).sum()
    })
}

fn verify(hash: &str, time: Duration) -> Outcome<f64> {
    let begun = Instant::now();
    let mut verified = 0.0;
    while begun.elapsed() < time {
        if !bcrypt::verify(ACCOUNT.password, hash)? {
            return Err("bcrypt does not know its own hash".into());
        }
        verified += 1.0;
    }
    Ok(verified / begun.elapsed().as_secs_f64())
}
