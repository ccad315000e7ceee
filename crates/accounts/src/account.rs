use crate::names::{EmailAddress, PersonName, Username};
use crate::social::Provider;
use jiff::Timestamp;
use square_kernel::{Permissions, UserId};
use std::sync::Arc;

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Active,
    /// An administrator has suspended it: nobody signs in to it.
    Suspended,
}

/// How somebody first came to their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginMethod {
    /// With a password.
    Signup,
    /// By what a provider said of them.
    Social(Provider),
}

impl LoginMethod {
    /// Its name in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Social(provider) => provider.as_str(),
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        if name == Self::Signup.as_str() {
            Some(Self::Signup)
        } else {
            Provider::named(name).map(Self::Social)
        }
    }
}

/// The address of an account has to be confirmed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("confirm your e-mail address first")]
pub struct NotConfirmed;

/// A person's account, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its identifier.
    pub id: UserId,
    /// Its public, unique name.
    pub username: Username,
    /// Where its letters go. Unique. `None` only where the settings do not ask for one.
    pub email: Option<EmailAddress>,
    /// First name; may be empty.
    pub first_name: PersonName,
    /// Last name; may be empty.
    pub last_name: PersonName,
    /// Whether it may be used.
    pub standing: Standing,
    /// When the address was confirmed. An account without an address counts as confirmed from the start.
    pub confirmed_at: Option<Timestamp>,
    /// Until when nobody had shown that they have its mailbox, where it began without: what was set up before this moment may be a
    /// stranger's, who only knew the address.
    pub unproved_until: Option<Timestamp>,
    /// How it came about.
    pub login_method: LoginMethod,
    /// Since when signing in asks for a second factor; `None` where it does not.
    pub mfa_enabled_at: Option<Timestamp>,
    /// Names of its roles, in alphabetical order.
    pub roles: Arc<[String]>,
    /// What its roles allow together.
    pub permissions: Permissions,
    /// How often what it may do was changed. Access tokens made before the last change are not good any more.
    pub rights: u32,
    /// How often what lets somebody in was changed so that others were shut out: a password set, the second factor switched, a way to
    /// sign in taken away. Whoever began to sign in before the last change does not get in.
    pub credentials: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Account {
    /// First and last name as one text; empty where neither is given.
    pub fn display_name(&self) -> String {
        format!("{} {}", self.first_name.as_str(), self.last_name.as_str()).trim().to_owned()
    }

    /// Whether it may be used.
    pub fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    /// Refuses an account whose address was not confirmed yet: what is added to how one gets in would stay with whoever made it,
    /// who need not have the mailbox.
    pub(crate) fn confirmed(&self) -> Result<(), NotConfirmed> {
        self.confirmed_at.map(drop).ok_or(NotConfirmed)
    }
}
