//! Stand-ins for the ports of this crate, for tests.
