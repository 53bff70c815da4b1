//go:build !pylonidentity_portable && ((!cgo && (pylonidentity_cgo || pylonidentity_system)) || (pylonidentity_cgo && !pylonidentity_system && !((linux || darwin) && (amd64 || arm64))))

package pylonidentity

// A build tag asks for a native library that cannot be linked, so this name tells the compiler's user what to do.
var _ = the_native_library_of_pylonidentity_needs_CGO_ENABLED_1__a_C_compiler__and_Linux_or_macOS_on_amd64_or_arm64
