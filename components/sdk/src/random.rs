//! Random bytes, which a service is given, so that a test can choose them.

use crate::clock::Clock;
use uuid::Uuid;

/// Makes random bytes that are beyond guessing.
pub trait Random {
    /// Overwrites all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// A UUID of version 7 (RFC 9562 section 5.7): the time, then 74 random bits, so that newer
    /// rows come after older ones.
    fn uuid_v7(&self, clock: &impl Clock) -> Uuid
    where
        Self: Sized,
    {
        let mut random = [0; 10];
        self.fill(&mut random);
        let milliseconds = u64::try_from(clock.now_ms()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
    }
}

/// The operating system's source; in a component, `wasi:random`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// If the system has no randomness: a guessable token is worse than a failed request.
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system's random source works");
    }
}

#[cfg(test)]
#[cfg(feature = "native")]
mod tests;
