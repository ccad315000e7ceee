use crate::limits::Counted;
use crate::names::EmailAddress;
use crate::ports::{LetterRequest, LetterRequestId, RequestedLetter};
use crate::service::{Accounts, later};
use crate::session_tokens::Device;
use jiff::SignedDuration;
use square_kernel::Unavailable;
use square_limits::LimitError;

/// For so long a request that somebody sees to is nobody else's.
const LEASE: SignedDuration = SignedDuration::from_mins(1);

/// Who has waited for so long for a letter has asked again, or given up.
const STALE: SignedDuration = SignedDuration::from_hours(24);

impl Accounts {
    /// Takes note that somebody asks for a letter. Whether the mailbox belongs to an account is looked up later, by
    /// [`Self::answer_letter_request`], so that neither this nor how long it takes can tell.
    pub(crate) async fn ask_for_letter(
        &self,
        letter: RequestedLetter,
        to: &EmailAddress,
        device: &Device,
    ) -> Result<(), LimitError> {
        self.count(Counted::LetterFromAddress, device).await?;
        // Whether it was too often for this mailbox is not told: it need not be theirs who ask.
        if self.may_write_to(to, letter.as_str()).await? {
            self.request_letter(letter, to, device).await?;
        }
        Ok(())
    }

    /// The same for whoever was counted already.
    pub(crate) async fn request_letter(
        &self,
        letter: RequestedLetter,
        to: &EmailAddress,
        device: &Device,
    ) -> Result<(), Unavailable> {
        let request = LetterRequest {
            id: LetterRequestId::new(&*self.parts.clock, &*self.parts.randomness),
            letter,
            to: to.clone(),
            device: device.clipped(),
            at: self.now(),
        };
        self.parts.letter_requests.ask(&request).await
    }

    /// Sees to the oldest request for a letter; `false` where there is none. Any number may run at once, in any number of processes. What
    /// a process that dies had begun is begun again.
    pub async fn answer_letter_request(&self) -> Result<bool, Unavailable> {
        let now = self.now();
        let taken = self.parts.letter_requests.take_request(now, later(now, LEASE)).await?;
        let Some(request) = taken else { return Ok(false) };
        if now < later(request.at, STALE) {
            match request.letter {
                RequestedLetter::Confirmation => self.send_confirmation(&request.to).await?,
                RequestedLetter::AlreadyRegistered => self.tell_of_registration(&request.to).await?,
                RequestedLetter::PasswordReset => self.send_password_reset(&request).await?,
            }
        }
        self.parts.letter_requests.answered(request.id).await?;
        Ok(true)
    }
}
