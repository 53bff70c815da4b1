//go:build !pylonidentity_gc

package pylonidentity

// maybeGC is called after a pointer for C was taken; see gc_hook_forced.go.
func maybeGC() {}
