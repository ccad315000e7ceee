use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// One thing a role allows, written `verb:thing`, such as `get:movies`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(Arc<str>);

impl Permission {
    /// Takes the text as it stands in the roles table or in a token.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text, `verb:thing`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All that somebody may do. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(Arc<BTreeSet<Permission>>);

impl Permissions {
    /// Whether `permission` (`verb:thing`) is among them.
    pub fn allow(&self, permission: &str) -> bool {
        self.0.iter().any(|held| held.as_str() == permission)
    }

    /// In alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &Permission> {
        self.0.iter()
    }
}

impl<'a> FromIterator<&'a str> for Permissions {
    fn from_iter<I: IntoIterator<Item = &'a str>>(permissions: I) -> Self {
        permissions.into_iter().map(Permission::new).collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(Arc::new(permissions.into_iter().collect()))
    }
}
