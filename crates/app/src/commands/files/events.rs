use super::{Exported, Kind, Row};
use crate::assembly::Square;
use crate::commands::user::login_name;
use serde_json::Value;
use square_accounts::ports::AccountStore;
use square_events::ports::{EventFilter, EventPosition};
use square_events::{Address, EventFields, EventTime, Venue};
use square_kernel::{FieldError, Invalid, Limit, Page, Unavailable, UserId, parse_date};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Events, with the names of their owners.
pub(in crate::commands) struct EventFiles<'a> {
    square: &'a Square,
    /// Whose the events are that no row names an owner of.
    owner: Option<String>,
    owners: HashMap<String, Option<UserId>>,
    names: HashMap<UserId, Value>,
}

impl<'a> EventFiles<'a> {
    pub(in crate::commands) fn new(square: &'a Square, owner: Option<String>) -> Self {
        Self { square, owner, owners: HashMap::new(), names: HashMap::new() }
    }

    /// The owner that a row names, or the one that is meant where it names none.
    async fn owner(&mut self, named: &str) -> Result<Result<UserId, FieldError>, Unavailable> {
        let named = match (named.trim(), &self.owner) {
            ("", Some(owner)) => owner.clone(),
            ("", None) => {
                return Ok(Err(FieldError::new("owner", "must be named, in the file or by --owner")));
            }
            (named, _) => named.to_owned(),
        };
        let found = match self.owners.entry(named) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                let account = match login_name(unknown.key()) {
                    Ok(login) => self.square.accounts.by_login(&login).await?,
                    Err(_) => None,
                };
                *unknown.insert(account.map(|account| account.id))
            }
        };
        Ok(found.ok_or(FieldError::new("owner", "must be the name or the address of an account")))
    }

    async fn name(&mut self, owner: UserId) -> Result<Value, Unavailable> {
        if let Some(name) = self.names.get(&owner) {
            return Ok(name.clone());
        }
        let account = self.square.stores.by_id(owner).await?;
        let name = account.map_or(Value::Null, |account| account.username.to_string().into());
        self.names.insert(owner, name.clone());
        Ok(name)
    }
}

impl Kind for EventFiles<'_> {
    const NAME: &'static str = "events";
    const COLUMNS: &'static [&'static str] = &["date", "time", "venue", "address", "owner"];
    type Item = (UserId, EventFields);
    type Position = EventPosition;

    async fn parse(&mut self, row: &Row) -> Result<Result<Self::Item, Invalid>, Unavailable> {
        let mut invalid = Invalid::default();
        let date = invalid.collect(parse_date("date", row.text("date")));
        let time = invalid.collect(EventTime::parse(row.text("time")));
        let venue = invalid.collect(Venue::parse(row.text("venue")));
        let address = invalid.collect(Address::parse(row.text("address")));
        let owner = invalid.collect(self.owner(row.text("owner")).await?);
        Ok(match (date, time, venue, address, owner) {
            (Some(date), Some(time), Some(venue), Some(address), Some(owner)) => {
                Ok((owner, EventFields { date, time, venue, address }))
            }
            _ => Err(invalid),
        })
    }

    async fn store(&self, items: Vec<Self::Item>) -> Result<(), Unavailable> {
        self.square.events.import(items).await
    }

    async fn page(&mut self, after: Option<EventPosition>) -> Result<Exported<EventPosition>, Unavailable> {
        let page = Page { limit: Limit::new(Limit::MAX).unwrap_or_default(), after };
        let slice = self.square.events.list(&EventFilter::default(), page).await?;
        let mut rows = Vec::with_capacity(slice.items.len());
        for event in slice.items {
            let owner = self.name(event.owner).await?;
            let (date, time) = (event.date.to_string(), event.time.as_sent());
            let (venue, address) = (event.venue.as_str(), event.address.as_str());
            rows.push(vec![date.into(), time.into(), venue.into(), address.into(), owner]);
        }
        Ok(Exported { rows, next: slice.next })
    }
}
