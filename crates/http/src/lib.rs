//! REST and Server-Sent Events: the calls under the base path, and beside it health, documents and pages.
//!
//! [`HttpApi::new`] takes the services, [`HttpApi::app`] makes the application that a worker of an HTTP server
//! runs. Each call stands in a file of its own, named like the use case it calls:
//!
//! - `accounts`, `skills`, `questions`, `events`, `casting`, `companies`: the calls under the base path.
//! - `openai`: the calls that are like those of OpenAI's API, at a path of their own.
//! - `operations`: health, signing keys, the OpenAPI document and its viewer.
//! - `pages`: the console and the page that a mailed link opens.
//! - `extract`: what handlers take from a request. `failure` and `envelope`: how errors leave.
//! - `sse`: a question's log as Server-Sent Events.
//! - `sender`, `device_token`: whose page a browser sends a request for, and what it is given to keep.
//! - `cors`: which scripts of other sites may read the answers. `document`: the OpenAPI document, made from the handlers.

mod accounts;
mod api;
mod casting;
mod companies;
mod cors;
mod device_token;
mod document;
mod envelope;
mod events;
mod extract;
mod failure;
mod openai;
mod operations;
mod pages;
mod preferences;
mod proxies;
mod questions;
mod request_id;
mod sender;
mod settings;
mod skills;
mod sse;
mod unrouted;

pub use api::{HttpApi, Readiness, Services};
pub use document::openapi;
pub use extract::Caller;
pub use failure::Failure;
pub use proxies::{ForwardedHeader, Network, NetworkSyntax, Proxies};
pub use request_id::RequestId;
pub use settings::HttpSettings;
