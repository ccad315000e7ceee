use super::Fault;
use square_companies::CompanyError;
use square_kernel::FieldError;

impl From<&CompanyError> for Fault {
    fn from(error: &CompanyError) -> Self {
        match error {
            CompanyError::SignInRequired => Self::sign_in_required(),
            CompanyError::NotFound => Self::not_found("company"),
            CompanyError::AccountNotFound => Self::not_found("bank account"),
            CompanyError::Invalid(invalid) => Self::from(invalid),
            CompanyError::AccountTaken(field) => {
                let details = vec![FieldError::new(field.clone(), "is taken")];
                Self { details, ..Self::new(409, "already_exists", error.to_string()) }
            }
            CompanyError::TooManyAccounts => Self::new(409, "too_many_bank_accounts", error.to_string()),
            CompanyError::Overtaken(error) => Self::from(error),
            CompanyError::Unavailable(error) => Self::from(error),
        }
    }
}
