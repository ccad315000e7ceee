use crate::Failure;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use bytes::BytesMut;
use futures::StreamExt;
use square_wire::Fault;
use std::time::Duration;

/// The whole body: at most `limit` bytes, sent within `time`.
pub(crate) async fn read_body(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
    time: Duration,
) -> Result<BytesMut, Failure> {
    let too_large = || Failure(Fault::too_large("the body", limit));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let collect = async {
        let (mut payload, mut body) = (payload, BytesMut::new());
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| unreadable(&error))?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(time, collect).await.unwrap_or_else(|_| Err(Failure(Fault::too_slow())))
}

fn unreadable(error: &PayloadError) -> Failure {
    tracing::debug!(%error, "a body could not be read");
    Failure(Fault::malformed("the body is incomplete or badly encoded"))
}
