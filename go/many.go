package pylonidentity

/*
#cgo noescape pylon_identity_sign_many
#cgo nocallback pylon_identity_sign_many
#include "pylon_identity.h"
*/
import "C"

import "unsafe"

// Bounds the memory that a batch takes.
const chunkSize = 16_384

// SignMany returns the email hash of each email, in the same order, using all processors for large
// numbers of them. It panics as Sign does.
//
// The hashes of one call share memory: to keep a few of many for long, clone them.
func (s *IdentitySecret) SignMany(emails []string) []string {
	k := s.ready()
	hashes := make([]string, 0, len(emails))
	// Used again for each chunk, so that large batches leave no garbage.
	lengths := make([]C.size_t, min(chunkSize, len(emails)))
	var joined []byte
	for {
		chunk := emails[:min(chunkSize, len(emails))]
		joined = joined[:0]
		for i, email := range chunk {
			joined = append(joined, email...)
			lengths[i] = C.size_t(len(email))
		}
		hashes = k.signChunk(joined, lengths[:len(chunk)], hashes)
		emails = emails[len(chunk):]
		k.used()
		if len(emails) == 0 {
			return hashes
		}
	}
}

// signChunk signs emails that stand one after another, because C must not see Go pointers to Go pointers.
func (k *key) signChunk(joined []byte, lengths []C.size_t, hashes []string) []string {
	out := make([]byte, len(lengths)*len(emailHash{}))
	status := C.pylon_identity_sign_many(
		k.c(), (*C.char)(unsafe.Pointer(unsafe.SliceData(joined))), unsafe.SliceData(lengths),
		C.size_t(len(lengths)), (*C.char)(unsafe.Pointer(unsafe.SliceData(out))))
	if status != C.PYLON_IDENTITY_OK {
		panic(Error(status))
	}
	digits := unsafe.String(unsafe.SliceData(out), len(out))
	for range lengths {
		hashes = append(hashes, digits[:len(emailHash{})-1]) // without the NUL
		digits = digits[len(emailHash{}):]
	}
	return hashes
}
