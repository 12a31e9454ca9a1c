//! Protocols that are wrong in one place, to show that the model would notice.

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A answers before the decision is on disk, and T the client.
    ReplyBeforeCommit,
    /// A answers what it recalls at once, though the row may be of the group that is not on disk yet.
    RecallBeforeCommit,
    /// A posts without looking whether it knows the id.
    PostWithoutLookup,
    /// A gives up without looking whether it knows the id.
    FenceWithoutLookup,
    /// A's id is unique only together with the fingerprint.
    IdsByFingerprint,
    /// A recalls an id without comparing the fingerprint.
    RecallWithoutFingerprint,
    /// A looks at the funds first and at the id then.
    FundsBeforeId,
    /// A looks at the funds in a snapshot, and not in its turn.
    FundsOfSnapshot,
    /// A declines without recording it.
    DeclineWithoutRow,
    /// A gives up without recording it.
    FenceWithoutRow,
    /// A debits in one commit and credits in the next; this is the state in between.
    CreditLater,
    /// T asks A before its intent is on disk.
    AskBeforeCommit,
    /// T gives up without asking A.
    GiveUpWithoutFence,
    /// T repeats an answer without comparing the fingerprint.
    KeyWithoutFingerprint,
    /// T's notes find their intent by its id alone, though another request may have taken the place of a forgotten one.
    NoteWithoutFingerprint,
    /// T never looks for what a crash has left.
    NoRecovery,
    /// T forgets what a crash has left.
    RecoveryForgets,
}
