//go:build cgo && !pylonidentity_portable && (pylonidentity_cgo || pylonidentity_system || ((linux || darwin) && (amd64 || arm64)))

package pylonidentity

/*
#cgo CFLAGS: -I${SRCDIR}/include
#cgo linux,amd64,!pylonidentity_system LDFLAGS: ${SRCDIR}/lib/linux_amd64/libpylon_identity.a
#cgo linux,arm64,!pylonidentity_system LDFLAGS: ${SRCDIR}/lib/linux_arm64/libpylon_identity.a
#cgo darwin,amd64,!pylonidentity_system LDFLAGS: ${SRCDIR}/lib/darwin_amd64/libpylon_identity.a
#cgo darwin,arm64,!pylonidentity_system LDFLAGS: ${SRCDIR}/lib/darwin_arm64/libpylon_identity.a
#cgo pylonidentity_system pkg-config: pylon_identity
#cgo linux LDFLAGS: -lutil -lrt -lpthread -lm -ldl
#cgo noescape pylon_identity_secret_init
#cgo nocallback pylon_identity_secret_init
#cgo noescape pylon_identity_secret_init_from_env
#cgo nocallback pylon_identity_secret_init_from_env
#cgo noescape pylon_identity_secret_wipe
#cgo nocallback pylon_identity_secret_wipe
#cgo noescape pylon_identity_sign
#cgo nocallback pylon_identity_sign
#cgo noescape pylon_identity_sign_many
#cgo nocallback pylon_identity_sign_many
#cgo noescape pylon_identity_sign_message_with_hmac
#cgo nocallback pylon_identity_sign_message_with_hmac
#cgo noescape pylon_identity_verify
#cgo nocallback pylon_identity_verify
#cgo noescape pylon_identity_chat_settings_hash
#cgo nocallback pylon_identity_chat_settings_hash
#cgo noescape pylon_identity_diagnose
#cgo nocallback pylon_identity_diagnose
#cgo noescape pylon_identity_diagnose_page
#cgo nocallback pylon_identity_diagnose_page
#cgo noescape pylon_identity_jwt_secret_init
#cgo nocallback pylon_identity_jwt_secret_init
#cgo noescape pylon_identity_jwt_secret_init_from_env
#cgo nocallback pylon_identity_jwt_secret_init_from_env
#cgo noescape pylon_identity_verify_jwt
#cgo nocallback pylon_identity_verify_jwt
#cgo noescape pylon_identity_diagnose_jwt
#cgo nocallback pylon_identity_diagnose_jwt
#cgo noescape sign_jwt
#cgo nocallback sign_jwt
#cgo noescape write_settings
#cgo nocallback write_settings
#include "pylon_identity.h"

// It takes the user by value, since C must not see a struct in Go's memory that holds Go pointers.
static pylon_identity_status write_settings(int script, pylon_identity_user user, const char *nonce,
	size_t nonce_len, char *out, size_t out_size, size_t *written) {
	if (script)
		return pylon_identity_chat_settings_script(NULL, &user, nonce, nonce_len, out, out_size, written);
	return pylon_identity_chat_settings_json(NULL, &user, out, out_size, written);
}

static pylon_identity_status sign_jwt(const pylon_identity_jwt_secret *secret, pylon_identity_jwt_user user,
	uint64_t expires_in, uint64_t now, char *out, size_t out_size, size_t *written) {
	return pylon_identity_sign_jwt(secret, &user, expires_in, now, out, out_size, written);
}
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Backend is the core that runs: "cgo" is the native library, "portable" is its code in Go.
const Backend = "cgo"

// This compiles only if the portable core has the numbers of the header.
var _ [0]int = [(hashMismatch ^ C.PYLON_IDENTITY_HASH_MISMATCH) | (invalidArgument ^ C.PYLON_IDENTITY_INVALID_ARGUMENT) |
	(panicked ^ C.PYLON_IDENTITY_PANIC) | (kindNumber ^ C.PYLON_IDENTITY_SETTING_NUMBER) |
	(kindBoolean ^ C.PYLON_IDENTITY_SETTING_BOOLEAN) | (Error(len(emailHash{})) ^ C.PYLON_IDENTITY_EMAIL_HASH_SIZE) |
	(explanationSize ^ C.PYLON_IDENTITY_EXPLANATION_SIZE) | (warnings ^ C.PYLON_IDENTITY_WARNINGS) |
	Error(C.sizeof_pylon_identity_secret^C.sizeof_pylon_identity_jwt_secret)]int{}

func version() string { return C.GoString(C.pylon_identity_version()) }

func (e Error) message() string { return C.GoString(C.pylon_identity_status_message(C.int32_t(e))) }

func (e Error) code() string { return C.GoString(C.pylon_identity_status_code(C.int32_t(e))) }

// A state is a parsed secret of either kind.
type state C.pylon_identity_secret

func (s *state) c() *C.pylon_identity_secret { return (*C.pylon_identity_secret)(s) }

func (s *state) jwt() *C.pylon_identity_jwt_secret {
	return (*C.pylon_identity_jwt_secret)(unsafe.Pointer(s))
}

func (s *state) parse(isJWT bool, text string) Error {
	if isJWT {
		return Error(C.pylon_identity_jwt_secret_init(s.jwt(), pointer(text), C.size_t(len(text))))
	}
	return Error(C.pylon_identity_secret_init(s.c(), pointer(text), C.size_t(len(text))))
}

func (s *state) parseValue(isJWT bool, name, text string, set bool) Error {
	value := pointer(text)
	if set && value == nil {
		value = new(C.char) // nil would say that the variable is not set
	}
	if isJWT {
		return Error(C.pylon_identity_jwt_secret_init_from_env(
			s.jwt(), pointer(name), C.size_t(len(name)), value, C.size_t(len(text))))
	}
	return Error(C.pylon_identity_secret_init_from_env(
		s.c(), pointer(name), C.size_t(len(name)), value, C.size_t(len(text))))
}

func (s *state) wipe() { C.pylon_identity_secret_wipe(s.c()) }

func (s *state) sign(email string, out *emailHash) Error {
	return Error(C.pylon_identity_sign(s.c(), pointer(email), C.size_t(len(email)), out.pointer()))
}

func (s *state) verify(email, hash string) Error {
	return Error(C.pylon_identity_verify(
		s.c(), pointer(email), C.size_t(len(email)), pointer(hash), C.size_t(len(hash))))
}

func (s *state) chatSettingsHash(appID, email string, out *emailHash) Error {
	return Error(C.pylon_identity_chat_settings_hash(
		s.c(), pointer(appID), C.size_t(len(appID)), pointer(email), C.size_t(len(email)), out.pointer()))
}

// signJWT writes the token into out, and returns its length.
func (s *state) signJWT(texts *[5]string, expiresIn, now uint64, out []byte) (int, Error) {
	user := C.pylon_identity_jwt_user{
		app_id: text(texts[0]), email: text(texts[1]), name: text(texts[2]),
		account_external_id: text(texts[3]), contact_external_id: text(texts[4]),
	}
	var written C.size_t
	status := C.sign_jwt(
		s.jwt(), user, C.uint64_t(expiresIn), C.uint64_t(now), buffer(out), C.size_t(len(out)), &written)
	return int(written), Error(status)
}

// verifyJWT writes the claims into out as JSON, and returns their length.
func (s *state) verifyJWT(token, appID string, now uint64, out []byte) (int, Error) {
	var written C.size_t
	status := C.pylon_identity_verify_jwt(
		s.jwt(), pointer(token), C.size_t(len(token)), pointer(appID), C.size_t(len(appID)), C.uint64_t(now),
		buffer(out), C.size_t(len(out)), &written)
	return int(written), Error(status)
}

func signMessage(message, secret string, out *emailHash) Error {
	return Error(C.pylon_identity_sign_message_with_hmac(
		pointer(message), C.size_t(len(message)), pointer(secret), C.size_t(len(secret)), out.pointer()))
}

// A batch joins the emails, because C must not see Go pointers to Go pointers.
type batch struct {
	joined  []byte
	lengths []C.size_t
}

func (b *batch) sign(s *state, emails []string, out []byte) Error {
	b.joined, b.lengths = b.joined[:0], b.lengths[:0]
	for _, email := range emails {
		b.joined = append(b.joined, email...)
		b.lengths = append(b.lengths, C.size_t(len(email)))
	}
	return Error(C.pylon_identity_sign_many(
		s.c(), (*C.char)(unsafe.Pointer(unsafe.SliceData(b.joined))), unsafe.SliceData(b.lengths),
		C.size_t(len(emails)), buffer(out)))
}

func diagnose(secret, email, hash string) (causes uint64, explanation string, status Error) {
	var text [explanationSize]byte
	out := buffer(text[:])
	status = Error(C.pylon_identity_diagnose(
		pointer(secret), C.size_t(len(secret)), pointer(email), C.size_t(len(email)),
		pointer(hash), C.size_t(len(hash)), (*C.uint64_t)(&causes), out, C.size_t(len(text))))
	return causes, C.GoString(out), status
}

func diagnosePage(secret, page string) (causes uint64, explanation string, status Error) {
	var text [explanationSize]byte
	out := buffer(text[:])
	status = Error(C.pylon_identity_diagnose_page(
		pointer(secret), C.size_t(len(secret)), pointer(page), C.size_t(len(page)),
		(*C.uint64_t)(&causes), out, C.size_t(len(text))))
	return causes, C.GoString(out), status
}

func diagnoseJWT(secret, appID, token, email string, now uint64) (causes uint64, explanation string, status Error) {
	var text [explanationSize]byte
	out := buffer(text[:])
	status = Error(C.pylon_identity_diagnose_jwt(
		pointer(secret), C.size_t(len(secret)), pointer(appID), C.size_t(len(appID)),
		pointer(token), C.size_t(len(token)), pointer(email), C.size_t(len(email)), C.uint64_t(now),
		(*C.uint64_t)(&causes), out, C.size_t(len(text))))
	return causes, C.GoString(out), status
}

func causeCode(bit uint64) string { return C.GoString(C.pylon_identity_cause_code(C.uint64_t(bit))) }

func writeSettings(script bool, texts *[7]string, other []setting, nonce string, size int) ([]byte, Error) {
	// C reads these through memory of Go, so they must not move.
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pin := func(s string) C.pylon_identity_text {
		if s != "" {
			pinned.Pin(unsafe.StringData(s))
		}
		return text(s)
	}
	settings := make([]C.pylon_identity_setting, len(other))
	for i, s := range other {
		settings[i] = C.pylon_identity_setting{
			name: pin(s.name), kind: C.int32_t(s.kind), text: pin(s.text), number: C.double(s.number),
		}
	}
	if len(settings) > 0 {
		pinned.Pin(&settings[0])
	}
	user := C.pylon_identity_user{
		app_id: text(texts[0]), email: text(texts[1]), name: text(texts[2]), avatar_url: text(texts[3]),
		account_id: text(texts[4]), account_external_id: text(texts[5]), email_hash: text(texts[6]),
		other: unsafe.SliceData(settings), other_count: C.size_t(len(settings)),
	}
	var chosen C.int
	if script {
		chosen = 1
	}
	out := make([]byte, size)
	var written C.size_t
	status := C.write_settings(
		chosen, user, pointer(nonce), C.size_t(len(nonce)), buffer(out), C.size_t(len(out)), &written)
	return out[:written], Error(status)
}

func text(s string) C.pylon_identity_text {
	return C.pylon_identity_text{data: pointer(s), length: C.size_t(len(s))}
}

// pointer gives C the bytes of s. The result of unsafe.StringData is unspecified for an empty string.
func pointer(s string) *C.char {
	if s == "" {
		return nil
	}
	data := unsafe.StringData(s)
	maybeGC()
	return (*C.char)(unsafe.Pointer(data))
}

func buffer(out []byte) *C.char { return (*C.char)(unsafe.Pointer(unsafe.SliceData(out))) }

func (h *emailHash) pointer() *C.char { return (*C.char)(unsafe.Pointer(h)) }
