//! Reads a plan, and refuses each word that it does not understand: without its fault, a test would
//! pass.

use super::{Call, Code, Fault, FaultKind, Lasting, Model, Operation, Plan, PowerLoss, When};
use std::fmt::Display;
use std::str::FromStr;

/// The word of a plan that cannot be understood, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}`: {why}")]
pub struct PlanError {
    /// The word, as it is in the plan.
    pub word: String,
    /// Why it is not understood.
    pub why: String,
}

impl PlanError {
    fn new(word: &str, why: impl Display) -> Self {
        Self {
            word: word.to_owned(),
            why: why.to_string(),
        }
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let mut plan = Self::default();
        let mut rest = text.trim();
        if let Some(after) = rest.strip_prefix("after-start")
            && !after.starts_with(|next: char| next != ';' && !next.is_whitespace())
        {
            plan.is_after_start = true;
            rest = after;
        }
        for part in rest.split(';') {
            plan.add(part.trim())?;
        }
        Ok(plan)
    }
}

impl Plan {
    fn add(&mut self, part: &str) -> Result<(), PlanError> {
        let mut words = part.split_whitespace();
        let Some(verb) = words.next() else {
            return Ok(());
        };
        let mut words = Words::read(verb, words)?;
        let kind = match verb {
            "error" => FaultKind::Error {
                operation: words.one_of("op", Operation::ALL, Operation::as_str)?,
                code: words.one_of("code", Code::ALL, Code::as_str)?,
                lasting: words.lasting()?,
            },
            "power-loss" => FaultKind::PowerLoss(PowerLoss {
                model: words.one_of("model", Model::ALL, Model::as_str)?,
                seed: words.seed()?,
            }),
            "crash" => FaultKind::Crash {
                call: words.call()?,
                when: words.when()?,
            },
            "trap" => FaultKind::Trap {
                call: words.call()?,
                when: words.when()?,
            },
            _ => {
                self.set(verb)?;
                return words.finish();
            }
        };
        self.faults.push(Fault {
            text: part.to_owned(),
            store: words.store()?,
            at: words.place()?,
            kind,
        });
        words.finish()
    }

    /// Does what a single word says.
    fn set(&mut self, word: &str) -> Result<(), PlanError> {
        match word.split_once('=') {
            None if word == "count" => self.count = true,
            Some(("synchronous", "normal")) => self.is_synchronous_normal = true,
            Some(("page-cache", file)) if !file.is_empty() => self.page_cache = Some(file.into()),
            _ => return Err(PlanError::new(word, "no such verb")),
        }
        Ok(())
    }
}

/// The words of one fault that have not been understood yet.
struct Words<'a> {
    verb: &'a str,
    pairs: Vec<(&'a str, &'a str, &'a str)>,
}

impl<'a> Words<'a> {
    fn read(verb: &'a str, words: impl Iterator<Item = &'a str>) -> Result<Self, PlanError> {
        let mut pairs: Vec<(&str, &str, &str)> = Vec::new();
        for word in words {
            let (key, value) = word
                .split_once('=')
                .ok_or_else(|| PlanError::new(word, "not a `key=value`"))?;
            if pairs.iter().any(|(_, known, _)| *known == key) {
                return Err(PlanError::new(word, "its key occurs twice"));
            }
            pairs.push((word, key, value));
        }
        Ok(Self { verb, pairs })
    }

    /// The word of a key and its value, if it is there.
    fn take(&mut self, key: &str) -> Option<(&'a str, &'a str)> {
        let place = self.pairs.iter().position(|(_, known, _)| *known == key)?;
        let (word, _, value) = self.pairs.remove(place);
        Some((word, value))
    }

    fn required(&mut self, key: &str) -> Result<(&'a str, &'a str), PlanError> {
        self.take(key)
            .ok_or_else(|| PlanError::new(self.verb, format_args!("it has no `{key}`")))
    }

    fn store(&mut self) -> Result<Option<String>, PlanError> {
        match self.required("store")? {
            (word, "") => Err(PlanError::new(word, "no store has no name")),
            (_, "*") => Ok(None),
            (_, name) => Ok(Some(name.to_owned())),
        }
    }

    fn one_of<T: Copy>(
        &mut self,
        key: &str,
        all: &[T],
        as_str: impl Fn(T) -> &'static str,
    ) -> Result<T, PlanError> {
        let (word, value) = self.required(key)?;
        let found = all.iter().copied().find(|one| as_str(*one) == value);
        found.ok_or_else(|| {
            let words: Vec<_> = all.iter().map(|one| as_str(*one)).collect();
            PlanError::new(word, format_args!("there are {}", words.join(", ")))
        })
    }

    fn place(&mut self) -> Result<u64, PlanError> {
        let (word, value) = self.required("at")?;
        match value.parse() {
            Ok(at) if at > 0 => Ok(at),
            _ => Err(PlanError::new(word, "not a number from 1")),
        }
    }

    fn seed(&mut self) -> Result<u64, PlanError> {
        let Some((word, value)) = self.take("seed") else {
            return Ok(0);
        };
        value
            .parse()
            .map_err(|_| PlanError::new(word, "not a number"))
    }

    fn lasting(&mut self) -> Result<Lasting, PlanError> {
        match self.take("for") {
            None | Some((_, "once")) => Ok(Lasting::Once),
            Some((_, "good")) => Ok(Lasting::Good),
            Some((word, _)) => Err(PlanError::new(word, "there are once, good")),
        }
    }

    fn call(&mut self) -> Result<Call, PlanError> {
        self.one_of("call", Call::ALL, Call::as_str)
    }

    fn when(&mut self) -> Result<When, PlanError> {
        self.one_of("when", When::ALL, When::as_str)
    }

    fn finish(self) -> Result<(), PlanError> {
        match self.pairs.first() {
            None => Ok(()),
            Some((word, _, _)) => Err(PlanError::new(
                word,
                format_args!("`{}` has no such key", self.verb),
            )),
        }
    }
}
