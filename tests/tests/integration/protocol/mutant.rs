//! Protocols that are wrong in one place, to show that the model would notice.

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A replies before the decision is on disk.
    ReplyBeforeCommit,
    /// A recalls at once, though the row may be of the group that is not on disk yet.
    RecallBeforeCommit,
    /// A posts without looking whether it knows the id.
    PostWithoutLookup,
    /// A cancels without looking whether it knows the id.
    CancelWithoutLookup,
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
    /// A denies without recording it.
    DenialWithoutRow,
    /// A cancels without recording it.
    CancelWithoutRow,
    /// A records that it has refused.
    RefusalWithRow,
    /// A debits in one commit and credits in the next; this is the state in between.
    CreditLater,
    /// A says of what it recalls that it is not repeated.
    RecallAsFirst,
    /// A says so of what it recalls from its open group.
    FirstUntilCommit,
    /// The screening lets pass what it gets no verdict on.
    PassWithoutVerdict,
    /// The screening takes an id as known whose row is not on disk yet.
    ScreeningReadsOpenGroup,
    /// T keeps responses by key, and returns them without comparing the body.
    RememberByKey,
    /// T keeps what it got no reply to, and its tick asks again.
    AskLater,
    /// T asks A for one request of a key at a time.
    OneAtATime,
    /// T's `GET` reads rows that are not on disk yet.
    GetReadsOpenGroup,
    /// The tick asks A about runs that are not on disk yet.
    AskBeforeCommit,
    /// The schedule moves on in one commit, and its run follows in the next.
    MoveOnAlone,
    /// All attempts at a date have the same id.
    IdWithoutAttempt,
    /// The next attempt begins although A's decision on the one before it is not known.
    RetryUndecided,
    /// A reply is noted in the run of its date, whatever attempt it is about.
    NoteWithoutAttempt,
    /// The tick posts the runs of ended schedules.
    TickPostsEnded,
    /// The tick leaves the runs of ended schedules alone.
    TickSkipsEnded,
    /// `DELETE` cancels the open runs first and ends the schedule then.
    CancelBeforeEnd,
    /// `DELETE` cancels and returns before the end is on disk.
    CancelBeforeCommit,
    /// `DELETE` ends the schedule and cancels nothing.
    EndWithoutCancel,
    /// `DELETE` returns 204 at once for a schedule that has ended.
    EndedIsDone,
    /// `DELETE` returns 204 before A has returned from `cancel`.
    CancelUnheard,
}
