package pylonidentity

/*
#cgo noescape pylon_identity_diagnose
#cgo nocallback pylon_identity_diagnose
#cgo noescape pylon_identity_diagnose_page
#cgo nocallback pylon_identity_diagnose_page
#include "pylon_identity.h"
*/
import "C"

import "unsafe"

// A Diagnosis says why an email hash does not match. It never shows the secret, the email or the hash.
type Diagnosis struct {
	// Matches is whether the hash is exactly the right one, and with [DiagnosePage] whether the widget finds
	// an app ID, an email and that hash.
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
	status := C.pylon_identity_diagnose(
		pointer(secret), C.size_t(len(secret)), pointer(email), C.size_t(len(email)),
		pointer(emailHash), C.size_t(len(emailHash)), &causes, (*C.char)(unsafe.Pointer(&text)),
		C.size_t(len(text)))
	if status != C.PYLON_IDENTITY_OK {
		panic(Error(status))
	}
	return diagnosis(causes, &text)
}

// DiagnosePage finds out what is wrong with the chat settings of a page, for secret, the hexadecimal string.
//
// A page is what JSON.stringify(window.pylon) gives in the browser's console, or its chat_settings alone, as
// JSON or as the literal that a console shows; or the HTML of the page, whose inline scripts are read and not
// run. Only the first MiB is read. It takes any text, a malformed secret too. It is for developers, and takes
// milliseconds.
//
// A [Diagnosis] that matches may have causes: mistakes that do not keep the widget from finding the hash.
func DiagnosePage(secret, page string) Diagnosis {
	var causes C.uint64_t
	var text [C.PYLON_IDENTITY_EXPLANATION_SIZE]byte
	status := C.pylon_identity_diagnose_page(
		pointer(secret), C.size_t(len(secret)), pointer(page), C.size_t(len(page)),
		&causes, (*C.char)(unsafe.Pointer(&text)), C.size_t(len(text)))
	if status != C.PYLON_IDENTITY_OK {
		panic(Error(status))
	}
	return diagnosis(causes, &text)
}

func diagnosis(causes C.uint64_t, text *[C.PYLON_IDENTITY_EXPLANATION_SIZE]byte) Diagnosis {
	diagnosis := Diagnosis{
		Matches:     causes&^C.PYLON_IDENTITY_WARNINGS == 0,
		Explanation: C.GoString((*C.char)(unsafe.Pointer(text))),
	}
	for bit := C.uint64_t(1); bit != 0; bit <<= 1 {
		if causes&bit != 0 {
			diagnosis.Causes = append(diagnosis.Causes, C.GoString(C.pylon_identity_cause_code(bit)))
		}
	}
	return diagnosis
}
