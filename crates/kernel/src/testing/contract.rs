//! What every implementation of [`Sealer`] and [`KeyedHash`] has to do.

use crate::{KeyedHash, SealBroken, Sealed, Sealer};

/// `make` makes a sealer of the key with the first of the numbers, which also knows the keys with the others.
pub fn sealer_rules<S: Sealer>(make: impl Fn(&[u8]) -> S) {
    let (old, both, new) = (make(&[1]), make(&[2, 1]), make(&[2]));
    assert_eq!(both.keys(), [new.current(), old.current()], "the current key comes first");
    assert_ne!(new.current(), old.current());

    let before = old.seal("purpose", b"before");
    let after = both.seal("purpose", b"after");
    assert_ne!(both.seal("purpose", b"after"), after, "no two are alike");
    let opened =
        |sealer: &S, purpose: &str, sealed: &Sealed| sealer.open(purpose, sealed).map(|plain| plain.to_vec());
    assert_eq!(opened(&both, "purpose", &before), Ok(b"before".to_vec()), "a previous key opens");
    assert_eq!(opened(&new, "purpose", &after), Ok(b"after".to_vec()), "the current key seals");
    assert_eq!(opened(&old, "purpose", &after), Err(SealBroken::UnknownKey(new.current())));
    assert_eq!(opened(&new, "purpose", &before), Err(SealBroken::UnknownKey(old.current())));
    for sealed in [&before, &after] {
        assert_eq!(opened(&both, "another", sealed), Err(SealBroken::Altered), "for its purpose only");
    }

    for sealer in [&old, &both, &new] {
        assert_eq!(sealer.key_of(&before), Some(old.current()), "also where it is unknown");
        assert_eq!(sealer.key_of(&after), Some(new.current()));
    }
    assert_eq!(both.key_of(&Sealed(Vec::new())), None);
    assert_eq!(opened(&both, "purpose", &Sealed(Vec::new())), Err(SealBroken::Altered));

    assert_eq!(both.renewed("purpose", &after), Ok(None), "there is nothing to do");
    let renewed = both.renewed("purpose", &before).expect("it opens").expect("it is under another key");
    assert_eq!(opened(&new, "purpose", &renewed), Ok(b"before".to_vec()));
    assert_eq!(new.renewed("purpose", &before), Err(SealBroken::UnknownKey(old.current())));
    assert_eq!(both.renewed("another", &before), Err(SealBroken::Altered), "nothing gets another purpose");
}

/// `make` makes a hash under the key with the first of the numbers, which also knows the keys with the others.
pub fn keyed_hash_rules<H: KeyedHash>(make: impl Fn(&[u8]) -> H) {
    let (old, both, new) = (make(&[1]), make(&[2, 1]), make(&[2]));
    let hash = |hash: &H| hash.hash("purpose", b"message");
    assert_eq!(hash(&both), hash(&new), "under the current key");
    assert_ne!(hash(&old), hash(&new));
    assert_eq!(both.hashes("purpose", b"message"), [hash(&new), hash(&old)], "the current one first");

    let matches = |by: &H, of: &H| by.matches("purpose", b"message", &hash(of));
    assert!(matches(&both, &old) && matches(&both, &new) && matches(&both, &both));
    assert!(!matches(&old, &new) && !matches(&new, &old));
    assert!(!both.matches("another", b"message", &hash(&old)));
    assert!(!both.matches("purpose", b"messagf", &hash(&old)));
    assert!(!both.matches("purpose", b"message", &hash(&old)[..31]), "whole ones only");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NamedHash, NamedSealer};

    fn names(numbers: &[u8]) -> Vec<[u8; 4]> {
        numbers.iter().map(|number| [*number; 4]).collect()
    }

    #[test]
    fn the_named_sealer_keeps_the_rules() {
        sealer_rules(|numbers| {
            let names = names(numbers);
            NamedSealer::new(&names[0], &names[1..].iter().collect::<Vec<_>>())
        });
    }

    #[test]
    fn the_named_hash_keeps_the_rules() {
        keyed_hash_rules(|numbers| {
            let names = names(numbers);
            NamedHash::new(&names[0], &names[1..].iter().collect::<Vec<_>>())
        });
    }
}
