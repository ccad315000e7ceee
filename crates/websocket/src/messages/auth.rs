use super::Outcome;
use crate::connection::Connection;
use crate::protocol::{Auth, ServerMessage, parts};
use serde_json::Value;
use square_kernel::Secret;
use square_wire::Fault;

impl Connection {
    /// `auth`: takes a token in place of the one before. One that is refused changes nothing.
    pub(super) fn auth(&mut self, body: &Value) -> Outcome {
        let Auth { token } = parts(body)?;
        let asker = self.services.accounts.authenticate(&token).map_err(|rejected| Fault::from(&rejected))?;
        let identity = asker.identity.ok_or_else(Fault::sign_in_required)?;
        self.token = Some(Secret::new(token));
        Ok(Some(ServerMessage::Auth { ok: true, user_id: identity.user.uuid(), username: identity.username }))
    }
}
