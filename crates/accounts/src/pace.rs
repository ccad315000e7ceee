use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Longer than looking an account up takes.
pub(crate) const LOOKED_UP: Duration = Duration::from_millis(5);

/// Longer than storing a registration takes.
pub(crate) const STORED: Duration = Duration::from_millis(20);

/// Hides how long a step took that is quicker for some names and addresses than for others: what follows it begins at the same
/// distance from its beginning. Where the step takes longer than that, as on a busy database, it shows; then so does much else.
pub(crate) struct Pace(Instant);

impl Pace {
    /// The step begins.
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Returns once so much time has passed since the beginning.
    pub(crate) async fn until(self, passed: Duration) {
        sleep_until(self.0 + passed).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::LoginName;
    use crate::register::NewRegistration;
    use crate::session_tokens::Device;
    use crate::testing::TestAccounts;
    use square_kernel::Secret;

    #[tokio::test(start_paused = true)]
    async fn looking_up_and_storing_take_the_same_time_for_known_and_unknown() {
        let test = TestAccounts::default();
        test.register("ada").await;
        for name in ["ada", "nobody"] {
            let begun = Instant::now();
            let login = LoginName::Username(name.to_owned());
            let refused =
                test.accounts.sign_in(&login, &Secret::new("wrong horse"), &Device::default()).await;
            assert!(refused.is_err());
            assert_eq!(begun.elapsed(), LOOKED_UP, "{name}");
        }
        for (name, address) in [("bob", "ada"), ("eve", "eve")] {
            let begun = Instant::now();
            let new = NewRegistration {
                email: Some(TestAccounts::email(address)),
                ..TestAccounts::registration(name)
            };
            test.accounts.register(new, &Device::default()).await.unwrap();
            assert_eq!(begun.elapsed(), STORED, "{address}");
        }
    }
}
