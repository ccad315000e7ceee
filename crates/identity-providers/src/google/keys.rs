//! A provider's public keys (JSON Web Key Set, RFC 7517), kept.

use crate::client::ProviderClient;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use square_accounts::ports::identity::IdentityError;
use square_kernel::{Clock, Unavailable};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::Instrument;

/// How long keys are kept whose answer does not say so, and the bounds of what it may say.
const USUAL_AGE: SignedDuration = SignedDuration::from_hours(1);
const SHORTEST_AGE: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_AGE: SignedDuration = SignedDuration::from_hours(24);

/// How long old keys are used while there are no new ones to be had. Longer, and a key that the provider has given up, since it
/// was stolen for example, would be believed for too long.
const STALE_AGE: SignedDuration = SignedDuration::from_hours(24);

/// How often keys are asked for at most: anybody can send tokens that name keys which do not exist.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// The same, where there are no keys at all: then nobody can sign in.
const SHORT_PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// The most keys that are taken.
const MOST: usize = 100;

/// A public key and the algorithm it is for.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) public: DecodingKey,
    pub(super) algorithm: Algorithm,
}

/// The keys of one provider.
pub(super) struct Keys(Arc<Shelf>);

struct Shelf {
    client: ProviderClient,
    url: String,
    clock: Arc<dyn Clock>,
    known: RwLock<Option<Arc<Known>>>,
    /// When keys were last asked for. The task that holds it asks.
    asked: Arc<Mutex<Option<Timestamp>>>,
}

/// Keys as they were fetched.
struct Known {
    keys: HashMap<String, Key>,
    fresh_until: Timestamp,
    good_until: Timestamp,
}

#[derive(Deserialize)]
struct KeySet {
    /// Each is read by itself: one of a kind that is not known here must not hide the others.
    keys: Vec<Value>,
}

impl Keys {
    pub(super) fn new(client: ProviderClient, url: String, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Shelf { client, url, clock, known: RwLock::default(), asked: Arc::default() }))
    }

    /// The key of that identifier, which has to be for that algorithm. A key that is not known is asked for at the provider, at
    /// most once a minute.
    pub(super) async fn get(&self, id: &str, algorithm: Algorithm) -> Result<Key, IdentityError> {
        let key = self.0.find(id).await?.filter(|key| key.algorithm == algorithm);
        key.ok_or(IdentityError::Rejected("the ID token is signed with a key that is not the provider's"))
    }
}

impl Shelf {
    async fn find(self: &Arc<Self>, id: &str) -> Result<Option<Key>, Unavailable> {
        let now = self.clock.now();
        let known = self.good(now);
        let key = known.as_ref().and_then(|known| known.keys.get(id)).cloned();
        let fresh = known.as_ref().is_some_and(|known| now < known.fresh_until);
        if key.is_some() && fresh {
            return Ok(key);
        }
        let asked = match (&key, Arc::clone(&self.asked).try_lock_owned()) {
            (_, Ok(asked)) => asked,
            // Somebody asks already, and an old key does until they are done.
            (Some(_), Err(_)) => return Ok(key),
            (None, Err(_)) => Arc::clone(&self.asked).lock_owned().await,
        };
        // In a task of its own: whoever asks may go away, and what was begun is for all who wait.
        let (this, wanted) = (Arc::clone(self), id.to_owned());
        let renewal = tokio::spawn(async move { this.renew(asked, &wanted).await }.in_current_span());
        renewal.await.map_err(Unavailable::new)?;
        let known = self.good(self.clock.now());
        known
            .map(|known| known.keys.get(id).cloned())
            .ok_or_else(|| Unavailable::new("the provider's keys are not known"))
    }

    /// Asks for keys, unless that was done a moment ago.
    async fn renew(&self, mut asked: OwnedMutexGuard<Option<Timestamp>>, id: &str) {
        let now = self.clock.now();
        let known = self.good(now);
        if known.as_ref().is_some_and(|known| now < known.fresh_until && known.keys.contains_key(id)) {
            // Whoever was waited for has brought it.
            return;
        }
        let pause = if known.is_some() { PAUSE } else { SHORT_PAUSE };
        // A clock that was put back must not make the pause a long one.
        if asked.is_some_and(|asked| asked <= now && now.duration_since(asked) < pause) {
            return;
        }
        *asked = Some(now);
        match self.client.within_half(self.fetch(now)).await {
            Ok(fetched) => {
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(fetched));
            }
            Err(error) => {
                tracing::warn!(
                    cause = error.chain(),
                    in_use = known.is_some(),
                    "an identity provider's keys cannot be fetched"
                );
            }
        }
    }

    /// The keys, unless they are too old.
    fn good(&self, now: Timestamp) -> Option<Arc<Known>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.filter(|known| now < known.good_until)
    }

    async fn fetch(&self, now: Timestamp) -> Result<Known, Unavailable> {
        let answer = self.client.send(self.client.get(&self.url)).await?;
        if answer.status.as_u16() != 200 {
            return Err(answer.unexpected("the address of its keys"));
        }
        let set: KeySet = answer.json()?;
        let keys: HashMap<_, _> = set.keys.into_iter().take(MOST).filter_map(key).collect();
        if keys.is_empty() {
            return Err(Unavailable::new("there is no usable key among those it sent"));
        }
        let age = answer.max_age().and_then(|age| SignedDuration::try_from(age).ok());
        let age = age.unwrap_or(USUAL_AGE).clamp(SHORTEST_AGE, LONGEST_AGE);
        let fresh_until = now.checked_add(age).unwrap_or(Timestamp::MAX);
        let good_until = fresh_until.checked_add(STALE_AGE).unwrap_or(Timestamp::MAX);
        Ok(Known { keys, fresh_until, good_until })
    }
}

/// A key that signs, under its identifier. Its kind decides the algorithm, whatever a token names.
fn key(value: Value) -> Option<(String, Key)> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        _ => return None,
    };
    let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    if !signs || jwk.common.key_algorithm.is_some_and(|said| said != named) {
        return None;
    }
    let public = DecodingKey::from_jwk(&jwk).ok()?;
    Some((jwk.common.key_id?, Key { public, algorithm }))
}
