use super::rounds;
use crate::client::{Connection, block_on};
use crate::message::post_json;
use crate::options::Options;
use crate::report::{Aim, Row, Unit};
use crate::world::{World, question};
use crate::{Outcome, limits, load};
use std::net::SocketAddr;

/// Questions to `number` skills that answer at once, against a bare server that asks the same and answers
/// with what they say.
pub(crate) fn questions(world: &World, options: &Options, number: usize) -> Outcome<Row> {
    let request = post_json("/api/question", &[], &question(&world.skills[..number]));
    let limit = limits::fan_out(&world.stubs[..number])?;
    let server = world.server.address;
    for address in [limit, server] {
        all_answer(address, &request, number)?;
    }
    let name = format!("`POST /api/question`, {number} instant skill{}", if number == 1 { "" } else { "s" });
    let rate = |address| load::rate(address, &request, options.load());
    let rounds = rounds(&name, options, || rate(limit), || rate(server))?;
    Ok(Row::new(name, Unit::PerSecond, Aim::Share(0.6), rounds))
}

fn all_answer(address: SocketAddr, request: &[u8], number: usize) -> Outcome<()> {
    let answers = block_on(async { Connection::open(address).await?.send(request).await?.json() })?;
    let errors = answers.as_array().into_iter().flatten().any(|answer| answer.get("error").is_some());
    if answers.as_array().map(Vec::len) == Some(number) && !errors {
        return Ok(());
    }
    Err(format!("not all of {number} skills answered: {answers}").into())
}
