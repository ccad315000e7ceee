//! Change events as JSON.

use square_changes::{Action, Audience, Change, ChangeId, Channel};
use square_kernel::jiff::Timestamp;
use square_kernel::{UserId, uuid::Uuid};
use square_wire::ChangeMessage;

#[test]
fn a_message_says_what_changed_and_nothing_else() {
    let change = Change {
        number: 7,
        id: ChangeId::from(Uuid::from_u128(1)),
        channel: Channel::LoginMethod,
        action: Action::Update,
        entity: Uuid::from_u128(2),
        audience: Audience {
            everybody: false,
            owner: Some(UserId::from(Uuid::from_u128(3))),
            permission: Some("read:person".to_owned()),
        },
        at: Timestamp::constant(1_767_225_600, 250_000_000),
    };
    let message = ChangeMessage::from(&change);
    insta::assert_json_snapshot!(message, @r#"
    {
      "id": "00000000-0000-0000-0000-000000000001",
      "channel": "login_method",
      "event": "update",
      "entity_id": "00000000000000000000000000000002",
      "at": "2026-01-01T00:00:00.25Z"
    }
    "#);
    let json = serde_json::to_string(&message).unwrap();
    assert_eq!(serde_json::from_str::<ChangeMessage>(&json).unwrap(), message);
}
