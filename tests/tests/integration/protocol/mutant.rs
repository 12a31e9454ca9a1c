//! Protocols that are wrong in one place, and the properties that must notice.

use super::*;

/// Lists mutants, each with protocols in which it must break a property.
macro_rules! mutants {
    ($($(#[$about:meta])* $name:ident: $($protocol:expr => $property:expr),+;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mutant { $($(#[$about])* $name),+ }

        /// What each of them must break, and where.
        pub fn findings() -> Vec<(Mutant, Protocol, &'static str)> {
            vec![$($((Mutant::$name, $protocol, $property)),+),+]
        }
    };
}

mutants! {
    /// A replies before the decision is on disk.
    ReplyBeforeCommit: rivals(FEW) => RESPONSES_TRUE, dates(ONE) => DELETED;
    /// A recalls at once, though the row may be of the group that is not on disk yet.
    RecallBeforeCommit: rivals(FEW) => RESPONSES_TRUE, rivals(ONE_KEY) => NOT_DISOWNED;
    /// A posts without looking whether it knows the id.
    PostWithoutLookup: both_covered(FEW) => POSTED_ONCE, rivals(FEW) => BALANCES;
    /// A cancels without looking whether it knows the id.
    CancelWithoutLookup: dates(&[]) => RECORDS_STAY, dates(&[]) => BURNT;
    /// A's id is unique only together with the fingerprint.
    IdsByFingerprint: both_covered(FEW) => OTHER_BODY;
    /// A recalls an id without comparing the fingerprint.
    RecallWithoutFingerprint: rivals(ONE_KEY) => RESPONSES_TRUE;
    /// A looks at the funds first and at the id then.
    FundsBeforeId: rivals(FEW) => RESPONSES_AGREE;
    /// A looks at the funds in a snapshot, and not in its turn.
    FundsOfSnapshot: rivals(FEW) => NOT_NEGATIVE;
    /// A declines without recording it.
    DeclineWithoutRow: refill(FEW) => RESPONSES_AGREE;
    /// A denies without recording it.
    DenialWithoutRow: screened(ONE_KEY) => RESPONSES_TRUE;
    /// A cancels without recording it.
    CancelWithoutRow: dates(&[]) => DELETED;
    /// A records that it has refused.
    RefusalWithRow: refused(ONE_KEY) => REFUSED_WITHOUT_ROW;
    /// A debits in one commit and credits in the next; this is the state in between.
    CreditLater: rivals(FEW) => SUM, split(FEW) => SUM;
    /// A says of what it recalls that it is not repeated.
    RecallAsFirst: rivals(FEW) => FIRST_ONCE;
    /// A says so of what it recalls from its open group.
    FirstUntilCommit: rivals(FEW) => FIRST_ONCE;
    /// The screening lets pass what it gets no verdict on.
    PassWithoutVerdict: screened(ONE_KEY) => JUDGED;
    /// The screening takes an id as known whose row is not on disk yet.
    ScreeningReadsOpenGroup: screened(ONE_KEY) => JUDGED;
    /// T keeps responses by key, and returns them without comparing the body.
    RememberByKey: rivals(ONE_KEY) => RESPONSES_TRUE;
    /// T keeps what it got no reply to, and its tick asks again.
    AskLater: rivals(ONE_KEY) => NOTHING_LATER;
    /// T asks A for one request of a key at a time.
    OneAtATime: rivals(ONE_KEY) => SERVED;
    /// T's `GET` reads rows that are not on disk yet.
    GetReadsOpenGroup: rivals(ONE_KEY) => RESPONSES_TRUE;
    /// The tick asks A about runs that are not on disk yet.
    AskBeforeCommit: dates(&[]) => RUN_FIRST, dates(&[]) => DELETED;
    /// The schedule moves on in one commit, and its run follows in the next.
    MoveOnAlone: dates(&[]) => DATES_KEPT;
    /// All attempts at a date have the same id.
    IdWithoutAttempt: retried(ONE) => RETRY_JUDGED;
    /// The next attempt begins although A's decision on the one before it is not known.
    RetryUndecided: retried(ONE) => DATE_ONCE;
    /// A reply is noted in the run of its date, whatever attempt it is about.
    NoteWithoutAttempt: retried(ONE) => RUNS_AGREE;
    /// The tick posts the runs of ended schedules.
    TickPostsEnded: retried(ONE) => DELETED;
    /// The tick leaves the runs of ended schedules alone.
    TickSkipsEnded: dates(&[]) => RUNS_DECIDED;
    /// `DELETE` cancels the open runs first and ends the schedule then.
    CancelBeforeEnd: dates(&[]) => DELETED;
    /// `DELETE` cancels and returns before the end is on disk.
    CancelBeforeCommit: dates(&[]) => DELETED;
    /// `DELETE` ends the schedule and cancels nothing.
    EndWithoutCancel: dates(&[]) => DELETED;
    /// `DELETE` returns 204 at once for a schedule that has ended.
    EndedIsDone: dates(&[]) => DELETED;
    /// `DELETE` returns 204 before A has returned from `cancel`.
    CancelUnheard: dates(&[]) => DELETED;
}
