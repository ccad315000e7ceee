mod common;

use square_kernel::{FieldError, Secret};

/// A password to be set: 8 to 1024 bytes, and none of the most common ones. Nothing is asked of what it consists of.
#[derive(Debug, Clone)]
pub struct Password(Secret);

impl Password {
    /// The fewest bytes.
    pub const MIN_BYTES: usize = 8;
    /// The most bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Parses a password that is to be set, sent as `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        match text.len() {
            0..Self::MIN_BYTES => Err(FieldError::new(field, "must have at least 8 characters")),
            Self::MIN_BYTES..=Self::MAX_BYTES if common::is_common(&common::folded(text)) => {
                Err(FieldError::new(field, "is one of the most common passwords"))
            }
            Self::MIN_BYTES..=Self::MAX_BYTES => Ok(Self(Secret::new(text))),
            _ => Err(FieldError::new(field, "must have at most 1024 bytes")),
        }
    }

    /// Refuses a password, sent as `field`, that is one of the account's own names: its username, its address or what stands
    /// before the `@` of that.
    pub fn is_none_of<'a>(
        &self,
        field: &'static str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), FieldError> {
        let password = common::folded(self.expose().trim());
        let is = |name: &str| {
            let name = common::folded(name);
            password == name || name.rsplit_once('@').is_some_and(|(local, _)| password == local)
        };
        if names.into_iter().any(is) {
            return Err(FieldError::new(field, "must not be your name or your e-mail address"));
        }
        Ok(())
    }

    /// The plain text, for the hasher.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// What a hasher made of a password: its own format, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hasher's output, new or as stored.
    pub fn new(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// In the place of a hash, for an account without a password: none signs in to it.
    pub fn none() -> Self {
        Self(String::new())
    }

    /// Whether there is a password.
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// The text to store or to verify against.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestAccounts;
    use jiff::SignedDuration;

    fn refused(text: &str) -> Option<String> {
        Password::parse("password", text).err().map(|error| error.to_string())
    }

    #[test]
    fn length_alone_counts_and_what_everybody_takes_is_refused() {
        let long = "é".repeat(512);
        for fine in ["xk3v0w2q", "        .", "correct horse", "ünïcödé", &long, "\0\0\0\0\0\0\0\0"] {
            assert_eq!(refused(fine), None, "{fine}");
        }
        assert_eq!(refused("xk3v0w2").unwrap(), "password must have at least 8 characters");
        assert_eq!(refused(&format!("{long}x")).unwrap(), "password must have at most 1024 bytes");
        for common in ["password", "PassWord1", "1q2w3e4r", "ｐａｓｓｗｏｒｄ", "Iloveyou1", "привет"]
        {
            assert_eq!(refused(common).unwrap(), "password is one of the most common passwords", "{common}");
        }
    }

    #[tokio::test]
    async fn a_password_stays_good_however_old_it_is() {
        let test = TestAccounts::default();
        test.register("ada").await;
        test.clock.advance(SignedDuration::from_hours(20 * 365 * 24));
        assert!(test.try_sign_in("ada", TestAccounts::PASSWORD).await.is_ok());
    }

    #[test]
    fn ones_own_names_are_no_password() {
        let check = |password: &str| {
            let password = Password::parse("password", password).unwrap();
            password.is_none_of("new_password", ["Ada.Lovelace", "countess@example.org"]).is_ok()
        };
        for name in ["ada.lovelace", "ADA.LOVELACE ", "Countess", "countess@EXAMPLE.org", "ａda.lovelace"] {
            assert!(!check(name), "{name}");
        }
        for fine in ["ada.lovelace1815", "countess@", "@example.org"] {
            assert!(check(fine), "{fine}");
        }
    }
}
