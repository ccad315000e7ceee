/// From which web origins scripts may call. None of them sends cookies along; tokens are sent explicitly.
/// Programs that are no browsers send no origin and are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// From all.
    Any,
    /// From these, each as a browser writes it: scheme, host and, where it is not the scheme's own, port.
    Only(Vec<String>),
}

impl Origins {
    /// What an operator lists; `*` among it stands for all.
    pub fn listed(origins: &[String]) -> Self {
        if origins.iter().any(|origin| origin == "*") { Self::Any } else { Self::Only(origins.to_vec()) }
    }

    /// Whether scripts of this origin, the value of an `Origin` header, may call.
    pub fn allow(&self, origin: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Only(origins) => origins.iter().any(|allowed| allowed.as_bytes() == origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Origins;

    #[test]
    fn a_star_among_the_origins_stands_for_all() {
        let listed =
            |origins: &[&str]| Origins::listed(&origins.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(listed(&["https://app.example", "*"]), Origins::Any);
        let only = listed(&["https://app.example"]);
        assert!(only.allow(b"https://app.example") && Origins::Any.allow(b"null"));
        for other in
            ["http://app.example", "https://app.example:8443", "https://app.example.evil.example", "null", ""]
        {
            assert!(!only.allow(other.as_bytes()), "{other}");
        }
        assert!(!listed(&[]).allow(b"https://app.example"));
    }
}
