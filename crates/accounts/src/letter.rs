use crate::names::{EmailAddress, Username};
use crate::session_tokens::Device;
use crate::tokens::MailToken;
use square_kernel::UserId;
use uuid::Uuid;

square_kernel::id!(
    /// A letter that waits to be sent or was sent.
    LetterId
);

/// A letter to be written and sent: whom to, and on what occasion.
///
/// It may carry a secret (the token in a link), so stores keep it sealed and forget it once it has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where it goes.
    pub to: EmailAddress,
    /// The addressee's public name.
    pub username: Username,
    /// What it is about.
    pub occasion: Occasion,
}

/// What a letter is about; each has its template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody registered with the address; the link confirms it.
    ConfirmAddress {
        /// The account, which the link names.
        user: UserId,
        /// The secret of the link.
        token: MailToken,
    },
    /// Somebody tried to register with an address that has an account.
    AlreadyRegistered,
    /// Somebody asked for a link that sets a new password.
    ResetPassword {
        /// The account, which the link names.
        user: UserId,
        /// The secret of the link.
        token: MailToken,
    },
    /// The password was changed or reset.
    PasswordChanged {
        /// Providers by which one can sign in all the same, by their names for people.
        ways: Vec<String>,
    },
    /// To the new address: the link makes it the account's.
    ConfirmNewAddress {
        /// The account, which the link names.
        user: UserId,
        /// The secret of the link.
        token: MailToken,
    },
    /// To the old address: another one was asked for, and holds once it is confirmed.
    AddressChangeRequested {
        /// The other one.
        new: EmailAddress,
    },
    /// To both: the address was changed.
    AddressChanged {
        /// What it is now.
        new: EmailAddress,
    },
    /// Signing in asks for a second factor from now on.
    MfaEnabled,
    /// It does no more.
    MfaDisabled,
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: u32,
    },
    /// Few recovery codes are left.
    FewRecoveryCodes {
        /// How many.
        left: u32,
    },
    /// Somebody signed in from where nobody did before.
    NewDevice {
        /// From where.
        device: Device,
    },
    /// Somebody who has the same address at another provider wants to sign in by it; the link allows that.
    LinkLoginMethod {
        /// The account, which the link names.
        user: UserId,
        /// The provider's name for people, such as `GitHub`.
        provider: String,
        /// The secret of the link.
        token: MailToken,
    },
    /// Somebody who says at another provider that they have the address wants to make an account by it; the link allows that.
    ConfirmLoginMethod {
        /// The account to be made, which the link names.
        user: UserId,
        /// The provider's name for people.
        provider: String,
        /// The secret of the link.
        token: MailToken,
    },
    /// Signing in by another provider is possible from now on.
    LoginMethodAdded {
        /// The provider's name for people.
        provider: String,
    },
    /// It is no more.
    LoginMethodRemoved {
        /// The provider's name for people.
        provider: String,
    },
    /// The account was deleted.
    AccountDeleted,
}

impl Occasion {
    /// Its name: the template's file name and the word in logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConfirmAddress { .. } => "confirm_address",
            Self::AlreadyRegistered => "already_registered",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ConfirmNewAddress { .. } => "confirm_new_address",
            Self::AddressChangeRequested { .. } => "address_change_requested",
            Self::AddressChanged { .. } => "address_changed",
            Self::MfaEnabled => "mfa_enabled",
            Self::MfaDisabled => "mfa_disabled",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::FewRecoveryCodes { .. } => "few_recovery_codes",
            Self::NewDevice { .. } => "new_device",
            Self::LinkLoginMethod { .. } => "link_login_method",
            Self::ConfirmLoginMethod { .. } => "confirm_login_method",
            Self::LoginMethodAdded { .. } => "login_method_added",
            Self::LoginMethodRemoved { .. } => "login_method_removed",
            Self::AccountDeleted => "account_deleted",
        }
    }

    /// One of each, about nobody: for trying out templates, and for tests.
    pub fn one_of_each() -> Vec<Self> {
        let (user, token) = (UserId::from(Uuid::nil()), MailToken::received("token"));
        let link = || token.clone();
        let device = Device {
            address: Some("192.0.2.7".to_owned()),
            agent: Some("Mozilla/5.0 \"ü\" <script>\\".to_owned()),
            ..Device::default()
        };
        let mut all = vec![
            Self::ConfirmAddress { user, token: link() },
            Self::AlreadyRegistered,
            Self::ResetPassword { user, token: link() },
            Self::PasswordChanged { ways: Vec::new() },
            Self::PasswordChanged { ways: vec!["GitHub".to_owned(), "Google".to_owned()] },
            Self::ConfirmNewAddress { user, token: link() },
            Self::MfaEnabled,
            Self::MfaDisabled,
            Self::RecoveryCodeUsed { left: 4 },
            Self::FewRecoveryCodes { left: 1 },
            Self::NewDevice { device },
            Self::NewDevice { device: Device::default() },
            Self::LinkLoginMethod { user, provider: "GitHub".to_owned(), token: link() },
            Self::ConfirmLoginMethod { user, provider: "Facebook".to_owned(), token: link() },
            Self::LoginMethodAdded { provider: "LinkedIn".to_owned() },
            Self::LoginMethodRemoved { provider: "Google".to_owned() },
            Self::AccountDeleted,
        ];
        if let Ok(new) = EmailAddress::parse("new@square.example") {
            all.push(Self::AddressChangeRequested { new: new.clone() });
            all.push(Self::AddressChanged { new });
        }
        all
    }

    /// The secret of the link that it carries, where it carries one.
    pub const fn token(&self) -> Option<&MailToken> {
        match self {
            Self::ConfirmAddress { token, .. }
            | Self::ResetPassword { token, .. }
            | Self::ConfirmNewAddress { token, .. }
            | Self::LinkLoginMethod { token, .. }
            | Self::ConfirmLoginMethod { token, .. } => Some(token),
            _ => None,
        }
    }
}

/// A letter taken from the queue to be sent now.
#[derive(Debug, Clone)]
pub struct ClaimedLetter {
    /// Its identifier, which receivers can tell a repeat by.
    pub id: LetterId,
    /// The letter.
    pub letter: Letter,
    /// How often it was tried before.
    pub attempts: u32,
}
