//! How much memory calls of the core take: `memory CALLS` prints for each kind how many there were, and how
//! many kB the process held before and after; `batch COUNT` what signing many emails took at most, beyond
//! the emails and the hashes. With a third argument memory is leaked or wasted on purpose.

use std::hint::black_box;
use std::{env, fs};

use pylon_identity_core::{EmailHash, IdentitySecret, User, diagnose, sign_message_with_hmac};

const EMAIL: &str = "ada@example.com";

fn main() {
    let args: Vec<String> = env::args().collect();
    let hex = env::var("HARDEN_SECRET").expect("HARDEN_SECRET is set");
    let count: usize = args[2].parse().expect("a number");
    let planted = args.len() > 3;
    match args[1].as_str() {
        "memory" => memory(&hex, count, planted),
        "batch" => batch(&hex, count, planted),
        other => panic!("no such measurement: {other}"),
    }
}

fn parse(hex: &str) -> IdentitySecret {
    IdentitySecret::from_hex(hex).expect("a secret")
}

fn memory(hex: &str, calls: usize, leak: bool) {
    let secret = parse(hex);
    let hash = secret.sign(EMAIL);
    let user = User { app_id: "app-1", email: EMAIL, name: Some("Ada"), ..User::default() };
    let measure = |kind: &str, calls: usize, call: &dyn Fn()| {
        let repeat = |times: usize| {
            for _ in 0..times {
                call();
                if leak {
                    Box::leak(black_box(Box::new(0_u64)));
                }
            }
        };
        repeat(calls / 5);
        let before = resident();
        repeat(calls);
        println!("{kind} {calls} {before} {}", resident());
    };
    measure("sign", calls, &|| _ = black_box(secret.sign(black_box(EMAIL))));
    measure("verify", calls, &|| assert!(secret.verify(black_box(EMAIL), hash.as_str())));
    measure("secrets", calls, &|| _ = black_box(parse(black_box(hex)).sign(EMAIL)));
    measure("others", calls / 500, &|| {
        let settings = secret.chat_settings(user).expect("settings");
        settings.to_script(Some("r4nd0m")).expect("a script");
        sign_message_with_hmac(EMAIL, hex).expect("a hash");
        IdentitySecret::from_hex("0x").expect_err("not a secret");
        diagnose(hex, EMAIL, &hash.as_str()[1..]).explanation();
        secret.sign_many(&[EMAIL; 2], &mut [[0; EmailHash::LEN]; 2]);
    });
}

fn batch(hex: &str, count: usize, waste: bool) {
    let secret = parse(hex);
    let emails: Vec<String> = (0..count).map(|i| format!("user{i}@example.com")).collect();
    secret.sign_many(&emails[..10_000], &mut vec![[0; EmailHash::LEN]; 10_000]);
    fs::write("/proc/self/clear_refs", "5").expect("Linux");
    let mut hashes = vec![[0; EmailHash::LEN]; count];
    secret.sign_many(&emails, &mut hashes);
    if waste {
        black_box(vec![1_u8; 100 * count]);
    }
    let peak = status("/proc/self/status", "VmHWM:");
    println!("{count} {}", peak - resident());
    black_box((emails, hashes));
}

fn resident() -> i64 {
    status("/proc/self/smaps_rollup", "Rss:")
}

fn status(file: &str, name: &str) -> i64 {
    let text = fs::read_to_string(file).expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("its line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
