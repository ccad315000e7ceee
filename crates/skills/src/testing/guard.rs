use crate::SkillUrl;
use crate::ports::AddressGuard;
use async_trait::async_trait;
use square_kernel::FieldError;

/// Refuses the addresses it is told to, and no other.
#[derive(Debug, Default)]
pub struct RefusingGuard {
    refused: Vec<String>,
}

impl RefusingGuard {
    /// Refuses these URLs.
    pub fn of<const N: usize>(urls: [&str; N]) -> Self {
        Self { refused: urls.map(str::to_owned).to_vec() }
    }
}

#[async_trait]
impl AddressGuard for RefusingGuard {
    async fn check(&self, url: &SkillUrl) -> Result<(), FieldError> {
        if self.refused.iter().any(|refused| refused == url.as_str()) {
            return Err(FieldError::new("url", "must not lead into a private network"));
        }
        Ok(())
    }
}
