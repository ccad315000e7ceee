use super::Outcome;
use crate::connection::Connection;
use crate::protocol::{Auth, ServerMessage, parts};
use serde_json::Value;

impl Connection {
    /// `auth`: takes a token in place of the one before. One that is refused changes nothing.
    pub(super) fn auth(&mut self, body: &Value) -> Outcome {
        let Auth { token } = parts(body)?;
        let identity = self.sign_in.take(&token)?;
        self.told_it_is_over = false;
        Ok(Some(ServerMessage::Auth { ok: true, user_id: identity.user.uuid(), username: identity.username }))
    }
}
