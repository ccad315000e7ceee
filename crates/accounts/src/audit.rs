use crate::session_tokens::Device;
use jiff::Timestamp;
use square_kernel::UserId;

square_kernel::id!(
    /// One entry of the audit log.
    AuditId
);

/// Who does something, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The account; `None` for somebody not signed in, and for the operator at the command line.
    pub user: Option<UserId>,
    /// Where the request came from; empty at the command line.
    pub device: Device,
}

impl Actor {
    /// Somebody who has not signed in.
    pub fn stranger(device: &Device) -> Self {
        Self { user: None, device: device.clone() }
    }

    /// Somebody signed in.
    pub fn user(user: UserId, device: &Device) -> Self {
        Self { user: Some(user), device: device.clone() }
    }
}

/// Who did what, when, from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its identifier.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: AuditAction,
    /// Who, and from where.
    pub actor: Actor,
    /// Whose account it concerns, where it concerns one.
    pub user: Option<UserId>,
    /// What else there is to say, such as the name of a role; never a secret, never an address.
    pub detail: Option<String>,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $word:literal,)+) => {
        /// What is worth noting.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAction {
            $($(#[$doc])* $action,)+
        }

        impl AuditAction {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$action),+];

            /// Its name in JSON and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$action => $word,)+
                }
            }
        }
    };
}

actions! {
    /// An account was made.
    Registered = "registered",
    /// Its address was confirmed.
    AddressConfirmed = "address_confirmed",
    /// Somebody signed in.
    SignedIn = "signed_in",
    /// Somebody gave a wrong password of a known account.
    SignInFailed = "sign_in_failed",
    /// So many attempts were made that no more are taken for a while.
    AttemptsLimited = "attempts_limited",
    /// Somebody signed out.
    SignedOut = "signed_out",
    /// A session was ended by its owner from another one.
    SessionEnded = "session_ended",
    /// A spent refresh token came back, which ended its session.
    RefreshTokenReused = "refresh_token_reused",
    /// A link that resets the password was asked for.
    PasswordResetRequested = "password_reset_requested",
    /// The password was set by such a link.
    PasswordReset = "password_reset",
    /// The password was changed by its owner.
    PasswordChanged = "password_changed",
    /// Another address was asked for.
    EmailChangeRequested = "email_change_requested",
    /// The other address was confirmed and holds.
    EmailChanged = "email_changed",
    /// Names were changed.
    ProfileChanged = "profile_changed",
    /// All that is stored about the account was handed out.
    DataExported = "data_exported",
    /// The account was deleted.
    AccountDeleted = "account_deleted",
    /// A secret for one-time codes was made.
    OtpMethodCreated = "otp_method_created",
    /// Signing in asks for a second factor from now on.
    MfaEnabled = "mfa_enabled",
    /// It does no more.
    MfaDisabled = "mfa_disabled",
    /// A wrong second factor was given.
    MfaFailed = "mfa_failed",
    /// New recovery codes were made.
    RecoveryCodesCreated = "recovery_codes_created",
    /// A recovery code was used in place of a second factor.
    RecoveryCodeUsed = "recovery_code_used",
    /// An identity at another provider was linked.
    LoginMethodAdded = "login_method_added",
    /// Such a link was taken away.
    LoginMethodRemoved = "login_method_removed",
    /// A role was given.
    RoleGranted = "role_granted",
    /// A role was taken away.
    RoleRevoked = "role_revoked",
    /// The account was suspended.
    Suspended = "suspended",
    /// It was readmitted.
    Readmitted = "readmitted",
    /// The operator set the password.
    PasswordSet = "password_set",
    /// A role was made; the detail is its name.
    RoleCreated = "role_created",
    /// A role was deleted.
    RoleDeleted = "role_deleted",
    /// A role allows something more; the detail names both.
    PermissionAllowed = "permission_allowed",
    /// A role allows something no more.
    PermissionDenied = "permission_denied",
}

impl std::str::FromStr for AuditAction {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|action| action.as_str() == word).ok_or(())
    }
}
