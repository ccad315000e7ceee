//! The parts of an export, read page by page as the client takes them, so that no amount of them is in memory at once.

use super::shapes::{EntryView, Head, OwnedSkill, StoredSession};
use crate::Failure;
use crate::api::State;
use crate::extract::SignedIn;
use crate::questions::shown;
use actix_web::web::Data;
use bytes::Bytes;
use futures::Stream;
use serde::Serialize;
use square_accounts::AccountData;
use square_accounts::ports::{AuditFilter, AuditPosition};
use square_companies::CompanyId;
use square_events::EventId;
use square_kernel::{Limit, Page, SessionId, Slice};
use square_routing::{HistoryFilter, QuestionId};
use square_skills::Listed;
use square_wire::{Company, Event, Fault, Skill, Training};
use std::sync::Arc;

/// So many rows are read at a time; of questions fewer, since their answers may be large.
const ROWS: u16 = 200;
const QUESTIONS: u16 = 20;

/// What comes next.
enum Next {
    /// What is no list, written already.
    Head(Bytes),
    Sessions(Option<SessionId>),
    /// Those that are left.
    Skills(std::vec::IntoIter<Arc<Listed>>),
    Questions(Option<QuestionId>),
    Events(Option<EventId>),
    Companies(Option<CompanyId>),
    Audit(Option<AuditPosition>),
    End,
}

pub(super) struct Parts {
    state: Data<State>,
    caller: SignedIn,
    next: Next,
    /// Whether the list that is under way has an item.
    begun: bool,
}

impl Parts {
    /// What begins with `data`.
    pub(super) fn new(state: Data<State>, caller: SignedIn, data: &AccountData) -> Result<Self, Failure> {
        let mut head = text(&Head::from(data))?;
        // The lists follow within the same object.
        head.truncate(head.len() - 1);
        Ok(Self { state, caller, next: Next::Head(head.into()), begun: false })
    }

    /// The JSON text.
    pub(super) fn stream(self) -> impl Stream<Item = Result<Bytes, Fault>> {
        futures::stream::try_unfold(self, |parts| async move {
            // The status has gone out already, so the client sees that the reply breaks off.
            parts.part().await.map_err(|Failure(fault)| fault)
        })
    }

    async fn part(mut self) -> Result<Option<(Bytes, Self)>, Failure> {
        let (state, caller) = (Data::clone(&self.state), self.caller.clone());
        let (services, asker, identity) = (&state.services, &caller.asker, &caller.identity);
        let mut part = Vec::new();
        let next = match std::mem::replace(&mut self.next, Next::End) {
            Next::Head(head) => {
                part.extend_from_slice(&head);
                part.extend_from_slice(b",\"sessions\":[");
                Next::Sessions(None)
            }
            Next::Sessions(after) => {
                let slice = services.accounts.all_sessions(identity, page(ROWS, after)).await?;
                self.begun = items(&mut part, self.begun, slice.items.iter().map(StoredSession::from))?;
                self.follow(&mut part, slice, Next::Sessions, "skills", || {
                    Next::Skills(services.skills.owned(asker).into_iter())
                })
            }
            Next::Skills(mut skills) => match skills.next() {
                Some(listed) => {
                    let skill = self.skill(&listed).await?;
                    self.begun = items(&mut part, self.begun, skill.into_iter())?;
                    Next::Skills(skills)
                }
                None => self.begin(&mut part, "questions", Next::Questions(None)),
            },
            Next::Questions(after) => {
                let all = HistoryFilter::default();
                let slice = services.router.history(asker, &all, page(QUESTIONS, after)).await?;
                let questions = shown(&state, &slice.items).await?;
                self.begun = items(&mut part, self.begun, questions.iter())?;
                self.follow(&mut part, slice, Next::Questions, "events", || Next::Events(None))
            }
            Next::Events(after) => {
                let slice = services.events.of_owner(identity.user, page(ROWS, after)).await?;
                self.begun = items(&mut part, self.begun, slice.items.iter().map(Event::from))?;
                self.follow(&mut part, slice, Next::Events, "companies", || Next::Companies(None))
            }
            Next::Companies(after) => {
                let slice = services.companies.of_owner(identity.user, page(ROWS, after)).await?;
                self.begun = items(&mut part, self.begun, slice.items.iter().map(Company::from))?;
                self.follow(&mut part, slice, Next::Companies, "audit", || Next::Audit(None))
            }
            Next::Audit(after) => {
                let filter = AuditFilter::default();
                let slice = services.accounts.own_audit(identity, &filter, page(ROWS, after)).await?;
                self.begun = items(&mut part, self.begun, slice.items.iter().map(EntryView::from))?;
                if slice.next.is_none() {
                    part.extend_from_slice(b"]}\n");
                }
                slice.next.map_or(Next::End, |last| Next::Audit(Some(last)))
            }
            Next::End => return Ok(None),
        };
        self.next = next;
        Ok(Some((part.into(), self)))
    }

    /// The next page of the same list or, behind its last one, the list called `name`.
    fn follow<T, K>(
        &mut self,
        part: &mut Vec<u8>,
        slice: Slice<T, K>,
        same: impl Fn(Option<K>) -> Next,
        name: &str,
        other: impl FnOnce() -> Next,
    ) -> Next {
        match slice.next {
            Some(last) => same(Some(last)),
            None => self.begin(part, name, other()),
        }
    }

    fn begin(&mut self, part: &mut Vec<u8>, name: &str, next: Next) -> Next {
        part.extend_from_slice(format!("],\"{name}\":[").as_bytes());
        self.begun = false;
        next
    }

    /// One skill with what it was trained with; `None` when it is gone meanwhile.
    async fn skill(&self, listed: &Listed) -> Result<Option<OwnedSkill>, Failure> {
        let (skills, asker) = (&self.state.services.skills, &self.caller.asker);
        let id = listed.skill.id;
        let training = match skills.training(asker, id).await {
            Ok(training) => training,
            Err(square_skills::OwnerError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let examples = skills.examples(asker, id).await?;
        let (train, dev) = examples.map(|set| (set.train.to_vec(), set.dev.to_vec())).unwrap_or_default();
        Ok(Some(OwnedSkill {
            skill: Skill::new(listed),
            training: training.map(|(record, done)| Training::new(&record, done)),
            train_examples: train,
            dev_examples: dev,
        }))
    }
}

fn page<K>(rows: u16, after: Option<K>) -> Page<K> {
    Page { limit: Limit::new(rows).unwrap_or_default(), after }
}

/// Adds items to a list; whether it has any now.
fn items(
    part: &mut Vec<u8>,
    begun: bool,
    items: impl Iterator<Item = impl Serialize>,
) -> Result<bool, Failure> {
    let mut begun = begun;
    for item in items {
        if begun {
            part.push(b',');
        }
        part.extend(text(&item)?);
        begun = true;
    }
    Ok(begun)
}

fn text(item: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(item).map_err(|error| {
        tracing::error!(%error, "a part of an export cannot be written");
        Failure(Fault::internal())
    })
}
