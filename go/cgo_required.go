//go:build !cgo

package pylonidentity

// Without cgo there is no native library to call, so compiling stops here with the way out.
var _ = pylonidentity_needs_cgo__set_CGO_ENABLED_1_and_install_a_C_compiler
