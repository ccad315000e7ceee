//! What an agent's card says.

use crate::failure::malformed;
use crate::reply::{Object, object};
use serde_json::Value;
use square_skills::SkillFailure;
use url::Url;

/// Where a card stands below the address of an agent.
pub(crate) const CARD: &str = ".well-known/agent-card.json";

/// The versions of the protocol that are spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V0,
}

/// What an agent's card says of how to talk to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) version: Version,
}

/// Whether this is an agent's card.
pub(crate) fn is_card(place: &Url, reply: Value) -> bool {
    object(reply, "").and_then(|card| endpoint(place, &card)).is_ok()
}

/// What a card that stands at `place` says. Agents are talked to where they are registered: another host would see the
/// secret that was given for this one.
pub(super) fn endpoint(place: &Url, card: &Object) -> Result<Endpoint, SkillFailure> {
    let mut offered = interfaces(card);
    offered.sort_by_key(|(version, _)| *version == Version::V0);
    let (version, url) = offered
        .into_iter()
        .next()
        .ok_or_else(|| malformed("the agent's card names no JSON-RPC interface of version 1.0 or 0.3"))?;
    let url = place.join(url).map_err(|_| malformed("the agent's card names an address that is no URL"))?;
    if url.origin() != place.origin() {
        return Err(malformed("the agent's card names an address at another host than the one registered"));
    }
    Ok(Endpoint { url, version })
}

/// The JSON-RPC interfaces that a card names, in its order.
fn interfaces(card: &Object) -> Vec<(Version, &str)> {
    let text = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(Value::Array(interfaces)) = card.get("supportedInterfaces") {
        let usable = interfaces.iter().filter_map(|one| {
            let rpc = text(one, "protocolBinding").is_some_and(|binding| is_rpc(&binding));
            let version = version(text(one, "protocolVersion").as_deref().unwrap_or("1.0"))?;
            one.get("url").and_then(Value::as_str).filter(|_| rpc).map(|url| (version, url))
        });
        return usable.collect();
    }
    let main = card.get("preferredTransport").and_then(Value::as_str).unwrap_or("JSONRPC");
    let main = card.get("url").and_then(Value::as_str).filter(|_| is_rpc(main));
    let others = card.get("additionalInterfaces").and_then(Value::as_array).map(Vec::as_slice);
    let others = others.unwrap_or_default().iter().filter_map(|one| {
        let rpc = text(one, "transport").is_some_and(|transport| is_rpc(&transport));
        one.get("url").and_then(Value::as_str).filter(|_| rpc)
    });
    main.into_iter().chain(others).map(|url| (Version::V0, url)).collect()
}

fn is_rpc(binding: &str) -> bool {
    binding.eq_ignore_ascii_case("JSONRPC")
}

fn version(text: &str) -> Option<Version> {
    match text.split('.').next() {
        Some("1") => Some(Version::V1),
        Some("0") => Some(Version::V0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    fn place() -> Url {
        Url::parse("https://a.example/agent/.well-known/agent-card.json").unwrap()
    }

    fn found(card: Value) -> Result<(String, Version), SkillFailure> {
        let endpoint = endpoint(&place(), &object(card, "the card").unwrap())?;
        Ok((endpoint.url.to_string(), endpoint.version))
    }

    #[test]
    fn cards_of_both_versions_are_read() {
        let one = value!({"supportedInterfaces": [
            {"url": "https://a.example/grpc", "protocolBinding": "GRPC", "protocolVersion": "1.0"},
            {"url": "https://a.example/old", "protocolBinding": "JSONRPC", "protocolVersion": "0.3"},
            {"url": "https://a.example/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        ]});
        assert_eq!(found(one), Ok(("https://a.example/rpc".into(), Version::V1)));
        let plain = value!({"url": "https://a.example/a2a", "protocolVersion": "0.3.0", "name": "Films"});
        assert_eq!(found(plain), Ok(("https://a.example/a2a".into(), Version::V0)));
        let other = value!({"url": "https://a.example/grpc", "preferredTransport": "GRPC", "additionalInterfaces": [
            {"url": "https://a.example/rest", "transport": "HTTP+JSON"},
            {"url": "https://a.example/rpc", "transport": "JSONRPC"},
        ]});
        assert_eq!(found(other), Ok(("https://a.example/rpc".into(), Version::V0)));
    }

    #[test]
    fn a_card_leads_to_no_other_host() {
        for url in [
            "https://b.example/rpc",
            "http://a.example/rpc",
            "https://a.example:8443",
            "//b.example",
            "file:///etc",
        ] {
            let wanted = "the agent's card names an address at another host than the one registered";
            assert_eq!(found(value!({"url": url})), Err(malformed(wanted)), "{url}");
        }
        let none = "the agent's card names no JSON-RPC interface of version 1.0 or 0.3";
        for card in [value!({}), value!({"supportedInterfaces": []}), value!({"url": 7})] {
            assert_eq!(found(card), Err(malformed(none)));
        }
    }
}
