//go:build !cgo || !((linux || darwin) && (amd64 || arm64))

package main

// Compiling stops here, and this name says what to do.
var _ = pylon_identity_needs_cgo_and_a_C_compiler_on_Linux_or_macOS__elsewhere_cargo_install_pylon_identity_cli
