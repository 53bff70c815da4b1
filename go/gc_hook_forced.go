//go:build pylonidentity_gc

package pylonidentity

import (
	"runtime"
	"time"
)

// maybeGC collects garbage between the taking of a pointer and the call of C that uses it. With this build
// tag, which is for tests, a missing runtime.KeepAlive shows: the key is wiped before the call.
func maybeGC() {
	runtime.GC()
	time.Sleep(time.Millisecond) // cleanups run in a goroutine of their own
}
