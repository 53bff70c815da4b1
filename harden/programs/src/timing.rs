//! Measures whether the time depends on the secret. dudect's test compares two classes of inputs in random
//! order; see `harden/test_timing.py`.
//!
//! Inputs are made beforehand and alike for both classes, so that the caches treat them alike.

use dudect_bencher::rand::RngExt;
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};
use pylon_identity_core::IdentitySecret;

const EMAIL: &str = "ada.lovelace@example.com";
const RUNS: usize = 300_000;

type Digits = [u8; 64];

fn random_digits(rng: &mut BenchRng) -> Digits {
    let mut digits = [0; 64];
    hex::encode_to_slice(rng.random::<[u8; 32]>(), &mut digits).unwrap();
    digits
}

/// Makes an input of a random class for each run, then times all.
fn compare<T, R>(
    runner: &mut CtRunner,
    rng: &mut BenchRng,
    mut input: impl FnMut(Class, &mut BenchRng) -> T,
    timed: impl Fn(&T) -> R,
) {
    let mut inputs = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let class = if rng.random() { Class::Left } else { Class::Right };
        inputs.push((class, input(class, rng)));
    }
    for (class, input) in &inputs {
        runner.run_one(*class, || timed(input));
    }
}

/// The right hash with one digit changed, the first or the last.
fn nearly_right(right: &Digits) -> impl Fn(Class, &mut BenchRng) -> Digits {
    |class, _| {
        let mut digits = *right;
        let changed = if matches!(class, Class::Left) { 0 } else { 63 };
        digits[changed] = if digits[changed] == b'0' { b'1' } else { b'0' };
        digits
    }
}

fn secret_and_hash(rng: &mut BenchRng) -> (IdentitySecret, Digits) {
    let secret = IdentitySecret::from_hex(random_digits(rng)).unwrap();
    let right = *secret.sign(EMAIL).as_bytes();
    (secret, right)
}

fn sign_with_one_key_or_any(runner: &mut CtRunner, rng: &mut BenchRng) {
    let one = random_digits(rng);
    let secret = |class, rng: &mut BenchRng| {
        let any = random_digits(rng);
        IdentitySecret::from_hex(if matches!(class, Class::Left) { one } else { any }).unwrap()
    };
    compare(runner, rng, secret, |secret| secret.sign(EMAIL));
}

fn verify_wrong_at_first_or_last_digit(runner: &mut CtRunner, rng: &mut BenchRng) {
    let (secret, right) = secret_and_hash(rng);
    compare(runner, rng, nearly_right(&right), |hash| secret.verify(EMAIL, hash));
}

fn verify_right_or_wrong(runner: &mut CtRunner, rng: &mut BenchRng) {
    let (secret, right) = secret_and_hash(rng);
    let hash = |class, rng: &mut BenchRng| {
        let wrong = random_digits(rng);
        if matches!(class, Class::Left) { right } else { wrong }
    };
    compare(runner, rng, hash, |hash| secret.verify(EMAIL, hash));
}

ctbench_main!(sign_with_one_key_or_any, verify_wrong_at_first_or_last_digit, verify_right_or_wrong);
