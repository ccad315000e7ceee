use async_trait::async_trait;
use std::io;
use std::net::IpAddr;

/// Finds the addresses of host names.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses of `name` at this moment; an error, or none, where it is not known.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        // The port is of no matter.
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }
}
