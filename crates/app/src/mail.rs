use crate::settings::{MailTransport, Settings, SmtpSecurity as Security};
use square_accounts::ports::Postman;
use square_kernel::Clock;
use square_mail::{
    Composer, FilePostman, Letters, LinkSettings, Links, SetupError, SmtpPostman, SmtpSecurity, SmtpSettings,
};
use std::sync::Arc;
use std::time::Duration;

/// Who carries letters, as the settings say.
pub(crate) fn postman(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Arc<dyn Postman>, SetupError> {
    Ok(match settings.mail.transport {
        MailTransport::File => Arc::new(FilePostman::new(&settings.mail.folder, composer(settings, clock)?)),
        MailTransport::Smtp => Arc::new(smtp_postman(settings, clock)?),
    })
}

/// A mail server as the one who carries letters.
pub(crate) fn smtp_postman(settings: &Settings, clock: Arc<dyn Clock>) -> Result<SmtpPostman, SetupError> {
    SmtpPostman::new(smtp(settings), composer(settings, clock)?)
}

fn composer(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Composer, SetupError> {
    let mail = &settings.mail;
    let links = LinkSettings {
        public_url: public_url(settings),
        confirm: mail.links.confirm.clone(),
        reset: mail.links.reset.clone(),
        change_email: mail.links.change_email.clone(),
        link_social: mail.links.link_social.clone(),
    };
    let templates = (!mail.templates.as_os_str().is_empty()).then_some(mail.templates.as_path());
    let letters = Letters::new(Links::new(&links)?, templates)?;
    Composer::new(letters, &mail.from, clock)
}

/// Where people reach the server, for a command that runs beside it too. Which free port a server took, only
/// that server knows, and it has filled the setting.
pub(crate) fn public_url(settings: &Settings) -> String {
    let (http, bind) = (&settings.http, settings.http.bind);
    match bind.port() {
        _ if !http.public_url.is_empty() => http.public_url.clone(),
        0 => format!("http://{}", bind.ip()),
        _ => format!("http://{bind}"),
    }
}

fn smtp(settings: &Settings) -> SmtpSettings {
    let smtp = &settings.mail.smtp;
    let credentials = smtp.password.get().map(|password| (smtp.username.clone(), password.clone()));
    SmtpSettings {
        port: (smtp.port > 0).then_some(smtp.port),
        security: match smtp.security {
            Security::None => SmtpSecurity::None,
            Security::Starttls => SmtpSecurity::StartTls,
            Security::Tls => SmtpSecurity::Tls,
        },
        credentials,
        timeout: Duration::from_millis(smtp.timeout_ms),
        ..SmtpSettings::for_host(&smtp.host)
    }
}
