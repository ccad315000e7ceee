//! The pages that mailed links open: one template and one script, whatever the link is for.
//!
//! Opening a page changes nothing, since programs open links in letters too; it asks for a click.

use super::{filled, page};
use crate::api::State;
use crate::extract::MailedLink;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use bytes::Bytes;
use utoipa_actix_web::service_config::ServiceConfig;

const PAGE: &str = include_str!("../../assets/mailed_link/page.html");
const NEW_PASSWORD: &str = include_str!("../../assets/mailed_link/new_password.html");
const NEW_LETTER: &str = include_str!("../../assets/mailed_link/new_letter.html");
const ADVICE: &str = include_str!("../../assets/mailed_link/advice.html");

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(verify_page).service(link_social_page);
    config.service(reset_password_page).service(change_email_page);
}

/// What the page of one kind of link says. Texts are not HTML.
struct Words {
    title: &'static str,
    invitation: &'static str,
    /// More that is asked for, as HTML.
    fields: &'static str,
    button: &'static str,
    /// Once the link has done what it is for.
    done: &'static str,
    /// Where the link is good no more.
    used: &'static str,
    again: Again,
}

/// How somebody whose link is good no more gets another one.
enum Again {
    /// They ask for a letter here: by this call, which takes an address.
    Letter { call: &'static str, invitation: &'static str },
    /// In another place.
    Elsewhere(&'static str),
}

const VERIFY: Words = Words {
    title: "Confirm your e-mail address",
    invitation: "One click, and your account is confirmed.",
    fields: "",
    button: "Confirm my address",
    done: "Your address is confirmed. You can sign in now.",
    used: "This link no longer works: it has been used, or it is too old. If you used it yourself, your address is confirmed.",
    again: Again::Letter {
        call: "/resend_confirmation",
        invitation: "If not, have a new link sent. It goes to addresses that wait to be confirmed.",
    },
};

const RESET_PASSWORD: Words = Words {
    title: "Choose a new password",
    invitation: "You will be signed out everywhere and can sign in with the new password.",
    fields: NEW_PASSWORD,
    button: "Set the password",
    done: "Your password is set. You can sign in with it now.",
    used: "This link no longer works: it has been used, or it is too old.",
    again: Again::Letter {
        call: "/forgot_password",
        invitation: "Have a new link sent, and use it soon: each is good once, and only for a short time.",
    },
};

const CHANGE_EMAIL: Words = Words {
    title: "Confirm your new e-mail address",
    invitation: "One click, and letters of your account go to this address.",
    fields: "",
    button: "This is my address",
    done: "Your address is changed. You can close this page.",
    used: "This link no longer works: it has been used, it is too old, or another address was asked for after it.",
    again: Again::Elsewhere(
        "Your account shows which address it has. Where that is the old one, ask for the change once more while you are \
         signed in: a new link is then sent here.",
    ),
};

const LINK_SOCIAL: Words = Words {
    title: "Sign in this way from now on?",
    invitation: "Whoever signs in with the account that the letter names will use your account here. Allow it only if that is you.",
    fields: "",
    button: "That is me, allow it",
    done: "You can sign in this way now. You can close this page.",
    used: "This link no longer works: it has been used, or it is too old.",
    again: Again::Elsewhere(
        "Sign in that way once more: either it works by now, or a new link is sent to this address.",
    ),
};

/// The pages, told where the API is.
pub(crate) struct Pages {
    verify: Bytes,
    reset_password: Bytes,
    change_email: Bytes,
    link_social: Bytes,
}

impl Pages {
    pub(crate) fn new(base_path: &str) -> Self {
        let page = |words: &Words| Bytes::from(words.page(base_path));
        Self {
            verify: page(&VERIFY),
            reset_password: page(&RESET_PASSWORD),
            change_email: page(&CHANGE_EMAIL),
            link_social: page(&LINK_SOCIAL),
        }
    }
}

impl Words {
    fn page(&self, base_path: &str) -> String {
        let again = match self.again {
            Again::Letter { call, invitation } => {
                filled(NEW_LETTER, &[("call", call), ("again", invitation)])
            }
            Again::Elsewhere(advice) => filled(ADVICE, &[("again", advice)]),
        };
        let page = PAGE.replace("{fields}\n", self.fields).replace("{again}\n", &again);
        filled(
            &page,
            &[
                ("base_path", base_path),
                ("title", self.title),
                ("invitation", self.invitation),
                ("button", self.button),
                ("done", self.done),
                ("used", self.used),
            ],
        )
    }
}

/// What the link of a letter to a new account opens
///
/// A page that asks for one click. Opening it changes nothing, since programs open links in letters too.
#[utoipa::path(tag = "operations", params(MailedLink), responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/verify/{token}/{uidb64}")]
pub(crate) async fn verify_page(state: Data<State>) -> HttpResponse {
    page(state.pages.links.verify.clone())
}

/// What the link of a letter about signing in by a provider opens
///
/// A page that asks for one click. Opening it changes nothing.
#[utoipa::path(tag = "operations", params(MailedLink), responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/link_social/{token}/{uidb64}")]
pub(crate) async fn link_social_page(state: Data<State>) -> HttpResponse {
    page(state.pages.links.link_social.clone())
}

/// What the link of a letter about a forgotten password opens
///
/// A page that asks for the new password. Opening it changes nothing.
#[utoipa::path(tag = "operations", params(MailedLink), responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/reset_password/{token}/{uidb64}")]
pub(crate) async fn reset_password_page(state: Data<State>) -> HttpResponse {
    page(state.pages.links.reset_password.clone())
}

/// What the link of a letter to a new address opens
///
/// A page that asks for one click. Opening it changes nothing.
#[utoipa::path(tag = "operations", params(MailedLink), responses(
    (status = 200, description = "The page.", body = String, content_type = "text/html"),
))]
#[get("/change_email/{token}/{uidb64}")]
pub(crate) async fn change_email_page(state: Data<State>) -> HttpResponse {
    page(state.pages.links.change_email.clone())
}
