//! Signs calls as the Standard Webhooks specification says, so that a skill can tell who calls: `webhook-id`,
//! `webhook-timestamp` (Unix seconds) and `webhook-signature`, which is `v1,` and the HMAC-SHA-256 of `{id}.{timestamp}.{body}`
//! in base64, under the key that is written `whsec_` and base64.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use square_kernel::{Clock, Randomness, new_uuid};
use std::sync::Arc;

/// Signs calls to one skill.
#[derive(Clone)]
pub(crate) struct Signer {
    key: hmac::Key,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Signer {
    pub(crate) fn new(key: &[u8], clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), clock, randomness }
    }

    /// The headers for one call with this body.
    pub(crate) fn headers(&self, body: &[u8]) -> [(HeaderName, HeaderValue); 3] {
        let id = format!("msg_{}", new_uuid(&*self.clock, &*self.randomness).simple());
        let timestamp = self.clock.now().as_second();
        let signature = self.signature(&id, timestamp, body);
        // All three are made of printable ASCII characters.
        let value =
            |text: String| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        [
            (HeaderName::from_static("webhook-id"), value(id)),
            (HeaderName::from_static("webhook-timestamp"), value(timestamp.to_string())),
            (HeaderName::from_static("webhook-signature"), value(signature)),
        ]
    }

    fn signature(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use square_kernel::testing::{ManualClock, SeededRandomness};

    fn signer(key: &str) -> Signer {
        let key = STANDARD.decode(key).unwrap();
        Signer::new(&key, Arc::new(ManualClock::default()), Arc::new(SeededRandomness::default()))
    }

    /// The example that libraries for verifying are tested with.
    #[test]
    fn a_signature_is_what_verifiers_expect() {
        let signature = signer("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").signature(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_call_has_an_id_of_its_own_and_the_time_it_is_made() {
        let signer = signer("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let (first, second) = (signer.headers(b"{}"), signer.headers(b"{}"));
        assert_ne!(first[0].1, second[0].1);
        assert_eq!(first[1].1, "1767225600");
        let id = first[0].1.to_str().unwrap();
        assert_eq!(first[2].1, signer.signature(id, 1_767_225_600, b"{}"));
        assert!(!id.contains('.'));
    }
}
