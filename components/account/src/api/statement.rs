//! `GET /{id}/statement`.

use super::readable;
use crate::statement::{Body, ENTRIES_MAX, Format, Period, StatementError, Summary};
use axum::http::{HeaderName, HeaderValue, header};
use serde::Deserialize;
use std::iter::{Chain, Once, once};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// The parameters of `GET /{id}/statement`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementQuery {
    /// The first day.
    from: String,
    /// The last day; none is today.
    #[serde(default)]
    to: Option<String>,
    /// The name of a [`Format`]; none is JSON.
    #[serde(default)]
    format: Option<String>,
}

/// The pieces of a statement: the first was made before the answer began.
pub type Pieces<S> = Chain<Once<Result<Vec<u8>, StatementError>>, Body<S>>;

/// A statement on its way out.
pub struct StatementAnswer<S> {
    /// What it is, and what its file is called.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub pieces: Pieces<S>,
}

/// A statement of an account: for its owner, and for staff.
///
/// The first piece is made here: what cannot be answered at all is a problem, and a statement of one piece, as most are, never breaks off.
///
/// # Errors
/// 404; 422 `validation_failed`, `period_in_future`, `statement_too_long`, `amount_too_large`.
pub fn statement<S: Store + Clone>(
    store: &S,
    clock: &impl Clock,
    identity: &Identity,
    id: Uuid,
    query: &StatementQuery,
) -> Result<StatementAnswer<S>, Problem> {
    let account = readable(store, identity, id)?;
    let (period, format) = query.read(today(clock)?)?;
    let summary = Summary::read(store, clock, account, period)?;
    let headers = headers(&summary, format);
    let mut body = Body::new(store.clone(), summary, format)?;
    let first = body.next().transpose()?.unwrap_or_default();
    Ok(StatementAnswer {
        headers,
        pieces: once(Ok(first)).chain(body),
    })
}

fn today(clock: &impl Clock) -> Result<Day, Problem> {
    let now_ms = clock.now_ms();
    Day::at(now_ms).ok_or_else(|| Problem::internal(format!("the clock says {now_ms}")))
}

impl StatementQuery {
    fn read(&self, today: Day) -> Result<(Period, Format), Problem> {
        let from = Day::parse(&self.from);
        let to = self.to.as_deref().map_or(Some(today), Day::parse);
        let format = self
            .format
            .as_deref()
            .map_or(Some(Format::default()), Format::from_name);
        let (Some(from), Some(to), Some(format)) = (from, to, format) else {
            let mut problem = Problem::validation_failed();
            for (pointer, is_wrong) in [("/from", from.is_none()), ("/to", to.is_none())] {
                if is_wrong {
                    problem = problem.with_error(
                        pointer,
                        "invalid",
                        "must be a day of the calendar, such as 2026-11-22",
                    );
                }
            }
            if format.is_none() {
                let names = Format::ALL.map(Format::name).join(", ");
                problem =
                    problem.with_error("/format", "invalid", format!("must be one of {names}"));
            }
            return Err(problem);
        };
        not_in_future([("/from", from), ("/to", to)], today)?;
        let period = Period::new(from, to)
            .ok_or_else(|| Problem::invalid("/from", "must not be after to"))?;
        Ok((period, format))
    }
}

fn not_in_future(days: [(&str, Day); 2], today: Day) -> Result<(), Problem> {
    let future: Vec<_> = days.iter().filter(|(_, day)| *day > today).collect();
    if future.is_empty() {
        return Ok(());
    }
    let problem = Problem::unprocessable(
        "period_in_future",
        "What will be booked by that day is not known yet.",
    );
    Err(future.into_iter().fold(problem, |problem, (pointer, _)| {
        problem.with_error(
            *pointer,
            "period_in_future",
            "must not be after today, by UTC",
        )
    }))
}

fn headers(summary: &Summary, format: Format) -> Vec<(HeaderName, HeaderValue)> {
    let media_type = HeaderValue::from_static(format.media_type());
    let mut headers = vec![(header::CONTENT_TYPE, media_type)];
    let name = format.extension().map(|extension| {
        let (number, period) = (&summary.account.number, summary.period);
        let (from, to) = (period.from(), period.to());
        format!("attachment; filename=\"statement-{number}-{from}-{to}.{extension}\"")
    });
    // Letters and digits are always a header's value.
    let value = name.and_then(|name| HeaderValue::from_str(&name).ok());
    headers.extend(value.map(|value| (header::CONTENT_DISPOSITION, value)));
    headers
}

impl From<StatementError> for Problem {
    fn from(error: StatementError) -> Self {
        let refused = |code, pointer, detail: String, advice: &str| {
            Self::unprocessable(code, detail).with_error(pointer, code, advice)
        };
        match error {
            StatementError::TooLong(entries) => refused(
                "statement_too_long",
                "/from",
                format!("The period has {entries} entries; a statement has at most {ENTRIES_MAX}."),
                "ask for a shorter period",
            ),
            StatementError::TooLarge => refused(
                "amounts_too_large",
                "/format",
                "This format has no room for amounts as large as those of this period.".to_owned(),
                "ask for another format",
            ),
            StatementError::Store(error) => error.into(),
            StatementError::Contradiction(_) | StatementError::Unwritable(_) => {
                Self::internal(error)
            }
        }
    }
}
