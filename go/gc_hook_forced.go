//go:build pylonidentity_gc

package pylonidentity

import (
	"runtime"
	"time"
)

// maybeGC collects garbage after a pointer was taken and before C uses it. In tests with this build tag, a missing
// runtime.KeepAlive shows: the key is wiped before the call.
func maybeGC() {
	runtime.GC()
	time.Sleep(time.Millisecond) // cleanups run in a goroutine of their own
}
