package pylonidentity

import "unsafe"

// It bounds the memory that a batch takes.
const chunkSize = 16_384

// SignMany returns the email hash of each email, in the same order, using all processors for large
// numbers of them. It panics as Sign does.
//
// The hashes of one call share memory: to keep a few of many for long, clone them.
func (s *IdentitySecret) SignMany(emails []string) []string {
	k := s.ready()
	hashes := make([]string, 0, len(emails))
	// Each chunk uses it again, so that large batches leave no garbage.
	var batch batch
	for {
		chunk := emails[:min(chunkSize, len(emails))]
		out := make([]byte, len(chunk)*len(emailHash{}))
		if status := batch.sign(k.state(), chunk, out); status != ok {
			panic(status)
		}
		digits := unsafe.String(unsafe.SliceData(out), len(out))
		for range chunk {
			hashes = append(hashes, digits[:len(emailHash{})-1]) // without the NUL
			digits = digits[len(emailHash{}):]
		}
		emails = emails[len(chunk):]
		k.used()
		if len(emails) == 0 {
			return hashes
		}
	}
}
