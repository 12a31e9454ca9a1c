//! Revoked tokens: they no longer work, although they have not expired.
//!
//! A revocation matters only until the last token that it ends has expired. So their
//! [log](super::durable_view) stays as short as the revocations of some minutes: older ones are
//! left out when it is read, and when it is rewritten.

use super::KeysError;
use super::durable_view::{DurableView, View};
use super::token::{LEEWAY_SECONDS, LIFETIME_SECONDS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// How long a revocation is kept, in seconds: longer than any access token lives, with room for
/// clocks that differ.
const KEPT_SECONDS: u64 = LIFETIME_SECONDS_MAX as u64 + LEEWAY_SECONDS + 60;

/// A line of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Revocation {
    Session {
        at: u64,
        session: String,
    },
    Subject {
        at: u64,
        subject: String,
        security_version_min: u64,
        except: Option<String>,
    },
}

/// The revocations that matter now.
#[derive(Debug, Clone, Default)]
pub(super) struct RevocationView {
    /// The time of each session's revocation, in seconds since 1970.
    sessions: HashMap<Arc<str>, u64>,
    subjects: HashMap<Arc<str>, SubjectRevocation>,
}

#[derive(Debug, Clone)]
struct SubjectRevocation {
    at: u64,
    security_version_min: u64,
    except: Option<String>,
}

impl RevocationView {
    /// Whether it revokes a token of this subject, security version, and session.
    pub(super) fn revokes(&self, subject: &str, security_version: u64, session: &str) -> bool {
        self.sessions.contains_key(session)
            || self.subjects.get(subject).is_some_and(|entry| {
                security_version < entry.security_version_min
                    && entry.except.as_deref() != Some(session)
            })
    }
}

impl View for RevocationView {
    type Change = Revocation;

    const FILE_NAME: &'static str = "revocations.jsonl";
    const LINE: &'static str = "a revocation";
    const LOSS: &'static str = "then revoked tokens work again until they expire";

    fn apply(&mut self, entry: Revocation) {
        match entry {
            Revocation::Session { at, session } => {
                self.sessions.insert(session.into(), at);
            }
            Revocation::Subject {
                at,
                subject,
                security_version_min,
                except,
            } => {
                let entry = SubjectRevocation {
                    at,
                    security_version_min,
                    except,
                };
                let known = self
                    .subjects
                    .entry(subject.into())
                    .or_insert_with(|| entry.clone());
                // A repeat must not weaken the known one: neither an older one, nor one that spares
                // another session.
                if entry.security_version_min > known.security_version_min {
                    *known = entry;
                } else if entry.security_version_min == known.security_version_min {
                    known.at = known.at.max(entry.at);
                    if known.except != entry.except {
                        known.except = None;
                    }
                }
            }
        }
    }

    fn forget(&mut self) {
        let time = now_seconds().saturating_sub(KEPT_SECONDS);
        self.sessions.retain(|_, at| *at >= time);
        self.subjects.retain(|_, entry| entry.at >= time);
    }

    fn changes(&self) -> impl Iterator<Item = Revocation> {
        let sessions = self
            .sessions
            .iter()
            .map(|(session, at)| Revocation::Session {
                at: *at,
                session: session.to_string(),
            });
        let subjects = self
            .subjects
            .iter()
            .map(|(subject, entry)| Revocation::Subject {
                at: entry.at,
                subject: subject.to_string(),
                security_version_min: entry.security_version_min,
                except: entry.except.clone(),
            });
        sessions.chain(subjects)
    }

    fn len(&self) -> usize {
        self.sessions.len() + self.subjects.len()
    }
}

/// The revocations of the host.
pub(super) struct Revocations(DurableView<RevocationView>);

impl Revocations {
    pub(super) fn open(folder: &Path) -> Result<Self, KeysError> {
        DurableView::open(folder).map(Self)
    }

    pub(super) fn view(&self) -> arc_swap::Guard<Arc<RevocationView>> {
        self.0.load()
    }

    /// Revokes a session's tokens. On return the revocation is durable.
    pub(super) fn revoke_session(&self, session: &str) -> std::io::Result<()> {
        self.add(Revocation::Session {
            at: now_seconds(),
            session: session.to_owned(),
        })
    }

    /// Revokes a subject's tokens below a security version, except those of one session. On return
    /// the revocation is durable.
    pub(super) fn revoke_subject(
        &self,
        subject: &str,
        security_version_min: u64,
        except: Option<&str>,
    ) -> std::io::Result<()> {
        self.add(Revocation::Subject {
            at: now_seconds(),
            subject: subject.to_owned(),
            security_version_min,
            except: except.map(str::to_owned),
        })
    }

    fn add(&self, revocation: Revocation) -> std::io::Result<()> {
        self.0.change(|_| Ok(Some(revocation)))
    }
}

/// Seconds since 1970 by the machine's clock. Tokens expire by the host's
/// [time](crate::wall_clock::TimeSource), which never runs slower: none outlives its revocation.
fn now_seconds() -> u64 {
    jsonwebtoken::get_current_timestamp()
}
