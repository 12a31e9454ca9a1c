//! The note of a denial, which the ledger keeps with the id that it gives up, in the place of the client's own notes.
//!
//! The ledger is the only memory that is never lost, and so the reason of a decline belongs there: whoever asks later, and whatever
//! this service has forgotten, the answer is the same. No client can write such a note: the values of his notes are strings.

use serde::{Deserialize, Serialize};

/// The longest name of a rule that is kept, in characters.
const RULE_CHARACTERS_MAX: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    screening: Denial,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Denial {
    denied_by: String,
}

/// The note, as JSON. What a rule's name may not hold is left out of it.
pub fn note(rule: &str) -> String {
    let denied_by = rule
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_')
        .take(RULE_CHARACTERS_MAX)
        .collect();
    let note = Note {
        screening: Denial { denied_by },
    };
    // Strings always serialize.
    serde_json::to_string(&note).unwrap_or_default()
}

/// Whether a record's metadata is the note of a denial.
pub fn is_denial(metadata: Option<&str>) -> bool {
    metadata.is_some_and(|text| serde_json::from_str::<Note>(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_short_and_recognised() {
        let long = format!("{}\"Ä!", "a_1".repeat(99));
        for rule in ["amount_over_limit", "", long.as_str()] {
            let note = note(rule);
            assert!(is_denial(Some(&note)) && note.len() < 200, "{note}");
        }
        assert_eq!(note("x\""), r#"{"screening":{"denied_by":"x"}}"#);
    }

    #[test]
    fn the_notes_of_clients_are_none() {
        for text in [
            "{}",
            r#"{"screening":"denied_by"}"#,
            r#"{"screening":"{\"denied_by\":\"x\"}"}"#,
            r#"{"denied_by":"x"}"#,
        ] {
            assert!(!is_denial(Some(text)), "{text}");
        }
        assert!(!is_denial(None));
    }
}
