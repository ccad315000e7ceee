use aws_lc_rs::hmac;
use jiff::Timestamp;
use md5::{Digest, Md5};
use square_kernel::Secret;
use std::fmt::Write;

/// Signs requests as Pusher's HTTP API asks for ("Generating authentication signatures" of its reference).
pub(super) struct Signer {
    key: String,
    secret: hmac::Key,
}

impl Signer {
    /// Signs in the name of `key`, which must need no escaping in a URL.
    pub(super) fn new(key: String, secret: &Secret) -> Self {
        Self { key, secret: hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()) }
    }

    /// The query with which `body` is to be posted to `path` at the time `at`. The parameters stand in the order in
    /// which they are signed, by name.
    pub(super) fn query(&self, path: &str, body: &[u8], at: Timestamp) -> String {
        let parameters = format!(
            "auth_key={}&auth_timestamp={}&auth_version=1.0&body_md5={}",
            self.key,
            at.as_second(),
            hex(&Md5::digest(body)),
        );
        let signature = hmac::sign(&self.secret, format!("POST\n{path}\n{parameters}").as_bytes());
        format!("{parameters}&auth_signature={}", hex(signature.as_ref()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_the_documentation_comes_out() {
        let signer = Signer::new("278d425bdf160c739803".to_owned(), &Secret::new("7ad3773142a6692b25b8"));
        let body = br#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#;
        let query = signer.query("/apps/3/events", body, Timestamp::constant(1_353_088_179, 0));
        assert_eq!(
            query,
            "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0\
             &body_md5=ec365a775a4cd0599faeb73354201b6f\
             &auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"
        );
    }
}
