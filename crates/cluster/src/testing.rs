//! Stand-ins for the ports of this crate, and their contract suites.
