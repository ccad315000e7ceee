//! How often this server calls addresses that somebody just thought of. Budgets are kept by [`Limits`](square_limits::ports::Limits),
//! for all instances together.

use crate::SkillUrl;
use crate::service::Shared;
use square_kernel::{UserId, Whereabouts};
use square_limits::{Charge, LimitError, LimitKey, Quota};
use std::net::IpAddr;
use url::{Host, Url};

/// How often addresses may be probed, be it to find out a protocol or to check a skill; `None` for as often as one likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProbePolicy {
    /// For one account.
    pub per_owner: Option<Quota>,
    /// One host, whoever wants it probed and at whatever port and path: an address of version 4, all of version 6 that begin with
    /// the same 64 bits, or a name.
    pub per_host: Option<Quota>,
}

impl Shared {
    /// Counts one probe before it is made.
    pub(crate) async fn count_probe(&self, owner: UserId, url: &SkillUrl) -> Result<(), LimitError> {
        let charge = |quota: Option<Quota>, purpose, subject: &[u8]| {
            Some(Charge { key: LimitKey(self.parts.keyed_hash.hash(purpose, subject)), quota: quota? })
        };
        let policy = &self.parts.probing;
        let own = charge(policy.per_owner, "limit-probe-for-owner", owner.uuid().as_bytes());
        let hosts = charge(policy.per_host, "limit-probe-of-host", &url.host());
        self.parts.limits.spend_all([own, hosts], self.parts.clock.now()).await
    }
}

impl SkillUrl {
    /// What is counted as one host, see [`ProbePolicy::per_host`]. No name ends with a dot here, as it may where it is called.
    pub fn host(&self) -> Vec<u8> {
        let place = |address: IpAddr| Whereabouts::from(address).as_bytes().to_vec();
        match Url::parse(self.as_str()).ok().and_then(|url| url.host().map(|host| host.to_owned())) {
            Some(Host::Ipv4(address)) => place(address.into()),
            Some(Host::Ipv6(address)) => place(address.into()),
            Some(Host::Domain(name)) => name.trim_end_matches('.').as_bytes().to_vec(),
            None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Vec<u8> {
        SkillUrl::parse(url).unwrap().host()
    }

    #[test]
    fn a_host_is_one_whatever_it_is_called_by() {
        for alike in ["https://Films.example/a", "http://films.example.:8080", "http://FILMS.EXAMPLE/b/c"] {
            assert_eq!(of(alike), b"films.example", "{alike}");
        }
        assert_eq!(of("http://192.0.2.1"), of("https://[::ffff:192.0.2.1]:8443/a"));
        assert_eq!(of("http://192.0.2.1"), of("http://3221225985"));
        assert_eq!(of("http://[2001:db8::1]"), of("http://[2001:db8::2]"));
        assert_ne!(of("http://192.0.2.1"), of("http://192.0.2.2"));
    }
}
