//! Bare servers that do only what cannot be left out: what ours could reach at best on the same parts.

use crate::{Outcome, load};
use actix_web::http::header::ContentType;
use actix_web::rt::System;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use futures::future::try_join_all;
use futures::stream;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use std::net::{SocketAddr, TcpListener};
use std::thread;

/// What a skill is sent.
const QUERY: &str = r#"{"question": "What is the answer?", "options": {"maxResults": 10}}"#;

/// A server that answers with the same bytes each time.
pub(crate) fn fixed(body: Vec<u8>) -> Outcome<SocketAddr> {
    let body = Bytes::from(body);
    serve(move |config| {
        let body = body.clone();
        let answer = move || {
            let body = body.clone();
            async move { HttpResponse::Ok().content_type(ContentType::json()).body(body) }
        };
        config.default_service(web::to(answer));
    })
}

/// A server that asks the skills at `urls` side by side and answers with their answers, as they are.
pub(crate) fn fan_out(urls: &[String]) -> Outcome<SocketAddr> {
    let urls = queries(urls)?;
    serve(move |config| {
        config.app_data(Data::new(Skills::new(&urls))).default_service(web::to(ask_all));
    })
}

/// A server that asks the skill at `url` and sends its answer on as an event.
pub(crate) fn relay(url: &str) -> Outcome<SocketAddr> {
    let urls = queries(&[url.to_owned()])?;
    serve(move |config| {
        config.app_data(Data::new(Skills::new(&urls))).default_service(web::to(send_on));
    })
}

fn queries(urls: &[String]) -> Outcome<Vec<Url>> {
    Ok(urls.iter().map(|url| Url::parse(&format!("{url}/query"))).collect::<Result<_, _>>()?)
}

/// Serves on threads of its own, as many as the server has, as long as the process lives.
fn serve(routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        System::new().block_on(async {
            HttpServer::new(move || App::new().configure(routes.clone()))
                .workers(load::cores())
                .tcp_nodelay(true)
                .disable_signals()
                .listen(listener)?
                .run()
                .await
        })
    });
    Ok(address)
}

/// One worker's own way to the skills: nothing is shared between threads.
struct Skills {
    client: Client,
    urls: Vec<Url>,
}

impl Skills {
    fn new(urls: &[Url]) -> Self {
        Self { client: Client::new(), urls: urls.to_vec() }
    }

    async fn ask(&self, url: &Url) -> reqwest::Result<Bytes> {
        let query = self.client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(QUERY);
        query.send().await?.error_for_status()?.bytes().await
    }
}

async fn ask_all(_question: Bytes, skills: Data<Skills>) -> HttpResponse {
    let Ok(answers) = try_join_all(skills.urls.iter().map(|url| skills.ask(url))).await else {
        return HttpResponse::BadGateway().finish();
    };
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body([b"[", &*answers.join(&b","[..]), b"]"].concat())
}

async fn send_on(_question: Bytes, skills: Data<Skills>) -> HttpResponse {
    let event = async move {
        let answer = skills.ask(&skills.urls[0]).await?;
        Ok::<_, reqwest::Error>(Bytes::from([b"event: skill_result\ndata: ", &*answer, b"\n\n"].concat()))
    };
    HttpResponse::Ok().content_type("text/event-stream").streaming(stream::once(event))
}
