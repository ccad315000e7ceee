//! What is stored and told of ways to sign in.

use super::TestDatabase;
use super::mfa::signed_in;
use super::skills::account;
use crate::Stores;
use jiff::{SignedDuration, Timestamp};
use square_accounts::ports::identity::{ExternalIdentity, Grant, KnownAddress, ShownText, Subject};
use square_accounts::ports::{
    AccountStore, Consequences, LinkedBy, Linking, LoginMethodId, LoginMethodStore, NewAccount,
    NewLoginMethod, NewSocialLink, Registration, SocialRegistration, Unlinking,
};
use square_accounts::{EmailAddress, MailToken, PasswordHash, Provider, TokenDigest};
use square_changes::ports::ChangeLog;
use square_changes::{Action, Channel};
use square_kernel::{OsRandomness, Secret, SystemClock, UserId};
use uuid::Uuid;

fn at(seconds: i64) -> Timestamp {
    Timestamp::constant(1_900_000_000, 0) + SignedDuration::from_secs(seconds)
}

pub(super) fn method(provider: Provider, name: &str) -> NewLoginMethod {
    let address = EmailAddress::parse("ada@example.org").unwrap();
    NewLoginMethod {
        id: LoginMethodId::new(&SystemClock, &OsRandomness),
        provider,
        identity: ExternalIdentity {
            subject: Subject::parse("1").unwrap(),
            email: Some(KnownAddress { address, vouched: true }),
            name: ShownText::new(name),
            first_name: ShownText::default(),
            last_name: ShownText::default(),
            user_name: ShownText::default(),
            grant: Grant {
                access_token: Some(Secret::new("gho_SecretAccess")),
                refresh_token: Some(Secret::new("ghr_SecretRefresh")),
                ..Grant::default()
            },
        },
        at: at(0),
    }
}

fn passwordless(name: &str) -> NewAccount {
    NewAccount { password: PasswordHash::none(), ..account(name) }
}

pub(super) async fn held(
    stores: &Stores,
    user: UserId,
    exists: bool,
    method: &NewLoginMethod,
) -> TokenDigest {
    let digest = MailToken::new(&OsRandomness).digest();
    let link = NewSocialLink { digest, user, exists, expires_at: at(3600) };
    assert!(stores.hold(&link, method, 9, Consequences::none()).await.unwrap());
    digest
}

/// What was recorded after `seen`: channel, action, thing and who may be told of it.
async fn recorded(stores: &Stores, seen: &mut u64) -> Vec<(Channel, Action, Uuid, Option<UserId>)> {
    let changes = stores.after(*seen, 100).await.unwrap();
    *seen += changes.len() as u64;
    changes
        .into_iter()
        .map(|change| (change.channel, change.action, change.entity, change.audience.owner))
        .collect()
}

#[tokio::test]
async fn each_change_of_a_way_in_is_told_to_its_owner() {
    let test = TestDatabase::new().await;
    let (stores, mut seen) = (test.stores(), 0);
    let (ada, github) = (passwordless("ada"), method(Provider::Github, "Ada"));
    let made = stores.register_by(&github, &ada, None, Consequences::none()).await.unwrap();
    assert!(matches!(made, SocialRegistration::Created(_)));
    let of = |channel, action, entity| (channel, action, entity, Some(ada.id));
    let created = [
        of(Channel::Person, Action::Create, ada.id.uuid()),
        of(Channel::LoginMethod, Action::Create, github.id.uuid()),
    ];
    assert_eq!(recorded(&stores, &mut seen).await, created);

    // New tokens are no news, a new name is. What is refused or only begun changes nothing.
    stores.recognise(Provider::Github, &github.identity, at(1)).await.unwrap().unwrap();
    held(&stores, ada.id, true, &method(Provider::Google, "Ada")).await;
    let refused =
        stores.register_by(&github, &passwordless("bob"), None, Consequences::none()).await.unwrap();
    assert_eq!(refused, SocialRegistration::IdentityTaken);
    let by = signed_in(&stores, ada.id).await;
    assert_eq!(
        stores.unlink(by, github.id, at(1), Consequences::none()).await.unwrap(),
        Ok(Unlinking::LastWayIn)
    );
    assert_eq!(recorded(&stores, &mut seen).await, []);
    let renamed = method(Provider::Github, "Ada Lovelace").identity;
    stores.recognise(Provider::Github, &renamed, at(2)).await.unwrap().unwrap();
    assert_eq!(
        recorded(&stores, &mut seen).await,
        [of(Channel::LoginMethod, Action::Update, github.id.uuid())]
    );

    let google = method(Provider::Google, "Ada");
    let linking = stores.link(ada.id, &google, LinkedBy::Owner(by), Consequences::none()).await.unwrap();
    assert!(matches!(linking, Ok(Linking::Linked { .. })));
    assert_eq!(
        recorded(&stores, &mut seen).await,
        [of(Channel::LoginMethod, Action::Create, google.id.uuid())]
    );
    let other = signed_in(&stores, ada.id).await.session;
    let unlinked = stores.unlink(by, google.id, at(3), Consequences::none()).await.unwrap();
    assert!(matches!(unlinked, Ok(Unlinking::Removed(_))));
    assert_eq!(
        recorded(&stores, &mut seen).await,
        [
            of(Channel::LoginMethod, Action::Delete, google.id.uuid()),
            (Channel::Session, Action::Delete, other.uuid(), None),
        ]
    );
}

#[tokio::test]
async fn taking_an_unconfirmed_account_over_is_told_with_all_that_ends() {
    let test = TestDatabase::new().await;
    let (stores, mut seen) = (test.stores(), 0);
    let ada = NewAccount { confirmed_at: None, ..account("ada") };
    let registered = stores.register(&ada, None, Consequences::none()).await.unwrap();
    assert!(matches!(registered, Registration::Created(_)));
    let (google, github) = (method(Provider::Google, "Mallory"), method(Provider::Github, "Ada"));
    let mallory = signed_in(&stores, ada.id).await;
    let linking = stores.link(ada.id, &google, LinkedBy::Owner(mallory), Consequences::none()).await.unwrap();
    assert!(linking.is_ok());
    let digest = held(&stores, ada.id, true, &github).await;
    recorded(&stores, &mut seen).await;
    let by = LinkedBy::Mailbox(&digest);
    let linking = stores.link(ada.id, &github, by, Consequences::none()).await.unwrap();
    assert!(linking.is_ok());
    let of = |channel, action, entity| (channel, action, entity, Some(ada.id));
    let wanted = [
        of(Channel::Person, Action::Update, ada.id.uuid()),
        of(Channel::LoginMethod, Action::Delete, google.id.uuid()),
        (Channel::Session, Action::Delete, mallory.session.uuid(), None),
        of(Channel::LoginMethod, Action::Create, github.id.uuid()),
    ];
    assert_eq!(recorded(&stores, &mut seen).await, wanted);
}

#[tokio::test]
async fn no_token_of_a_provider_stands_in_the_file_in_the_clear() {
    let test = TestDatabase::sqlite().await;
    let (stores, github) = (test.stores(), method(Provider::Github, "Ada"));
    let ada = passwordless("ada");
    stores.register_by(&github, &ada, None, Consequences::none()).await.unwrap();
    held(&stores, ada.id, true, &method(Provider::Google, "Ada")).await;
    let ways = stores.ways_in(ada.id).await.unwrap().unwrap();
    assert_eq!(ways.identities[0].grant, github.identity.grant, "they can be read back");

    let folder = test.path().parent().unwrap().to_owned();
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        files += usize::from(bytes.windows(3).any(|window| window == b"ada"));
        assert!(!bytes.windows(6).any(|window| window == b"Secret"));
    }
    assert!(files > 0, "it was looked where things are stored");
}

#[tokio::test]
async fn an_account_that_goes_takes_its_ways_in_along() {
    use crate::columns::Key;
    use crate::schema::accounts::accounts;
    use diesel::{QueryDsl, RunQueryDsl};

    let test = TestDatabase::new().await;
    let (stores, github) = (test.stores(), method(Provider::Github, "Ada"));
    let ada = passwordless("ada");
    stores.register_by(&github, &ada, None, Consequences::none()).await.unwrap();
    let id = Key(ada.id.uuid());
    let gone =
        test.database.write(move |connection| diesel::delete(accounts::table.find(id)).execute(connection));
    assert_eq!(gone.await.unwrap(), 1);
    assert_eq!(stores.recognise(Provider::Github, &github.identity, at(1)).await.unwrap(), None);
    assert_eq!(stores.ways_in(ada.id).await.unwrap(), None);
    let again = stores.register_by(&github, &passwordless("ada"), None, Consequences::none()).await.unwrap();
    assert!(matches!(again, SocialRegistration::Created(_)), "the identity is free again");
}
