use crate::Outcome;
use crate::client::{Connection, Reply, block_on};
use crate::statistics::sorted;
use futures::future::try_join_all;
use futures::stream::{FuturesUnordered, StreamExt};
use std::cell::RefCell;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How hard to press.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Connections, each with one request under way at any moment.
    pub(crate) connections: usize,
    /// For how long new requests are sent.
    pub(crate) time: Duration,
}

/// The cores of this machine.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

/// Sends `request` again and again and gives the number of replies a second.
///
/// Each thread keeps its connections to itself, so that the load costs as little as it can. Requests under way
/// when the time is up are waited for and counted, with the time that they take.
pub(crate) fn rate(address: SocketAddr, request: &[u8], load: Load) -> Outcome<f64> {
    let threads = cores().min(load.connections);
    let mut shares = Vec::new();
    for thread in 0..threads {
        let share = load.connections / threads + usize::from(thread < load.connections % threads);
        let connections: Result<Vec<_>, _> = (0..share).map(|_| TcpStream::connect(address)).collect();
        shares.push(connections?);
    }
    let begun = Instant::now();
    let until = begun + load.time;
    let replies = thread::scope(|scope| {
        let press = |share| scope.spawn(move || block_on(press(share, request, until)));
        let threads: Vec<_> = shares.into_iter().map(press).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a thread of the load panicked")?)
            .sum::<Outcome<u32>>()
    })?;
    Ok(f64::from(replies) / begun.elapsed().as_secs_f64())
}

/// Sends `request` so many times a second, whether or not the replies to those before it have come, and gives the milliseconds
/// that each took, from the least to the most.
pub(crate) fn times(address: SocketAddr, request: &[u8], rate: u32, long: Duration) -> Outcome<Vec<f64>> {
    let idle = RefCell::new(Vec::new());
    block_on(async {
        let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
        let (mut under_way, mut times) = (FuturesUnordered::new(), Vec::new());
        let begun = Instant::now();
        while begun.elapsed() < long {
            tokio::select! {
                _ = tick.tick() => under_way.push(time(address, request, &idle)),
                Some(took) = under_way.next() => times.push(took?),
            }
        }
        while let Some(took) = under_way.next().await {
            times.push(took?);
        }
        Ok(sorted(times))
    })
}

/// Sends `request` over an idle connection, or a new one where none is, and gives the milliseconds until the whole reply was there.
async fn time(address: SocketAddr, request: &[u8], idle: &RefCell<Vec<Connection>>) -> Outcome<f64> {
    let kept = idle.borrow_mut().pop();
    let mut connection = match kept {
        Some(connection) => connection,
        None => Connection::open(address).await?,
    };
    let begun = Instant::now();
    let reply = connection.send(request).await?;
    let took = begun.elapsed().as_secs_f64() * 1e3;
    check(&reply, reply.body.len())?;
    idle.borrow_mut().push(connection);
    Ok(took)
}

async fn press(streams: Vec<TcpStream>, request: &[u8], until: Instant) -> Outcome<u32> {
    let replies = try_join_all(streams.into_iter().map(|stream| repeat(stream, request, until))).await?;
    Ok(replies.into_iter().sum())
}

async fn repeat(stream: TcpStream, request: &[u8], until: Instant) -> Outcome<u32> {
    stream.set_nonblocking(true)?;
    let mut connection = Connection::over(tokio::net::TcpStream::from_std(stream)?)?;
    let mut first = None;
    let mut replies = 0;
    while Instant::now() < until {
        let reply = connection.send(request).await?;
        let first = *first.get_or_insert(reply.body.len());
        check(&reply, first)?;
        replies += 1;
    }
    Ok(replies)
}

/// A server that fails is fast; its figures must not be taken for good ones.
fn check(reply: &Reply<'_>, first: usize) -> Outcome<()> {
    let like_the_first = reply.body.len().abs_diff(first) <= first / 10;
    if reply.status == 200 && like_the_first {
        return Ok(());
    }
    let body: String = String::from_utf8_lossy(reply.body).chars().take(500).collect();
    Err(format!("under load, a reply was {} with {} bytes: {body}", reply.status, reply.body.len()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_not_counted() {
        let body = [b'x'; 100];
        let reply = |status, length| Reply { status, body: &body[..length] };
        assert!(check(&reply(200, 95), 100).is_ok());
        assert!(check(&reply(500, 100), 100).is_err());
        assert!(check(&reply(200, 50), 100).is_err());
    }
}
