//! What handlers take from a request. Each gives errors with a body that names what is wrong.

mod body;
mod caller;
mod device;
mod entrance;
mod id;
mod json;
mod mailed_link;
mod query;

pub(crate) use body::read_body;
pub use caller::Caller;
pub(crate) use caller::{SignedIn, asker, whereabouts};
pub(crate) use device::Client;
pub(crate) use entrance::Entrance;
pub(crate) use id::{Id, Under};
pub(crate) use json::{ExactJson, Json, OptionalJson};
pub(crate) use mailed_link::MailedLink;
pub(crate) use query::{Paging, Query, day, id, moment, number};
