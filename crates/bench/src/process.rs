use crate::Outcome;
use serde::Serialize;
use std::path::PathBuf;

/// A running process, by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process(pub(crate) u32);

/// What a process holds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Footprint {
    /// Memory that is resident, in megabytes (10^6 bytes).
    pub(crate) megabytes: f64,
    /// Open files and sockets.
    pub(crate) descriptors: usize,
}

impl Process {
    /// As Linux tells it.
    pub(crate) fn footprint(self) -> Outcome<Footprint> {
        let folder = PathBuf::from(format!("/proc/{}", self.0));
        let status = std::fs::read_to_string(folder.join("status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        let kibibytes: f64 =
            resident.ok_or("the system does not tell what a process holds")?.trim().parse()?;
        let descriptors = std::fs::read_dir(folder.join("fd"))?.count();
        Ok(Footprint { megabytes: kibibytes * 1024.0 / 1e6, descriptors })
    }
}

impl Footprint {
    /// The most of either.
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            megabytes: self.megabytes.max(other.megabytes),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_counts() {
        let process = Process(std::process::id());
        let before = process.footprint().unwrap();
        let files: Vec<_> = (0..64).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        let with_them = process.footprint().unwrap();
        // Other tests of the process open and close theirs meanwhile.
        assert!(with_them.descriptors >= before.descriptors + files.len() / 2);
        assert!(with_them.megabytes > 0.0);
    }
}
