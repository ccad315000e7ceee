use square_kernel::Unavailable;

/// Trouble that lasts, such as a database that is away, is told of when it begins and not with every attempt.
pub(super) struct Trouble {
    what: &'static str,
    told: bool,
}

impl Trouble {
    /// Called `what` in the log.
    pub(super) const fn new(what: &'static str) -> Self {
        Self { what, told: false }
    }

    /// What came of an attempt, if it went well.
    pub(super) fn without<T>(&mut self, attempt: Result<T, Unavailable>) -> Option<T> {
        match attempt {
            Ok(value) => {
                self.told = false;
                Some(value)
            }
            Err(error) => {
                if !self.told {
                    tracing::error!(cause = error.chain(), "{}", self.what);
                }
                self.told = true;
                None
            }
        }
    }
}
