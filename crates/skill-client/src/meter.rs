use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A reply that goes on and on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more was sent than any reply needs")]
pub(crate) struct Flood;

/// A connection that gives out when the other side sends more, in answer to one request, than any reply needs.
///
/// Who parses HTTP reads on as long as there is something to read: interim replies (RFC 9110, 15.2) without end would keep it
/// busy until somebody loses patience. Bytes are counted as they come out of TLS, from the last byte that was written on.
pub(crate) struct Metered<S> {
    stream: S,
    most: u64,
    left: u64,
}

impl<S> Metered<S> {
    /// Lets `most` bytes pass for each request.
    pub(crate) const fn new(stream: S, most: u64) -> Self {
        Self { stream, most, left: most }
    }

    fn written<T>(&mut self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(outcome, Poll::Ready(Ok(_))) {
            self.left = self.most;
        }
        outcome
    }
}

impl<S: Read + Unpin> Read for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut target: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other(Flood)));
        }
        // Through a buffer of its own, since how much a foreign one was filled by is not told.
        let mut bytes = [0; 16 * 1024];
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len()).min(target.remaining());
        let mut buffer = ReadBuf::new(&mut bytes[..room]);
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer.unfilled()))?;
        self.left -= buffer.filled().len() as u64;
        target.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: Write + Unpin> Write for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(outcome)
    }
}

impl<S: Connection> Connection for Metered<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn so_many_bytes_pass_and_not_one_more_until_something_is_written() {
        let (mut other, stream) = tokio::io::duplex(64);
        let mut metered = TokioIo::new(Metered::new(TokioIo::new(stream), 4));
        other.write_all(b"abcdefgh").await.unwrap();
        let mut received = [0; 4];
        metered.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"abcd");
        let refused = metered.read_u8().await.unwrap_err();
        assert_eq!(refused.get_ref().and_then(|error| error.downcast_ref()), Some(&Flood));
        metered.write_all(b"next").await.unwrap();
        metered.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"efgh");
    }
}
