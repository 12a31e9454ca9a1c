//! Revoked tokens: they no longer work, although they have not expired.
//!
//! The log has one JSON object a line, appended and fsynced before a revocation is acknowledged. In
//! memory it is a view that requests read without a lock. A revocation matters only until the last
//! token that it ends has expired. So the log stays as short as the revocations of some minutes:
//! older ones are left out when the log is read, and when it is rewritten.
//!
//! A last line without its end was never acknowledged, and is ignored. Any other line that cannot
//! be read stops the host: it cannot know which tokens to refuse.

use super::KeysError;
use super::token::{LEEWAY_SECONDS, LIFETIME_SECONDS_MAX, now_seconds};
use crate::durable_file::{open_to_append, replace};
use crate::private_file;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FILE_NAME: &str = "revocations.jsonl";
/// How long a revocation is kept, in seconds: longer than any access token lives, with room for
/// clocks that differ.
const KEPT_SECONDS: u64 = LIFETIME_SECONDS_MAX as u64 + LEEWAY_SECONDS + 60;
/// The log is rewritten when it has this many lines more than the view has entries.
const STALE_LINES_MAX: usize = 10_000;

/// A line of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
enum Revocation {
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

    fn len(&self) -> usize {
        self.sessions.len() + self.subjects.len()
    }

    fn add(&mut self, entry: Revocation) {
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

    fn forget_before(&mut self, time: u64) {
        self.sessions.retain(|_, at| *at >= time);
        self.subjects.retain(|_, entry| entry.at >= time);
    }

    fn entries(&self) -> impl Iterator<Item = Revocation> + '_ {
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
}

/// The revocations of the host.
pub(super) struct Revocations {
    view: ArcSwap<RevocationView>,
    log: Mutex<RevocationLog>,
}

struct RevocationLog {
    path: PathBuf,
    file: File,
    lines: usize,
}

impl Revocations {
    pub(super) fn open(folder: &Path) -> Result<Self, KeysError> {
        let path = folder.join(FILE_NAME);
        let view = read(&path)?;
        let lines = view.len();
        // The log begins without a torn line, which the next line would continue.
        rewrite(&path, &view).map_err(|error| KeysError::file(&path, error))?;
        let file = open_to_append(&path).map_err(|error| KeysError::file(&path, error))?;
        Ok(Self {
            view: ArcSwap::from_pointee(view),
            log: Mutex::new(RevocationLog { path, file, lines }),
        })
    }

    pub(super) fn view(&self) -> arc_swap::Guard<Arc<RevocationView>> {
        self.view.load()
    }

    /// Revokes a session's tokens. On return the revocation is durable.
    pub(super) fn revoke_session(&self, session: &str) -> std::io::Result<()> {
        self.append(Revocation::Session {
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
        self.append(Revocation::Subject {
            at: now_seconds(),
            subject: subject.to_owned(),
            security_version_min,
            except: except.map(str::to_owned),
        })
    }

    fn append(&self, entry: Revocation) -> std::io::Result<()> {
        let mut log = self.log.lock();
        let mut view = RevocationView::clone(&self.view.load());
        view.forget_before(now_seconds().saturating_sub(KEPT_SECONDS));
        let line = line_of(&entry)?;
        view.add(entry);
        if log.lines > view.len() + STALE_LINES_MAX {
            rewrite(&log.path, &view)?;
            log.file = open_to_append(&log.path)?;
            log.lines = view.len();
        } else {
            // Until the line is whole on disk the log counts as stale: after a failure the next
            // revocation rewrites it.
            let lines = std::mem::replace(&mut log.lines, usize::MAX);
            log.file.write_all(&line)?;
            log.file.sync_data()?;
            log.lines = lines + 1;
        }
        self.view.store(Arc::new(view));
        Ok(())
    }
}

fn line_of(entry: &Revocation) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

fn rewrite(path: &Path, view: &RevocationView) -> std::io::Result<()> {
    let mut content = Vec::new();
    for entry in view.entries() {
        content.extend(line_of(&entry)?);
    }
    replace(path, &content)
}

fn read(path: &Path) -> Result<RevocationView, KeysError> {
    let content = match private_file::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(KeysError::file(path, error)),
    };
    let mut view = RevocationView::default();
    let whole = content
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    for (index, line) in content[..whole].split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let entry = serde_json::from_slice(line).map_err(|error| KeysError::Content {
            file: path.display().to_string(),
            problem: format!("line {} is not a revocation: {error}", index + 1),
        })?;
        view.add(entry);
    }
    view.forget_before(now_seconds().saturating_sub(KEPT_SECONDS));
    Ok(view)
}
