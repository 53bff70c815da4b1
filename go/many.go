package pylonidentity

/*
#cgo noescape pylon_identity_sign_many
#cgo nocallback pylon_identity_sign_many
#include "pylon_identity.h"
*/
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// SignMany returns the email hash of each email, in the same order, using all processors for large
// numbers of them. It panics as Sign does.
func (s *IdentitySecret) SignMany(emails []string) []string {
	hashes := make([]string, len(emails))
	var b batch
	k := s.ready()
	b.sign(k.c(), nil, nil) // panics here, and not in a goroutine, if the secret was wiped
	var next atomic.Int64
	work := func(b *batch) {
		for {
			end := int(next.Add(batchSize))
			start := end - batchSize
			if start >= len(emails) {
				return
			}
			end = min(end, len(emails))
			b.sign(k.c(), emails[start:end], hashes[start:end])
		}
	}
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0)-1, len(emails)/batchSize) {
		group.Add(1)
		go func() {
			defer group.Done()
			work(new(batch))
		}()
	}
	work(&b)
	group.Wait()
	runtime.KeepAlive(k)
	return hashes
}

// How many emails go to C at a time. Their hashes share 16 kB, which one kept hash keeps alive.
const batchSize = 256

// A batch holds what one call for many emails passes to C, which must not see Go pointers to Go
// pointers: copies without them. It is used again for the next call.
type batch struct {
	joined  []byte
	lengths []C.size_t
	out     []byte
}

func (b *batch) sign(c *C.pylon_identity_secret, emails, hashes []string) {
	b.joined, b.lengths = b.joined[:0], b.lengths[:0]
	for _, email := range emails {
		b.joined = append(b.joined, email...)
		b.lengths = append(b.lengths, C.size_t(len(email)))
	}
	const hashSize = C.PYLON_IDENTITY_EMAIL_HASH_SIZE
	if size := len(emails) * hashSize; len(b.out) != size {
		b.out = make([]byte, size)
	}
	status := C.pylon_identity_sign_many(
		c, (*C.char)(unsafe.Pointer(unsafe.SliceData(b.joined))), unsafe.SliceData(b.lengths),
		C.size_t(len(emails)), (*C.char)(unsafe.Pointer(unsafe.SliceData(b.out))))
	if status != C.PYLON_IDENTITY_OK {
		panic(Error(status))
	}
	joined := string(b.out)
	for i := range hashes {
		hashes[i] = joined[i*hashSize:][:hashSize-1] // without the NUL
	}
}
