//! Long passwords that are easy to guess.
//!
//! The check splits a password into the cheapest sequence of pieces. Some pieces cost as much as
//! one free character: a word that the attacker knows (the user's own words, the bank's name, the
//! words of most bad passwords), a run along the alphabet or the keyboard, a year, and a
//! repetition. A password that costs less than [`COST_MIN`] has fewer choices in it than a short
//! password.

use std::collections::BTreeSet;

/// A password of a lower cost is guessable. A phrase of ordinary words costs its length, 15 or
/// more.
const COST_MIN: usize = 10;

/// Shorter known words and runs often occur by chance.
const WORD_LENGTH_MIN: usize = 3;
const RUN_LENGTH_MIN: usize = 3;

/// A longer repeated block alone costs more than the limit.
const BLOCK_LENGTH_MAX: usize = COST_MIN;

/// Long passwords that are common as a whole.
const COMMON: &str = include_str!("common.txt");

/// The words of the common passwords of every list, one a line.
const COMMON_WORDS: &str = include_str!("words.txt");

/// The rows of keyboards, and the alphabet.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "01234567890",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "!@#$%^&*()",
];

/// Whether `password` is common, or made of patterns and of words in `about`.
pub(super) fn is_guessable(password: &str, about: [&str; 2]) -> bool {
    let lower = password.to_lowercase();
    if COMMON
        .lines()
        .filter(|line| !line.starts_with('#'))
        .any(|line| line == lower)
    {
        return true;
    }
    let plain: Vec<char> = lower.chars().collect();
    let folded: Vec<char> = plain.iter().copied().map(unmask).collect();
    cost(&plain, &folded, &known_words(about)) < COST_MIN
}

/// The cost of the cheapest split.
fn cost(plain: &[char], folded: &[char], words: &BTreeSet<Vec<char>>) -> usize {
    // costs[end] is that of the first `end` characters.
    let mut costs: Vec<usize> = (0..=plain.len()).collect();
    for start in 0..plain.len() {
        let next = costs[start] + 1;
        for length in piece_lengths(plain, folded, start, words) {
            costs[start + length] = costs[start + length].min(next);
        }
    }
    costs[plain.len()]
}

/// The lengths of all pieces that begin at `start`.
fn piece_lengths(
    plain: &[char],
    folded: &[char],
    start: usize,
    words: &BTreeSet<Vec<char>>,
) -> BTreeSet<usize> {
    let words = words
        .iter()
        .filter(|word| folded[start..].starts_with(word))
        .map(Vec::len);
    // Any part of a run is a run. Any part of a repetition with the whole block is a repetition.
    let runs = RUN_LENGTH_MIN..=run_length(&plain[start..]);
    let repetitions = (1..=BLOCK_LENGTH_MAX.min(start))
        .flat_map(|block| block.max(2)..=repetition_length(plain, start, block));
    std::iter::once(1)
        .chain(words)
        .chain(runs)
        .chain(repetitions)
        .chain(year_length(&plain[start..]))
        .collect()
}

/// How far the characters from `start` repeat the `block` characters before it.
fn repetition_length(text: &[char], start: usize, block: usize) -> usize {
    text[start..]
        .iter()
        .zip(&text[start - block..])
        .take_while(|(one, other)| one == other)
        .count()
}

/// The length of the run along a row, in either direction, that the text begins with.
fn run_length(text: &[char]) -> usize {
    ROWS.iter()
        .map(|row| {
            let forward = longest_common_run(text, row.chars());
            forward.max(longest_common_run(text, row.chars().rev()))
        })
        .max()
        .unwrap_or(0)
}

fn longest_common_run(text: &[char], row: impl Iterator<Item = char> + Clone) -> usize {
    let Some(first) = text.first() else {
        return 0;
    };
    match row.clone().position(|character| character == *first) {
        Some(place) => row
            .skip(place)
            .zip(text)
            .take_while(|(one, other)| one == *other)
            .count(),
        None => 0,
    }
}

/// 4 where the text begins with a year from 1900 to 2099.
fn year_length(text: &[char]) -> Option<usize> {
    match text {
        ['1', '9', tens, ones, ..] | ['2', '0', tens, ones, ..] => {
            (tens.is_ascii_digit() && ones.is_ascii_digit()).then_some(4)
        }
        _ => None,
    }
}

/// The common words and the user's own, each forwards and backwards.
fn known_words(about: [&str; 2]) -> BTreeSet<Vec<char>> {
    let own = about.into_iter().flat_map(|text| {
        let lower = text.to_lowercase();
        let parts: Vec<String> = lower
            .split(|character: char| !character.is_alphanumeric())
            .map(str::to_owned)
            .collect();
        let local_part = lower.split('@').next().unwrap_or_default().to_owned();
        parts.into_iter().chain([local_part, lower])
    });
    own.chain(COMMON_WORDS.lines().map(str::to_owned))
        .map(|word| word.chars().map(unmask).collect::<Vec<char>>())
        .filter(|word| word.len() >= WORD_LENGTH_MIN)
        .flat_map(|word| [word.iter().rev().copied().collect(), word])
        .collect()
}

/// Reads `p@$$w0rd` as `password`.
fn unmask(character: char) -> char {
    match character {
        '@' | '4' => 'a',
        '3' | '\u{20ac}' => 'e',
        '1' | '!' | '|' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' | '+' => 't',
        other => other,
    }
}
