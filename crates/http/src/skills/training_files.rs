use crate::Failure;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::{HttpMessage, HttpRequest};
use futures::StreamExt;
use square_kernel::Invalid;
use square_skills::TrainingSet;
use square_wire::Fault;
use std::time::Duration;

const TRAIN: &str = "train_file";
const DEV: &str = "dev_file";

/// The two files of a training form, sent within `time`; other parts of the form are passed over.
pub(crate) async fn read(
    request: &HttpRequest,
    payload: Payload,
    time: Duration,
) -> Result<TrainingSet, Failure> {
    if !request.content_type().eq_ignore_ascii_case("multipart/form-data") {
        return Err(Failure(Fault::unsupported_media_type("multipart/form-data")));
    }
    let files = files(Multipart::new(request.headers(), payload));
    tokio::time::timeout(time, files).await.unwrap_or_else(|_| Err(Failure(Fault::too_slow())))
}

async fn files(mut form: Multipart) -> Result<TrainingSet, Failure> {
    let (mut train, mut dev) = (None, None);
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| broken(&error))?;
        match field.name() {
            Some(TRAIN) => train = Some(file(TRAIN, &mut field).await?),
            Some(DEV) => dev = Some(file(DEV, &mut field).await?),
            _ => {}
        }
    }
    let train = train.ok_or_else(|| Failure(Fault::file_missing(TRAIN)))?;
    let dev = dev.ok_or_else(|| Failure(Fault::file_missing(DEV)))?;
    TrainingSet::parse(&train, &dev).map_err(|invalid| Failure(Fault::unusable_files(invalid)))
}

/// A file as text.
async fn file(name: &'static str, field: &mut Field) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        if bytes.len() + chunk.len() > TrainingSet::MAX_FILE_BYTES {
            return Err(Failure(Fault::too_large(name, TrainingSet::MAX_FILE_BYTES)));
        }
        bytes.extend_from_slice(&chunk);
    }
    let not_text = |_| Failure(Fault::unusable_files(Invalid::field(name, "must be UTF-8 text")));
    String::from_utf8(bytes).map_err(not_text)
}

fn broken(error: &MultipartError) -> Failure {
    tracing::debug!(%error, "a form could not be read");
    Failure(Fault::malformed("the form is incomplete or badly encoded"))
}
