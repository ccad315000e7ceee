use crate::ports::{TokenRejected, TokenSigner};
use crate::tokens::AccessClaims;
use jiff::Timestamp;
use square_kernel::testing::lock;
use square_kernel::{Secret, Unavailable};
use std::sync::{Arc, Mutex};

/// Gives numbers for tokens and remembers what each stands for.
#[derive(Debug, Default)]
pub struct FakeSigner {
    signed: Mutex<Vec<AccessClaims>>,
}

impl TokenSigner for FakeSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Unavailable> {
        let mut signed = lock(&self.signed);
        let number = signed.iter().position(|known| known == claims).unwrap_or_else(|| {
            signed.push(claims.clone());
            signed.len() - 1
        });
        Ok(Secret::new(format!("access-{number}")))
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenRejected> {
        let number = token.strip_prefix("access-").and_then(|number| number.parse::<usize>().ok());
        let claims = number.and_then(|number| lock(&self.signed).get(number).cloned());
        let claims = claims.ok_or(TokenRejected::Invalid)?;
        if now < claims.expires_at { Ok(claims) } else { Err(TokenRejected::Expired) }
    }

    fn jwks(&self) -> Arc<str> {
        r#"{"keys":[]}"#.into()
    }
}
