use crate::links::Page;
use crate::templates::{load, sentence};
use crate::{Links, SetupError};
use square_accounts::{EmailAddress, Letter, Occasion, Username};
use std::path::Path;
use tera::{Context, Tera};

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, one line.
    pub subject: String,
    /// The body for readers without HTML.
    pub text: String,
    /// The body as an HTML document.
    pub html: String,
}

/// Writes letters.
///
/// Each occasion has three templates, named after it: `confirm_address.subject`, `.txt` and `.html`. They may
/// use `username`, `public_url` and, where the occasion has one, `link`; some have more, as their built-in templates show. Whatever goes into HTML is escaped.
pub struct Letters {
    templates: Tera,
    links: Links,
}

impl Letters {
    /// Takes the embedded templates and those of `folder` in place of embedded ones of the same name. Every
    /// occasion is written once for trial, so that a template that fails does so here.
    pub fn new(links: Links, folder: Option<&Path>) -> Result<Self, SetupError> {
        let letters = Self { templates: load(folder)?, links };
        for occasion in Occasion::one_of_each() {
            letters.try_out(occasion)?;
        }
        Ok(letters)
    }

    /// Writes a letter. An error tells which template failed and holds nothing of the letter.
    pub fn render(&self, letter: &Letter) -> Result<Rendered, SetupError> {
        let context = self.context(letter);
        let part = |kind: &str| {
            let name = format!("{}.{kind}", letter.occasion.name());
            self.templates
                .render(&name, &context)
                .map_err(|error| SetupError::Template { reason: sentence(&error), name })
        };
        Ok(Rendered { subject: one_line(&part("subject")?), text: part("txt")?, html: part("html")? })
    }

    fn context(&self, letter: &Letter) -> Context {
        let mut context = Context::new();
        context.insert("username", letter.username.as_str());
        context.insert("public_url", self.links.public_url());
        match &letter.occasion {
            Occasion::ConfirmAddress { user, token } => {
                context.insert("link", &self.links.to(Page::Confirm, *user, token));
            }
            Occasion::ResetPassword { user, token } => {
                context.insert("link", &self.links.to(Page::ResetPassword, *user, token));
            }
            Occasion::ConfirmNewAddress { user, token } => {
                context.insert("link", &self.links.to(Page::ChangeEmail, *user, token));
            }
            Occasion::LinkLoginMethod { user, provider, token }
            | Occasion::ConfirmLoginMethod { user, provider, token } => {
                context.insert("provider", provider);
                context.insert("link", &self.links.to(Page::LinkSocial, *user, token));
            }
            Occasion::LoginMethodAdded { provider } | Occasion::LoginMethodRemoved { provider } => {
                context.insert("provider", provider);
            }
            Occasion::AddressChangeRequested { new } | Occasion::AddressChanged { new } => {
                context.insert("new_address", new.as_str());
            }
            Occasion::RecoveryCodeUsed { left } | Occasion::FewRecoveryCodes { left } => {
                context.insert("left", left);
            }
            Occasion::NewDevice { device } => {
                context.insert("address", device.address.as_deref().unwrap_or("an unknown address"));
                context.insert("agent", device.agent.as_deref().unwrap_or("an unknown program"));
            }
            Occasion::PasswordChanged { ways } => {
                context.insert("ways", &ways.join(", "));
            }
            Occasion::AlreadyRegistered
            | Occasion::MfaEnabled
            | Occasion::MfaDisabled
            | Occasion::AccountDeleted => {}
        }
        context
    }

    fn try_out(&self, occasion: Occasion) -> Result<(), SetupError> {
        let (Ok(to), Ok(username)) = (EmailAddress::parse("ada@square.example"), Username::parse("ada"))
        else {
            return Ok(());
        };
        let name = occasion.name();
        let rendered = self.render(&Letter { to, username, occasion })?;
        if rendered.subject.is_empty() {
            return Err(SetupError::Template {
                name: format!("{name}.subject"),
                reason: "it gives an empty subject".to_owned(),
            });
        }
        Ok(())
    }
}

/// A header field has no line breaks; what looks like one in a subject is a blank.
fn one_line(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkSettings;
    use square_accounts::MailToken;
    use std::fs;

    fn links() -> Links {
        Links::new(&LinkSettings::for_public_url("https://square.example")).unwrap()
    }

    fn letter(occasion: Occasion) -> Letter {
        Letter {
            to: EmailAddress::parse("ada@lovelace.example").unwrap(),
            username: Username::parse("ada").unwrap(),
            occasion,
        }
    }

    fn confirm() -> Letter {
        let user = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0".parse().unwrap();
        letter(Occasion::ConfirmAddress { user, token: MailToken::received("s3cret") })
    }

    fn with(files: &[(&str, &str)]) -> Result<Letters, SetupError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, source) in files {
            fs::write(folder.path().join(name), source).unwrap();
        }
        Letters::new(links(), Some(folder.path()))
    }

    fn refused(files: &[(&str, &str)]) -> String {
        with(files).err().expect("the templates were accepted").to_string()
    }

    #[test]
    fn a_confirmation_letter_reads_well() {
        let letter = Letters::new(links(), None).unwrap().render(&confirm()).unwrap();
        insta::assert_snapshot!(format!("{}\n\n{}\n{}", letter.subject, letter.text, letter.html), @r#"
        Confirm your e-mail address

        Hello ada,

        please confirm that this is your e-mail address. Open

        https://square.example/verify/s3cret/MDE5MzJjMDctMWMyYi03ZDNlLThmNGEtNWI2YzdkOGU5ZmEw

        and press the button there. The link is good once.

        If you did not register with Square, leave the button alone: whoever did knows the password of this account. To have
        the account for yourself, set a new password instead, by "forgot password" at https://square.example.

        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Square</title></head>
        <body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">

        <p>Hello ada,</p>
        <p>please confirm that this is your e-mail address:</p>
        <p><a href="https://square.example/verify/s3cret/MDE5MzJjMDctMWMyYi03ZDNlLThmNGEtNWI2YzdkOGU5ZmEw">Confirm the address</a></p>
        <p>The link is good once. Should it not open, copy this into your browser:<br>https://square.example/verify/s3cret/MDE5MzJjMDctMWMyYi03ZDNlLThmNGEtNWI2YzdkOGU5ZmEw</p>
        <p>If you did not register with Square, leave the button alone: whoever did knows the password of this account. To have
        the account for yourself, set a new password instead, by "forgot password" at https://square.example.</p>

        <p style="color: #666">Square</p>
        </body>
        </html>
        "#);
    }

    #[test]
    fn a_letter_about_an_existing_account_reads_well() {
        let letter =
            Letters::new(links(), None).unwrap().render(&letter(Occasion::AlreadyRegistered)).unwrap();
        insta::assert_snapshot!(format!("{}\n\n{}\n{}", letter.subject, letter.text, letter.html), @r#"
        You already have an account

        Hello ada,

        somebody, probably you, tried to register with this e-mail address. It has an account already,
        and its name is ada. Sign in with it at

        https://square.example

        If that was not you, there is nothing to do: your account is as it was.

        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Square</title></head>
        <body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">

        <p>Hello ada,</p>
        <p>somebody, probably you, tried to register with this e-mail address. It has an account already,
        and its name is <b>ada</b>. <a href="https://square.example">Sign in</a> with it.</p>
        <p>If that was not you, there is nothing to do: your account is as it was.</p>

        <p style="color: #666">Square</p>
        </body>
        </html>
        "#);
    }

    #[test]
    fn html_is_escaped_and_text_is_not() {
        let source = "{{ public_url }}?a=1&b=<{{ username }}>{{ '<&>' }}";
        let letters = with(&[("confirm_address.html", source), ("confirm_address.txt", source)]).unwrap();
        let letter = letters.render(&confirm()).unwrap();
        assert!(letter.html.ends_with("?a=1&b=<ada>&lt;&amp;&gt;"), "{}", letter.html);
        assert!(letter.text.ends_with("?a=1&b=<ada><&>"), "{}", letter.text);
    }

    #[test]
    fn a_folder_replaces_some_templates_and_leaves_the_others() {
        let letters = with(&[
            ("confirm_address.subject", "  Welcome,\r\nBcc: {{ username }}\n"),
            ("layout.html", "<main>{% block body %}{% endblock %}</main>"),
            ("notes.md", "{{ not a template"),
        ]);
        let letter = letters.unwrap().render(&confirm()).unwrap();
        assert_eq!(letter.subject, "Welcome, Bcc: ada");
        assert!(letter.html.starts_with("<main>\n<p>Hello ada,</p>"), "{}", letter.html);
        assert!(letter.text.starts_with("Hello ada,"));
    }

    #[test]
    fn a_template_that_cannot_work_is_refused_by_name() {
        insta::assert_snapshot!(refused(&[("confirm_address.txt", "Hello {{ username")]), @"the letter template confirm_address.txt cannot be used: Unexpected end of input");
        insta::assert_snapshot!(refused(&[("confirm_address.html", "{% extends \"frame.html\" %}")]), @"the letter template confirm_address.html cannot be used: Template 'confirm_address.html' is inheriting from 'frame.html', which doesn't exist or isn't loaded.");
        insta::assert_snapshot!(refused(&[("confirm_address.txt", "{{ usrename }}")]), @"the letter template confirm_address.txt cannot be used: Variable `usrename` is not defined. Available variables: link, public_url, username");
        insta::assert_snapshot!(refused(&[("already_registered.txt", "{{ link }}")]), @"the letter template already_registered.txt cannot be used: Variable `link` is not defined. Available variables: public_url, username");
        insta::assert_snapshot!(refused(&[("confirm_address.subject", " \n")]), @"the letter template confirm_address.subject cannot be used: it gives an empty subject");
    }

    #[test]
    fn a_folder_that_is_not_there_is_refused() {
        let error = Letters::new(links(), Some(Path::new("/nowhere/letters"))).err().unwrap();
        insta::assert_snapshot!(error, @"mail.templates: /nowhere/letters cannot be read: No such file or directory (os error 2)");
    }

    #[test]
    fn a_new_password_is_told_with_the_ways_in_that_stay() {
        let letters = Letters::new(links(), None).unwrap();
        let told = |ways: &[&str]| {
            let ways = ways.iter().map(ToString::to_string).collect();
            letters.render(&letter(Occasion::PasswordChanged { ways })).unwrap()
        };
        let (some, none) = (told(&["GitHub", "Google"]), told(&[]));
        for text in [&some.text, &some.html] {
            assert!(text.contains("with GitHub, Google: that stays as it was"), "{text}");
        }
        for text in [&none.text, &none.html] {
            assert!(!text.contains("stays as it was") && text.contains("ways to sign in"), "{text}");
        }
    }
}
