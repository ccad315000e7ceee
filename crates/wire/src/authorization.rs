use crate::Fault;

/// The access token in the value of an `Authorization` header: `Bearer <token>`, or `Basic <token>`, which one
/// family of clients sends.
pub fn access_token(header: &[u8]) -> Result<&str, Fault> {
    let value = std::str::from_utf8(header).ok();
    let parts = value.and_then(|value| value.trim().split_once(' '));
    let (scheme, token) = parts.ok_or_else(Fault::bad_authorization)?;
    if ["bearer", "basic"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        Ok(token.trim())
    } else {
        Err(Fault::bad_authorization())
    }
}

#[cfg(test)]
mod tests {
    use super::access_token;

    #[test]
    fn both_schemes_are_taken_in_any_case() {
        for header in ["Bearer a.b.c", "Basic a.b.c", "bearer   a.b.c ", " BASIC a.b.c"] {
            assert_eq!(access_token(header.as_bytes()), Ok("a.b.c"), "{header}");
        }
    }

    #[test]
    fn anything_else_is_no_token() {
        for header in ["", "a.b.c", "Bearer", "Bearer ", "Digest a.b.c", "Bearera.b.c d"] {
            assert_eq!(access_token(header.as_bytes()).unwrap_err().status, 401, "{header}");
        }
        assert_eq!(access_token(b"Bearer \xff").unwrap_err().code, "invalid_token");
    }
}
