use crate::SetupError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use square_accounts::MailToken;
use square_kernel::UserId;
use url::Url;

/// What the links in letters are made from.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// Where people reach this server, such as `https://square.example`; stands for `{public_url}`.
    pub public_url: String,
    /// `mail.links.confirm`: the link that confirms an address.
    ///
    /// `{public_url}`, `{token}` and `{uidb64}` are replaced. `{token}` is the secret and must occur;
    /// `{uidb64}` is the account's id in its hyphenated spelling, as unpadded base64url (RFC 4648, section 5).
    pub confirm: String,
    /// `mail.links.reset`: the link that sets a new password; likewise.
    pub reset: String,
    /// `mail.links.change_email`: the link that confirms a new address; likewise.
    pub change_email: String,
    /// `mail.links.link_social`: the link that allows to sign in by another provider; likewise.
    pub link_social: String,
}

impl LinkSettings {
    /// The defaults for a server that people reach at `public_url`: its own pages.
    pub fn for_public_url(public_url: impl Into<String>) -> Self {
        let page = |name: &str| format!("{{public_url}}/{name}/{{token}}/{{uidb64}}");
        Self {
            public_url: public_url.into(),
            confirm: page("verify"),
            reset: page("reset_password"),
            change_email: page("change_email"),
            link_social: page("link_social"),
        }
    }
}

/// Where a link leads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Page {
    Confirm,
    ResetPassword,
    ChangeEmail,
    LinkSocial,
}

/// Makes the links in letters.
#[derive(Debug, Clone)]
pub struct Links {
    public_url: String,
    confirm: String,
    reset: String,
    change_email: String,
    link_social: String,
}

impl Links {
    /// Checks the settings: every link must become an absolute `http` or `https` address and carry its token.
    pub fn new(settings: &LinkSettings) -> Result<Self, SetupError> {
        let public_url = settings.public_url.trim_end_matches('/').to_owned();
        check_address("http.public_url", &public_url)?;
        let template = |key, template: &str| {
            let template = template.replace("{public_url}", &public_url);
            check_template(key, &template).map(|()| template)
        };
        Ok(Self {
            confirm: template("mail.links.confirm", &settings.confirm)?,
            reset: template("mail.links.reset", &settings.reset)?,
            change_email: template("mail.links.change_email", &settings.change_email)?,
            link_social: template("mail.links.link_social", &settings.link_social)?,
            public_url,
        })
    }

    /// Where people reach this server, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The link to `page` for `user`.
    pub(crate) fn to(&self, page: Page, user: UserId, token: &MailToken) -> String {
        let template = match page {
            Page::Confirm => &self.confirm,
            Page::ResetPassword => &self.reset,
            Page::ChangeEmail => &self.change_email,
            Page::LinkSocial => &self.link_social,
        };
        fill(template, token.expose(), &URL_SAFE_NO_PAD.encode(user.to_string()))
    }
}

fn fill(template: &str, token: &str, uidb64: &str) -> String {
    // Both values are base64url, so neither needs escaping in an address nor can hold a placeholder.
    template.replace("{token}", token).replace("{uidb64}", uidb64)
}

fn check_template(key: &'static str, template: &str) -> Result<(), SetupError> {
    if !template.contains("{token}") {
        return Err(SetupError::setting(key, "must contain {token}"));
    }
    let filled = fill(template, "token", "uidb64");
    if filled.contains(['{', '}']) {
        let reason = "may contain no other placeholders than {public_url}, {token} and {uidb64}";
        return Err(SetupError::setting(key, reason));
    }
    check_address(key, &filled)
}

fn check_address(key: &'static str, address: &str) -> Result<(), SetupError> {
    let plain = !address.contains(|c: char| c.is_whitespace() || c.is_control());
    let absolute = Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if plain && absolute {
        return Ok(());
    }
    Err(SetupError::setting(key, "must be an absolute http or https address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirm(template: &str) -> Result<String, String> {
        let settings = LinkSettings {
            confirm: template.to_owned(),
            ..LinkSettings::for_public_url("https://square.example/")
        };
        let user: UserId = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0".parse().unwrap();
        Links::new(&settings)
            .map(|links| links.to(Page::Confirm, user, &MailToken::received("T0k_en-")))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn placeholders_are_replaced() {
        assert_eq!(
            confirm("{public_url}/verify/{token}/{uidb64}").unwrap(),
            "https://square.example/verify/T0k_en-/MDE5MzJjMDctMWMyYi03ZDNlLThmNGEtNWI2YzdkOGU5ZmEw"
        );
        assert_eq!(
            confirm("https://app.example/#/ConfirmEmailLanding/{token}").unwrap(),
            "https://app.example/#/ConfirmEmailLanding/T0k_en-"
        );
    }

    #[test]
    fn the_user_id_can_be_read_back() {
        let link = confirm("{public_url}/{token}/{uidb64}").unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(link.rsplit('/').next().unwrap()).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0");
    }

    #[test]
    fn a_link_that_cannot_work_is_refused_by_name() {
        assert_eq!(confirm("{public_url}/verify").unwrap_err(), "mail.links.confirm must contain {token}");
        assert_eq!(
            confirm("{public_url}/{tokken}/{token}").unwrap_err(),
            "mail.links.confirm may contain no other placeholders than {public_url}, {token} and {uidb64}"
        );
        for wrong in ["/verify/{token}", "javascript:x('{token}')", "https://a.example/ {token}", "{token}"] {
            assert_eq!(
                confirm(wrong).unwrap_err(),
                "mail.links.confirm must be an absolute http or https address",
                "{wrong}"
            );
        }
        let error = Links::new(&LinkSettings::for_public_url("square.example")).unwrap_err();
        assert_eq!(error.to_string(), "http.public_url must be an absolute http or https address");
    }
}
