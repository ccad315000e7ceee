use crate::account::{Account, LoginMethod};
use crate::audit::{Actor, AuditAction};
use crate::names::{EmailAddress, PersonName, Username};
use crate::password::PasswordHash;
use crate::ports::identity::ExternalIdentity;
use crate::ports::{Consequences, NewLoginMethod, SocialRegistration};
use crate::service::Accounts;
use crate::session_tokens::Device;
use crate::signup::{DIGITS, derived};
use crate::tokens::TokenDigest;
use square_kernel::{Unavailable, UserId};

/// What became of making an account for an identity.
pub(super) enum Made {
    Account(Box<Account>),
    LinkNotGood,
    IdentityTaken,
    EmailTaken,
}

impl Accounts {
    /// Makes an account without a password, whose name is the first one free of those derived from what the provider knows. Its
    /// address, where it has one, counts as confirmed: by the provider, or by the letter whose link is spent with it.
    pub(super) async fn make_account(
        &self,
        id: UserId,
        method: &NewLoginMethod,
        address: Option<EmailAddress>,
        link: Option<&TokenDigest>,
        device: &Device,
    ) -> Result<Made, Unavailable> {
        let (first_name, last_name) = names(&method.identity);
        let mut entry = self.entry(AuditAction::Registered, Actor::stranger(device), id);
        entry.detail = Some(method.provider.as_str().to_owned());
        let noted = Consequences::noted(entry);
        for username in self.names_for(method) {
            let mut account = self.new_account(username, address.clone(), PasswordHash::none());
            account.id = id;
            account.confirmed_at = Some(account.created_at);
            account.login_method = LoginMethod::Social(method.provider);
            (account.first_name, account.last_name) = (first_name.clone(), last_name.clone());
            match self.parts.login_methods.register_by(method, &account, link, &noted).await? {
                SocialRegistration::Created(account) => return Ok(Made::Account(account)),
                SocialRegistration::UsernameTaken => {}
                SocialRegistration::LinkNotGood => return Ok(Made::LinkNotGood),
                SocialRegistration::IdentityTaken => return Ok(Made::IdentityTaken),
                SocialRegistration::EmailTaken => return Ok(Made::EmailTaken),
            }
        }
        Err(no_name())
    }

    /// A name to address somebody by who has no account yet.
    pub(super) fn name_for(&self, method: &NewLoginMethod) -> Result<Username, Unavailable> {
        self.names_for(method).next().ok_or_else(no_name)
    }

    fn names_for<'a>(&'a self, method: &'a NewLoginMethod) -> impl Iterator<Item = Username> + Send + 'a {
        let identity = &method.identity;
        let address = identity.email.as_ref().map(|email| email.address.as_str());
        let base = identity.user_name.given().or(address).unwrap_or(method.provider.as_str());
        DIGITS.into_iter().filter_map(|digits| derived(base, digits, &*self.parts.randomness))
    }
}

fn no_name() -> Unavailable {
    Unavailable::new("every derived username is taken")
}

/// First and last name; where the provider tells only both together, the last word counts as the last name.
fn names(identity: &ExternalIdentity) -> (PersonName, PersonName) {
    let name = |field, text: &str| {
        let short: String = text.chars().take(80).collect();
        PersonName::parse(field, &short).unwrap_or_default()
    };
    let (first, last) = match (identity.first_name.given(), identity.last_name.given()) {
        (None, None) => identity.name.as_str().rsplit_once(' ').unwrap_or((identity.name.as_str(), "")),
        (first, last) => (first.unwrap_or_default(), last.unwrap_or_default()),
    };
    (name("first_name", first), name("last_name", last))
}
