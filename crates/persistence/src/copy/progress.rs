use crate::copy::tables::Table;

/// What a copy is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyPhase {
    /// Writing rows of the source to the target.
    Copying,
    /// Reading what one of the databases holds.
    Checking,
}

/// How far a copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// What it is doing.
    pub phase: CopyPhase,
    /// With which table.
    pub table: &'static str,
    /// How many rows of all tables are done in this phase. What an earlier run copied is gone through again, fast.
    pub done: u64,
    /// How many rows of all tables there are to do.
    pub total: u64,
}

/// One phase, told step by step.
pub(crate) struct Progress<'t> {
    phase: CopyPhase,
    done: u64,
    total: u64,
    tell: &'t mut dyn FnMut(CopyProgress),
}

impl<'t> Progress<'t> {
    pub(crate) fn of(phase: CopyPhase, total: u64, tell: &'t mut dyn FnMut(CopyProgress)) -> Self {
        Self { phase, done: 0, total, tell }
    }

    pub(crate) fn add(&mut self, table: &Table, rows: usize) {
        self.done += rows as u64;
        let Self { phase, done, total, .. } = *self;
        (self.tell)(CopyProgress { phase, table: table.name, done, total });
    }
}
