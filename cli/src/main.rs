//! The program `pylon-identity`; see [`pylon_identity_cli::run`].

#![forbid(unsafe_code)]

fn main() {
    std::process::exit(pylon_identity_cli::run(std::env::args_os().skip(1)));
}
