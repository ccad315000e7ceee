use crate::payload::{Body, Train, Unpublish};
use crate::reply::Reply;
use crate::services::SocketIoServices;
use crate::{query, train, unpublish};
use serde::Deserialize;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler;
use square_kernel::{Asker, Secret, Whereabouts};
use square_wire::{Fault, access_token};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The namespace that clients connect to.
pub(crate) const NAMESPACE: &str = "/api";

/// What a client of version 3 and later says of itself when it connects (`auth`).
#[derive(Debug, Default, Deserialize)]
struct Credentials {
    /// An access token.
    token: Option<String>,
    /// The same by another name, which is what events call it.
    jwt: Option<String>,
}

/// One socket. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) services: Arc<SocketIoServices>,
    /// The access token given when it connected.
    token: Option<Arc<Secret>>,
    /// Where the client is.
    whereabouts: Whereabouts,
    /// A permit for each question, training and the like.
    work: Arc<Semaphore>,
    /// Cancelled when the client is gone.
    gone: CancellationToken,
}

/// Has the events of the namespace answered.
pub(crate) fn register(io: &SocketIo, services: &Arc<SocketIoServices>) {
    // Clients of version 2 connect to it before any other.
    io.ns("/", async || {});
    let (checking, serving) = (Arc::clone(services), Arc::clone(services));
    let check = move |socket: SocketRef, TryData(said): TryData<Credentials>| {
        let services = Arc::clone(&checking);
        // Versions 2 have no `auth`; what cannot be read is as if it was not said.
        async move { connect_token(&services, &socket, said.ok()).map(drop).map_err(|fault| fault.message) }
    };
    let serve = move |socket: SocketRef, TryData(said): TryData<Credentials>| {
        let services = Arc::clone(&serving);
        async move {
            let token = connect_token(&services, &socket, said.ok()).ok().flatten();
            let whereabouts = socket.req_parts().extensions.get().copied().unwrap_or_default();
            Session::new(services, token, whereabouts).serve(&socket);
        }
    };
    io.ns(NAMESPACE, serve.with(check));
}

/// The access token that a client connects with, in `auth` or in the header; refused where it does not count.
fn connect_token(
    services: &SocketIoServices,
    socket: &SocketRef,
    said: Option<Credentials>,
) -> Result<Option<Secret>, Fault> {
    let said = said.unwrap_or_default();
    let header = socket.req_parts().headers.get(http::header::AUTHORIZATION);
    let token = match (said.token.or(said.jwt), header) {
        (Some(token), _) => token,
        (None, Some(header)) => access_token(header.as_bytes())?.to_owned(),
        (None, None) => return Ok(None),
    };
    services.accounts.authenticate(&token).map_err(|rejected| Fault::from(&rejected))?;
    Ok(Some(Secret::new(token)))
}

impl Session {
    fn new(services: Arc<SocketIoServices>, token: Option<Secret>, whereabouts: Whereabouts) -> Self {
        let work = Arc::new(Semaphore::new(services.settings.limits.under_way));
        Self { services, token: token.map(Arc::new), whereabouts, work, gone: CancellationToken::new() }
    }

    fn serve(self, socket: &SocketRef) {
        let session = self.clone();
        socket.on("query", move |socket: SocketRef, Body(body): Body<Value>| {
            let session = session.clone();
            async move {
                let reply = session.reply(socket, query::EVENT);
                session.work(&reply, query::answer(&session, body, &reply)).await;
            }
        });
        let session = self.clone();
        socket.on("train", move |socket: SocketRef, Body(body): Body<Train>| {
            let session = session.clone();
            async move {
                let reply = session.reply(socket, train::EVENT);
                session.work(&reply, train::answer(&session, body, &reply)).await;
            }
        });
        let session = self.clone();
        socket.on("unpublish", move |socket: SocketRef, Body(body): Body<Unpublish>| {
            let session = session.clone();
            async move {
                let reply = session.reply(socket, unpublish::EVENT);
                session.work(&reply, unpublish::answer(&session, body, &reply)).await;
            }
        });
        let gone = self.gone;
        socket.on_disconnect(async move || gone.cancel());
    }

    fn reply(&self, socket: SocketRef, event: &'static str) -> Reply {
        Reply { socket, event, unread: self.services.settings.limits.unread }
    }

    /// Works on one message, as long as the client is there and has not too much under way.
    async fn work(&self, reply: &Reply, work: impl Future<Output = Result<(), Fault>>) {
        let Ok(_permit) = self.work.try_acquire() else {
            // What came with it goes at once, and nothing waits: whoever goes on sending would have it pile up.
            drop(work);
            let limit = self.services.settings.limits.under_way;
            reply.refuse(&Fault::too_many("questions and trainings", limit));
            return;
        };
        tokio::select! {
            () = self.gone.cancelled() => {}
            done = work => if let Err(fault) = done { reply.fail(&fault).await },
        }
    }

    /// Who the client is at this moment: by the token of the message, or else by the one that it connected with.
    pub(crate) fn asker(&self, jwt: Option<&str>) -> Result<Asker, Fault> {
        let accounts = &self.services.accounts;
        let asker = match jwt.or(self.token.as_ref().map(|token| token.expose())) {
            None => accounts.anonymous(),
            Some(token) => accounts.authenticate(token).map_err(|rejected| Fault::from(&rejected))?,
        };
        Ok(asker.at(self.whereabouts))
    }
}
