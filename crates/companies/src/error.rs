use crate::model::Company;
use square_kernel::{Invalid, Overtaken, Unavailable};

/// Why something was not done with a company or an account.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CompanyError {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignInRequired,
    /// There is no such company, or the asker may not know of it.
    #[error("there is no such company")]
    NotFound,
    /// There is no such account, or the asker may not know of it.
    #[error("there is no such bank account")]
    AccountNotFound,
    /// Fields are at fault.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is an account with this agency, number and bank already, or twice in what was sent; the field with the second
    /// one is named.
    #[error("there is a bank account with this agency, number and bank already")]
    AccountTaken(String),
    /// The company has as many accounts as a company may have.
    #[error("a company has at most {} bank accounts", Company::MOST_ACCOUNTS)]
    TooManyAccounts,
    /// They are signed in no more, or not as they were.
    #[error(transparent)]
    Overtaken(#[from] Overtaken),
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
