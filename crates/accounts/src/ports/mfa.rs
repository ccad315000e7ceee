use super::{Asked, Caller, Consequences};
use crate::mfa::{OtpSecret, RecoveryCode, RecoveryCodeId, RecoveryDigest};
use crate::tokens::TokenDigest;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use square_kernel::{SessionId, Unavailable, UserId};

square_kernel::id!(
    /// What one authenticator app and this server share.
    OtpMethodId
);
square_kernel::id!(
    /// One attempt at a second factor, or at what it is set up with.
    MfaAttemptId
);

/// An account's secret for one-time codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtpMethod {
    /// Its identifier.
    pub id: OtpMethodId,
    /// The secret.
    pub secret: OtpSecret,
    /// Whether its owner has shown that their app knows it. Until then it counts for nothing.
    pub verified: bool,
}

/// A secret for one-time codes about to be shown to its owner.
#[derive(Debug, Clone)]
pub struct NewOtpMethod {
    /// Its identifier.
    pub id: OtpMethodId,
    /// Whose.
    pub user: UserId,
    /// The secret; stores keep it sealed.
    pub secret: OtpSecret,
    /// When it is made.
    pub at: Timestamp,
}

/// A recovery code about to be stored.
#[derive(Debug, Clone)]
pub struct NewRecoveryCode {
    /// Its identifier.
    pub id: RecoveryCodeId,
    /// What it is looked up by.
    pub digest: RecoveryDigest,
    /// The code; stores keep it sealed.
    pub code: RecoveryCode,
}

/// That somebody knows the code of a step.
#[derive(Debug, Clone, Copy)]
pub struct OtpProof {
    /// Whose code.
    pub user: UserId,
    /// The method it was made by.
    pub method: OtpMethodId,
    /// The step; it counts where it is later than every one that was used before.
    pub step: u64,
    /// The attempt, which is given back where the proof counts.
    pub attempt: MfaAttemptId,
    /// When it was given.
    pub at: Timestamp,
}

/// That somebody knows a recovery code.
#[derive(Debug, Clone)]
pub struct RecoveryProof {
    /// Whose code.
    pub user: UserId,
    /// The code, by each key that it may have been stored under.
    pub digests: Vec<RecoveryDigest>,
    /// How many will be left, as the letters say that are stored along.
    pub left: u32,
    /// The attempt, which is given back where the proof counts.
    pub attempt: MfaAttemptId,
    /// When it was given.
    pub at: Timestamp,
}

/// What became of a proof by recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryPass {
    /// It counts; code and challenge are spent.
    Passed,
    /// The code is not one of the account's, or the challenge is not good; nothing changed.
    Refused,
    /// Another number of codes would be left; nothing changed.
    Miscounted,
}

/// What switching the second factor on or off needs to know.
#[derive(Debug, Clone)]
pub struct MfaSwitch {
    /// Whose.
    pub user: UserId,
    /// Who does it, and in which session: it goes on, and all others of the account end. `None` for the operator.
    pub by: Option<Caller>,
    /// Roles that only those have who sign in with a second factor: whoever holds one may do other things afterwards.
    pub required_roles: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// What switching the second factor on or off has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaSwitched {
    /// The sessions that ended.
    pub ended: Vec<SessionId>,
    /// [`Account::rights`](crate::Account::rights), where they were counted up.
    pub rights: Option<u32>,
    /// [`Account::credentials`](crate::Account::credentials), counted up where anything was switched.
    pub credentials: u32,
}

/// Attempts that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptKind {
    /// At the second factor of a sign-in.
    SignIn,
    /// At the codes of an app that is being set up.
    SetUp,
}

impl AttemptKind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::SignIn, Self::SetUp];

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SetUp => "set_up",
        }
    }
}

/// An attempt about to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt {
    /// Its identifier.
    pub id: MfaAttemptId,
    /// At whose account.
    pub user: UserId,
    /// At what.
    pub kind: AttemptKind,
    /// When.
    pub at: Timestamp,
}

/// How many attempts may be made at one account.
#[derive(Debug, Clone, Copy)]
pub struct AttemptBudget {
    /// So many,
    pub most: u32,
    /// within any span of this length.
    pub within: SignedDuration,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempted {
    /// It may, and is counted.
    Counted,
    /// Not before this moment.
    NotBefore(Timestamp),
}

/// Keeps second factors: secrets for one-time codes, recovery codes, and how often somebody tried. Each method is one
/// transaction.
#[async_trait]
pub trait MfaStore: Send + Sync {
    /// Stores a method that counts for nothing yet, in the place of the account's earlier one and its recovery codes; `false`,
    /// and nothing stored, when the second factor is on or the account is gone.
    async fn begin_otp(&self, method: &NewOtpMethod, by: Caller, consequences: &Consequences) -> Asked<bool>;

    /// The method of an account, verified or not.
    async fn otp_method(&self, user: UserId) -> Result<Option<OtpMethod>, Unavailable>;

    /// Uses the step of a method that is not verified and marks it verified, with `codes` in the place of all recovery codes
    /// of the account; `false`, and nothing stored, when the step does not count or the method is another one or verified.
    async fn verify_otp(
        &self,
        proof: &OtpProof,
        by: Caller,
        codes: &[NewRecoveryCode],
        consequences: &Consequences,
    ) -> Asked<bool>;

    /// Uses the step of a verified method and switches the second factor on: from then on
    /// [`SessionStore::open`](super::SessionStore::open) refuses sessions without one. Ends all other sessions,
    /// counts [`Account::credentials`](crate::Account::credentials) up, and the rights where the account holds one of the roles given. `None`, and nothing stored, when it is on
    /// already or the step does not count.
    async fn enable_mfa(
        &self,
        proof: &OtpProof,
        switch: &MfaSwitch,
        consequences: &Consequences,
    ) -> Asked<Option<MfaSwitched>>;

    /// Switches the second factor off and forgets method, recovery codes and challenges of the account, also where it was set
    /// up by half only. Otherwise as [`Self::enable_mfa`]; where it was off, no session ends and `consequences` are not
    /// stored. `None` when the account is gone.
    async fn disable_mfa(
        &self,
        switch: &MfaSwitch,
        consequences: &Consequences,
    ) -> Asked<Option<MfaSwitched>>;

    /// The recovery codes of an account that were not used, oldest first.
    async fn recovery_codes(&self, user: UserId) -> Result<Vec<RecoveryCode>, Unavailable>;

    /// Stores `codes` in the place of all recovery codes of the caller's account, where it has a verified method; `false`, and nothing
    /// stored, when it has none.
    async fn replace_recovery_codes(
        &self,
        by: Caller,
        codes: &[NewRecoveryCode],
        at: Timestamp,
        consequences: &Consequences,
    ) -> Asked<bool>;

    /// Counts an attempt where the budget allows one more; those made longer ago than the budget's span are forgotten. Of any
    /// number of calls at once no more than the budget MUST be counted, at all instances together.
    async fn begin_attempt(
        &self,
        attempt: &NewAttempt,
        budget: AttemptBudget,
    ) -> Result<Attempted, Unavailable>;

    /// Spends a challenge ([`Purpose::Mfa`](super::Purpose::Mfa)) by the step of the account's method; `false`, and nothing
    /// changed, when the challenge is not good or another account's, the step does not count, or the second factor is off. Of
    /// any number of calls with one challenge, or with one step, exactly one MUST pass.
    async fn pass_otp(
        &self,
        challenge: &TokenDigest,
        proof: &OtpProof,
        consequences: &Consequences,
    ) -> Result<bool, Unavailable>;

    /// Spends a challenge by a recovery code, which is gone then; otherwise as [`Self::pass_otp`].
    async fn pass_recovery_code(
        &self,
        challenge: &TokenDigest,
        proof: &RecoveryProof,
        consequences: &Consequences,
    ) -> Result<RecoveryPass, Unavailable>;
}
