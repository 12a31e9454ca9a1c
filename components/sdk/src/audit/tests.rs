use super::*;
use crate::store::{Rows, Transaction};

/// A table of the numbers from 1 on, so many.
#[derive(Debug)]
struct Numbers(i64);

impl Store for Numbers {
    type Transaction = Never;

    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        let [Value::Integer(place), Value::Integer(limit)] = params else {
            return Err(StoreError::Invalid(sql.to_owned()));
        };
        let numbers = (place + 1..=self.0).take(usize::try_from(*limit).unwrap());
        Ok(Rows {
            rows: numbers
                .map(|number| Row(vec![Value::from(number)]))
                .collect(),
        })
    }

    fn begin(&self) -> Result<Never, StoreError> {
        Err(StoreError::Busy)
    }
}

/// Nobody writes here.
enum Never {}

impl Transaction for Never {
    fn execute(&self, _: &str, _: &[Value]) -> Result<u64, StoreError> {
        match *self {}
    }

    fn query(&self, _: &str, _: &[Value]) -> Result<Rows, StoreError> {
        match *self {}
    }

    fn commit(self) -> Result<(), StoreError> {
        match self {}
    }

    fn commit_later(self) -> Result<(), StoreError> {
        match self {}
    }
}

fn pages(numbers: &Numbers, page_rows: usize) -> Pages<'_, Numbers> {
    Pages::new(numbers, "numbers", [Value::from(0_i64)], page_rows)
}

#[test]
fn every_row_is_read_once_wherever_the_pages_end() {
    for count in 0..=7 {
        let numbers = Numbers(count);
        let read: Vec<_> = pages(&numbers, 3)
            .map(|row| row.unwrap().integer(0).unwrap())
            .collect();
        assert_eq!(read, (1..=count).collect::<Vec<_>>());
    }
}

#[test]
fn a_row_that_was_looked_at_is_still_to_come() {
    let numbers = Numbers(2);
    let mut pages = pages(&numbers, 1);
    for number in 1..=2 {
        let row = Row(vec![Value::from(number)]);
        assert_eq!(pages.peek(), Ok(Some(&row)));
        assert_eq!(pages.next(), Some(Ok(row)));
    }
    assert_eq!(pages.peek(), Ok(None));
    assert_eq!(pages.next(), None);
}

#[test]
fn nothing_follows_an_error() {
    let numbers = Numbers(1);
    let place = [(); 2].map(|()| Value::from(0_i64));
    let mut pages = Pages::new(&numbers, "of another place", place, 1);
    assert!(pages.next().is_some_and(|row| row.is_err()));
    assert_eq!(pages.next(), None);
}

#[test]
fn a_check_names_each_broken_row_once_and_only_the_first_ones() {
    let mut check = Check::new("all is well");
    check.require(true, || "nothing".to_owned());
    for number in [0, 0].into_iter().chain(1..30) {
        check.require(false, || format!("row {number}"));
    }
    let first: Vec<_> = (0..VIOLATIONS_MAX)
        .map(|number| format!("row {number}"))
        .collect();
    assert_eq!(check.violations, first);
}
