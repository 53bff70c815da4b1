//go:build cgo && !pylonidentity_system && !((linux || darwin) && (amd64 || arm64))

package pylonidentity

// There is no native library for this platform in the module, so compiling stops here with the way out.
var _ = pylonidentity_has_no_library_for_this_platform__build_the_C_library_from_source_and_use__tags_pylonidentity_system
