//! What is wrong with a registry: file, line, key, and what to do.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One mistake in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryProblem {
    /// The registry's file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The key, such as `services.auth.limits.memory`; empty for a mistake of the whole file.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for RegistryProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.display(), self.in_file())
    }
}

impl RegistryProblem {
    /// The problem without the name of the file, for one who knows it under another name.
    pub fn in_file(&self) -> String {
        match &*self.key {
            "" => format!("{}: {}", self.line, self.message),
            key => format!("{}: {key}: {}", self.line, self.message),
        }
    }
}

/// All mistakes in a registry, in the order of their lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RegistryProblems(pub Vec<RegistryProblem>);

impl fmt::Display for RegistryProblems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{problem}")?;
        }
        Ok(())
    }
}

/// Collects problems, so that one run reports them all.
#[derive(Debug)]
pub(super) struct Collector<'a> {
    file: &'a Path,
    text: &'a str,
    problems: RefCell<Vec<RegistryProblem>>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str) -> Self {
        Self {
            file,
            text,
            problems: RefCell::default(),
        }
    }

    /// Adds a problem at a place of the text.
    pub(super) fn add(&self, span: Range<usize>, key: &str, message: impl Into<String>) {
        self.problems.borrow_mut().push(RegistryProblem {
            file: self.file.to_owned(),
            line: self.line_of(span.start),
            key: key.to_owned(),
            message: message.into(),
        });
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        1 + self.text.as_bytes()[..end]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
    }

    /// The problems, in the order of their lines.
    pub(super) fn finish(self) -> Vec<RegistryProblem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems
    }
}
