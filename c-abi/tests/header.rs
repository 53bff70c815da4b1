//! The committed headers are what cbindgen makes of the source, and the C library's exact surface.

use std::ffi::CStr;
use std::path::Path;

use pylon_identity::pylon_identity_status_message;

const MEND: &str = "PYLON_IDENTITY_UPDATE=1 cargo test -p pylon-identity-c --test header";

/// The Go package needs its own copy: files outside its folder are not part of a Go module.
const HEADERS: [&str; 2] = ["include/pylon_identity.h", "../go/include/pylon_identity.h"];

fn generate() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/lib.rs"))
        .generate()
        .unwrap();
    let mut header = Vec::new();
    bindings.write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn committed_headers_are_up_to_date() {
    let expected = generate();
    for header in HEADERS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(header);
        if std::env::var_os("PYLON_IDENTITY_UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &expected).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == expected, "c-abi/{header} is stale; mend it with:\n\n    {MEND}\n");
    }
}

#[test]
fn every_status_in_the_header_has_a_message() {
    let header = generate();
    let numbers: Vec<i32> = header
        .lines()
        .filter_map(|line| line.trim().strip_prefix("PYLON_IDENTITY_")?.strip_suffix(','))
        .filter(|line| !line.starts_with("CAUSE_"))
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(numbers.len() >= 8, "statuses found: {numbers:?}");
    let message = |number| {
        // SAFETY: the message is a static, NUL-terminated text.
        unsafe { CStr::from_ptr(pylon_identity_status_message(number)) }
    };
    for number in numbers {
        assert_ne!(message(number), message(i32::MAX), "status {number}");
    }
}
