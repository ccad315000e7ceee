//! What errors look like to clients.

use square_kernel::Unavailable;
use square_wire::Fault;

#[test]
fn whatever_is_unavailable_says_when_to_come_back() {
    for fault in [Fault::from(&Unavailable::new("the disk is full")), Fault::transport(503, "stopping")] {
        assert_eq!((fault.status, fault.retry_after), (503, Some(5)), "{fault}");
    }
    assert_eq!(Fault::transport(400, "broken").retry_after, None);
}

#[test]
fn the_names_of_types_are_the_clients() {
    for (parser, client) in [
        ("invalid type: string \"5\", expected i64", "invalid type: string \"5\", expected a whole number"),
        (
            "invalid value: integer `-1`, expected u32 at line 1 column 9",
            "invalid value: integer `-1`, expected a whole number",
        ),
        (
            "invalid type: integer `5`, expected struct Options",
            "invalid type: integer `5`, expected an object",
        ),
        ("invalid type: integer `5`, expected a string", "invalid type: integer `5`, expected a string"),
    ] {
        assert_eq!(Fault::wrong_type("after", parser).details[0].message, client);
    }
}
