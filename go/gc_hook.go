//go:build !pylonidentity_gc

package pylonidentity

// maybeGC is called where a pointer for C was taken; see gc_hook_forced.go.
func maybeGC() {}
