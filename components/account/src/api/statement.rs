//! `GET /{id}/statement`.

use crate::service::{Env, Service};
use crate::statement::{Body, Format, Period, StatementError, Summary};
use axum::http::{HeaderName, HeaderValue, header};
use serde::Deserialize;
use std::iter::{Chain, Once, once};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::openapi::words;
use strongroom_sdk::problem::Problem;
use utoipa::IntoParams;
use utoipa::openapi::Object;
use uuid::Uuid;

/// The parameters of `GET /{id}/statement`.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The first day.
    #[param(value_type = Day)]
    from: String,
    /// The last day; none is today.
    #[param(value_type = Option<Day>)]
    to: Option<String>,
    /// The name of the format; none is JSON.
    #[param(schema_with = format_names)]
    format: Option<String>,
}

fn format_names() -> Object {
    words(Format::ALL.map(Format::name))
}

/// The pieces of a statement. The first exists before the response begins.
pub type Pieces<S> = Chain<Once<Result<Vec<u8>, StatementError>>, Body<S>>;

/// A statement as a response.
pub struct StatementResponse<S> {
    /// Its media type, and the name of its file.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub pieces: Pieces<S>,
}

impl<E: Env> Service<E> {
    /// A statement of an account that the caller may read.
    ///
    /// Makes the first piece before the response begins: an error in it becomes a problem document,
    /// and a statement of one piece, as most are, never breaks off.
    pub fn statement(
        &self,
        identity: &Identity,
        id: Uuid,
        query: &StatementQuery,
    ) -> Result<StatementResponse<E::Store>, Problem> {
        let account = self.readable(identity, id)?;
        let (period, format) = query.read(today(&self.clock)?)?;
        let summary = Summary::read(&self.store, &self.clock, account, period)?;
        let headers = headers(&summary, format);
        let mut body = Body::new(self.store.clone(), summary, format)?;
        let first = body.next().transpose()?.unwrap_or_default();
        Ok(StatementResponse {
            headers,
            pieces: once(Ok(first)).chain(body),
        })
    }
}

fn today(clock: &impl Clock) -> Result<Day, Problem> {
    let now_ms = clock.now_ms();
    Day::at(now_ms).ok_or_else(|| Problem::internal(format!("the clock is out of range: {now_ms}")))
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
        refuse_future(from, to, today)?;
        let period = Period::new(from, to)
            .ok_or_else(|| Problem::invalid("/from", "must not be after to"))?;
        Ok((period, format))
    }
}

fn refuse_future(from: Day, to: Day, today: Day) -> Result<(), Problem> {
    let code = "period_in_future";
    let mut problem =
        Problem::unprocessable(code, "What will be booked by that day is not known yet.");
    for (pointer, day) in [("/from", from), ("/to", to)] {
        if day > today {
            problem = problem.with_error(pointer, code, "must not be after today, by UTC");
        }
    }
    if problem.errors().is_empty() {
        Ok(())
    } else {
        Err(problem)
    }
}

fn headers(summary: &Summary, format: Format) -> Vec<(HeaderName, HeaderValue)> {
    let media_type = HeaderValue::from_static(format.media_type());
    let mut headers = vec![(header::CONTENT_TYPE, media_type)];
    let name = format.extension().map(|extension| {
        let (number, period) = (&summary.account.number, summary.period);
        let (from, to) = (period.from(), period.to());
        format!("attachment; filename=\"statement-{number}-{from}-{to}.{extension}\"")
    });
    // A header's value may have any letters and digits.
    let value = name.and_then(|name| HeaderValue::from_str(&name).ok());
    headers.extend(value.map(|value| (header::CONTENT_DISPOSITION, value)));
    headers
}

impl From<StatementError> for Problem {
    fn from(error: StatementError) -> Self {
        let detail = error.to_string();
        let too_large = |code, pointer: &str, advice: &str| {
            Self::unprocessable(code, &detail).with_error(pointer, code, advice)
        };
        match error {
            StatementError::TooLong(_) => {
                too_large("statement_too_long", "/from", "ask for a shorter period")
            }
            StatementError::TooLarge => {
                too_large("amounts_too_large", "/format", "ask for another format")
            }
            StatementError::Store(error) => error.into(),
            StatementError::Contradiction(_) | StatementError::Unwritable(_) => {
                Self::internal(error)
            }
        }
    }
}
