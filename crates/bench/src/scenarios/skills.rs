use super::rounds;
use crate::client::{Connection, block_on};
use crate::message::request;
use crate::options::Options;
use crate::report::{Aim, Row, Unit};
use crate::world::World;
use crate::{Outcome, limits, load};

/// The list of published skills, against a bare server that answers with the same bytes.
pub(crate) fn skills(world: &World, options: &Options) -> Outcome<Row> {
    let request = request("GET", "/api/skills", &[], b"");
    let server = world.server.address;
    let body = block_on(async { Ok(Connection::open(server).await?.send(&request).await?.body.to_vec()) })?;
    let name = format!("`GET /api/skills`, 100 skills, {} bytes", body.len());
    let limit = limits::fixed(body)?;
    let rate = |address| load::rate(address, &request, options.load());
    let rounds = rounds(&name, options, || rate(limit), || rate(server))?;
    Ok(Row::new(name, Unit::PerSecond, Aim::Share(0.7), rounds))
}
