package pylonidentity

/*
#cgo noescape pylon_identity_diagnose
#cgo nocallback pylon_identity_diagnose
#include "pylon_identity.h"
*/
import "C"

import "unsafe"

// A Diagnosis says why an email hash does not match. It never shows the secret, the email or the hash.
type Diagnosis struct {
	// Matches is whether the hash is exactly the right one.
	Matches bool
	// Causes are the fewest mistakes that together give the hash, for example [CauseSecretUsedAsText]. The
	// names are the same in every language.
	Causes []string
	// Explanation names the mistakes and how to fix them, in plain text.
	Explanation string
}

// Diagnose finds out why emailHash is not the hash of email under secret, the hexadecimal string.
//
// It tries the usual mistakes in all combinations, and reports the fewest that give the observed hash.
// It takes any text, a malformed secret too. It is for developers, and takes milliseconds.
func Diagnose(secret, email, emailHash string) Diagnosis {
	var causes C.uint64_t
	var text [C.PYLON_IDENTITY_EXPLANATION_SIZE]byte
	explanation := (*C.char)(unsafe.Pointer(&text))
	status := C.pylon_identity_diagnose(
		pointer(secret), C.size_t(len(secret)), pointer(email), C.size_t(len(email)),
		pointer(emailHash), C.size_t(len(emailHash)), &causes, explanation, C.size_t(len(text)))
	if status != C.PYLON_IDENTITY_OK {
		panic(Error(status))
	}
	diagnosis := Diagnosis{Matches: causes == 0, Explanation: C.GoString(explanation)}
	for bit := C.uint64_t(1); bit != 0; bit <<= 1 {
		if causes&bit != 0 {
			diagnosis.Causes = append(diagnosis.Causes, C.GoString(C.pylon_identity_cause_code(bit)))
		}
	}
	return diagnosis
}
