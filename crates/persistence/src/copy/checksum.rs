use crate::copy::rows::{Row, Value};
use sha2::{Digest, Sha256};

/// What a table held, or the part of it that was gone through: how many rows, and SHA-256 over each row's values and what
/// came before it. Equal on all databases for equal rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Checksum {
    pub(crate) rows: u64,
    pub(crate) digest: [u8; 32],
}

impl Checksum {
    /// Goes on with `rows`, which come next in the order of the key.
    pub(crate) fn add(&mut self, rows: &[Row]) {
        for row in rows {
            let mut hash = Sha256::new_with_prefix(self.digest);
            for value in row {
                feed(&mut hash, value);
            }
            self.digest = hash.finalize().into();
            self.rows += 1;
        }
    }
}

/// One for all tables.
pub(crate) fn fingerprint(tables: &[(&str, &Checksum)]) -> String {
    let mut hash = Sha256::new();
    for (name, checksum) in tables {
        feed_bytes(&mut hash, name.as_bytes());
        hash.update(checksum.rows.to_le_bytes());
        hash.update(checksum.digest);
    }
    hash.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Values are told apart by what they begin with, and none is the beginning of another.
fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Bytes(Some(bytes)) => {
            hash.update([1]);
            feed_bytes(hash, bytes);
        }
        Value::Text(Some(text)) => {
            hash.update([2]);
            feed_bytes(hash, text.as_bytes());
        }
        Value::Integer(Some(number)) => {
            hash.update([3]);
            hash.update(number.to_le_bytes());
        }
        Value::Bool(Some(is)) => hash.update([4, u8::from(*is)]),
        Value::Bytes(None) | Value::Text(None) | Value::Integer(None) | Value::Bool(None) => hash.update([0]),
    }
}

fn feed_bytes(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[Row]) -> Checksum {
        let mut checksum = Checksum::default();
        checksum.add(rows);
        checksum
    }

    fn texts(texts: &[&str]) -> Row {
        texts.iter().map(|text| Value::Text(Some((*text).to_owned()))).collect()
    }

    #[test]
    fn every_difference_counts() {
        let rows = [
            vec![],
            vec![texts(&["a", "b"])],
            vec![texts(&["ab", ""])],
            vec![texts(&["a"]), texts(&["b"])],
            vec![texts(&["b"]), texts(&["a"])],
            vec![texts(&[""])],
            vec![vec![Value::Text(None)]],
            vec![vec![Value::Bytes(Some(Vec::new()))]],
            vec![vec![Value::Bool(Some(false))]],
            vec![vec![Value::Integer(Some(0))]],
            vec![vec![Value::Integer(Some(-1))]],
        ];
        for (index, one) in rows.iter().enumerate() {
            for other in &rows[..index] {
                assert_ne!(of(one).digest, of(other).digest, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn it_can_be_gone_on_with() {
        let rows = [texts(&["a"]), texts(&["b"]), texts(&["c"])];
        let mut checksum = of(&rows[..1]);
        checksum.add(&rows[1..]);
        assert_eq!(checksum, of(&rows));
        assert_eq!(checksum.rows, 3);
    }
}
