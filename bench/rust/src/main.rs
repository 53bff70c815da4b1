//! The contenders in Rust; `bench/measure.py` has the tasks.

use std::hint::black_box;
use std::io::{Write, stdin, stdout};
use std::thread;
use std::time::Instant;

use pylon_identity_core::{EmailHash, IdentitySecret, diagnose};

/// The compressions of SHA-256 in a keyed HMAC of a message of `length` bytes. There is one for each block, with at
/// least 9 bytes of padding, and one for the outer hash.
fn compressions(length: usize) -> usize {
    (length + 9).div_ceil(64) + 1
}

/// The least work: the blocks of the inner hash, then the block of the outer hash.
#[inline(never)]
fn floor(blocks: &[[u8; 64]], state: &mut [u32; 8]) {
    let (outer, inner) = blocks.split_last().unwrap();
    sha2::block_api::compress256(state, inner);
    sha2::block_api::compress256(state, std::slice::from_ref(outer));
}

/// An email that many mistakes turn into another text.
const ODD: &str = "\"Jürgen+chat\".O'Brien@müller.example";

fn main() {
    let input = |name: &str| std::env::var(name).expect("run by bench/measure.py");
    let (hex, email) = (input("BENCH_SECRET"), input("BENCH_EMAIL"));
    let secret = IdentitySecret::from_hex(&hex).unwrap();
    let email = email.as_str();
    let key_as_text: String = hex.bytes().map(|digit| format!("{digit:02x}")).collect();
    let many: Vec<_> = (0..1_000_000).map(|i| format!("user{i}@example.com")).collect();
    let mut digits = vec![[0; EmailHash::LEN]; many.len()];

    let sha = match () {
        #[cfg(target_arch = "x86_64")]
        () => std::arch::is_x86_feature_detected!("sha"),
        #[cfg(target_arch = "aarch64")]
        () => std::arch::is_aarch64_feature_detected!("sha2"),
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        () => false,
    };
    println!("sha instructions\t{sha}");
    println!("sign\t{}", secret.sign(email));
    println!();

    for line in stdin().lines() {
        let line = line.unwrap();
        let (name, count) = line.split_once('\t').unwrap();
        let count: usize = count.parse().unwrap();
        let (name, kind) = name.split_once(' ').unwrap_or((name, ""));
        let size = kind.parse().unwrap_or(email.len());
        let diagnosed = match kind {
            "odd" => ODD.to_owned(),
            "1 KiB" => ODD.repeat(1024 / ODD.len()),
            _ => email.to_owned(),
        };
        let wrong = match kind {
            "mistake" => {
                IdentitySecret::from_hex(&key_as_text).unwrap().sign(&diagnosed).to_string()
            }
            _ => "0".repeat(EmailHash::LEN),
        };
        let message = "a".repeat(size);
        let (blocks, mut state) = (vec![[7; 64]; compressions(size)], [7; 8]);
        let start = Instant::now();
        match name {
            "floor" => {
                for _ in 0..count {
                    floor(black_box(&blocks), black_box(&mut state));
                }
            }
            "sign" => {
                for _ in 0..count {
                    black_box(black_box(&secret).sign(black_box(&message)));
                }
            }
            "parse" => {
                for _ in 0..count {
                    black_box(IdentitySecret::from_hex(black_box(&hex)).unwrap());
                }
            }
            "diagnose" => {
                for _ in 0..count {
                    black_box(diagnose(black_box(&hex), black_box(&diagnosed), black_box(&wrong)));
                }
            }
            "loop" => {
                for _ in 0..count {
                    for (email, digits) in many.iter().zip(&mut digits) {
                        *digits = *secret.sign(email).as_bytes();
                    }
                }
            }
            "many" => {
                for _ in 0..count {
                    secret.sign_many(&many, &mut digits);
                }
            }
            // `size` threads, each of which signs `count` emails.
            "threads" => thread::scope(|scope| {
                for _ in 0..size {
                    scope.spawn(|| {
                        for _ in 0..count {
                            black_box(black_box(&secret).sign(black_box(email)));
                        }
                    });
                }
            }),
            _ => panic!("no contender is called {name}"),
        }
        println!("{}", start.elapsed().as_nanos());
        stdout().flush().unwrap();
    }
}
