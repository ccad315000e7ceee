use crate::message::post_json;
use crate::options::Options;
use crate::report::{Aim, Round, Row, Unit};
use crate::statistics::quantile;
use crate::world::{World, question};
use crate::{Outcome, limits, load};

/// How many skills each question goes to.
const SKILLS: usize = 3;
/// Questions a second.
const RATE: u32 = 200;

/// What the server adds to skills that answer at once, with questions coming at a fixed rate, whatever becomes of those before them.
/// The time of the skills themselves is in both figures.
pub(crate) fn latency(world: &World, options: &Options) -> Outcome<Vec<Row>> {
    let request = post_json("/api/question", &[], &question(&world.skills[..SKILLS]));
    let limit = limits::fan_out(&world.stubs[..SKILLS])?;
    let [mut median, mut p99] = [Vec::new(), Vec::new()];
    for number in 1..=options.rounds {
        anstream::eprintln!("latency: round {number} of {}", options.rounds);
        let times = |address| load::times(address, &request, RATE, options.load().time);
        let (limit, server) = (times(limit)?, times(world.server.address)?);
        let round = |share| Round { server: quantile(&server, share), limit: quantile(&limit, share) };
        median.push(round(0.5));
        p99.push(round(0.99));
    }
    let name = |part| format!("`POST /api/question`, {SKILLS} instant skills, {RATE} a second, {part}");
    Ok(vec![
        Row::new(name("median"), Unit::Milliseconds, Aim::Below(1.0), median),
        Row::new(name("99th percentile"), Unit::Milliseconds, Aim::Below(5.0), p99),
    ])
}
