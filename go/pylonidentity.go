// Package pylonidentity signs the email of the logged-in user for Pylon's chat widget.
//
// The page tells the widget who the user is, and anyone can change the page. So the backend signs the
// email with the identity secret from Pylon's dashboard, and the page passes the email hash along as
// window.pylon.chat_settings.email_hash. The hash is HMAC-SHA256 (RFC 2104) over the bytes of the
// email, keyed with the decoded secret, as 64 lowercase hexadecimal digits. See
// https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification.
//
// The package is a thin layer over a native library; building it needs cgo and a C compiler. The module
// has the library for Linux and macOS on amd64 and arm64. Elsewhere, or to link one of your own, install
// the C library and build with -tags pylonidentity_system, which asks pkg-config for pylon_identity.
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
#cgo noescape pylon_identity_secret_wipe
#cgo nocallback pylon_identity_secret_wipe
#cgo noescape pylon_identity_sign
#cgo nocallback pylon_identity_sign
#cgo noescape pylon_identity_sign_message_with_hmac
#cgo nocallback pylon_identity_sign_message_with_hmac
#cgo noescape pylon_identity_verify
#cgo nocallback pylon_identity_verify
#include "pylon_identity.h"
*/
import "C"

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Version is the version of the native library, for example "1.2.3".
var Version = C.GoString(C.pylon_identity_version())

// An Error is one of the Err constants, for errors.Is. The text names the problem and the next step, and
// never contains the secret.
type Error int32

// Error returns the message, which is the same in every language.
func (e Error) Error() string {
	return C.GoString(C.pylon_identity_status_message(C.int32_t(e)))
}

// Code returns the name for programs and logs, which is the same in every language: that of
// [ErrSecretEmpty] is "secret_empty".
func (e Error) Code() string {
	return C.GoString(C.pylon_identity_status_code(C.int32_t(e)))
}

// An IdentitySecret is a parsed identity secret. It does not keep the hexadecimal string, prints as
// hidden with every verb and in JSON, and is wiped when it is garbage collected or by
// [IdentitySecret.Wipe].
//
// Any number of goroutines may sign and verify with it at the same time.
type IdentitySecret struct {
	// Shared by copies, so the key is wiped after the last of them.
	key *key
}

type key struct {
	// Points to a C.pylon_identity_secret, without a type that printing or reflection could follow.
	memory unsafe.Pointer
	wiped  atomic.Bool
}

func newKey() *key { return &key{memory: unsafe.Pointer(new(C.pylon_identity_secret))} }

func (k *key) c() *C.pylon_identity_secret {
	memory := k.memory
	maybeGC()
	return (*C.pylon_identity_secret)(memory)
}

// NewIdentitySecret parses the hexadecimal string from Pylon's dashboard: an even number of the digits
// 0-9a-fA-F and nothing else, for at least 16 bytes that are not all zero. The error is [ErrSecretEmpty],
// [ErrSecretOddLength], [ErrSecretNotHex] or [ErrSecretWeak].
func NewIdentitySecret(hex string) (*IdentitySecret, error) {
	k := newKey()
	return k.secret(C.pylon_identity_secret_init(k.c(), pointer(hex), C.size_t(len(hex))))
}

func (k *key) secret(status C.pylon_identity_status) (*IdentitySecret, error) {
	if status != C.PYLON_IDENTITY_OK {
		return nil, Error(status)
	}
	runtime.AddCleanup(k, wipe, k.c())
	return &IdentitySecret{k}, nil
}

// Sign returns the email hash of exactly this email, which is never trimmed or lowercased, as 64
// lowercase hexadecimal digits. Sign only the email of the logged-in session, and only an address that
// the user has proved to own.
//
// It cannot fail, but panics with [ErrSecretNotReady] after [IdentitySecret.Wipe] or if s was never set.
func (s *IdentitySecret) Sign(email string) string {
	k := s.ready()
	var out emailHash
	status := C.pylon_identity_sign(k.c(), pointer(email), C.size_t(len(email)), out.pointer())
	k.used()
	if status != C.PYLON_IDENTITY_OK {
		panic(Error(status))
	}
	return out.String()
}

// Verify reports whether emailHash is exactly the hash that [IdentitySecret.Sign] returns for this email.
// It compares in constant time. Anything but 64 lowercase hexadecimal digits is false.
//
// It panics with [ErrSecretNotReady] after [IdentitySecret.Wipe].
func (s *IdentitySecret) Verify(email, emailHash string) bool {
	k := s.ready()
	status := C.pylon_identity_verify(
		k.c(), pointer(email), C.size_t(len(email)), pointer(emailHash), C.size_t(len(emailHash)))
	k.used()
	if status != C.PYLON_IDENTITY_OK && status != C.PYLON_IDENTITY_HASH_MISMATCH {
		panic(Error(status))
	}
	return status == C.PYLON_IDENTITY_OK
}

// Wipe overwrites the key in memory. It may run beside other uses of s and of its copies: each of them gives
// a right result or panics with [ErrSecretNotReady], as every later use does. Wiping twice, or a nil s, does
// nothing. The hexadecimal string that you passed is yours to forget; Go cannot wipe strings.
func (s *IdentitySecret) Wipe() {
	if s != nil && s.key != nil {
		s.key.wiped.Store(true) // first, so that a call that read a half wiped key notices
		wipe(s.key.c())
		runtime.KeepAlive(s.key)
	}
}

// used ends a use of the key: it was not collected during the call, and not wiped.
func (k *key) used() {
	runtime.KeepAlive(k)
	if k.wiped.Load() {
		panic(ErrSecretNotReady)
	}
}

func (s IdentitySecret) String() string {
	if s.key == nil {
		return "IdentitySecret(not set)"
	}
	return "IdentitySecret(hidden)"
}

// Format prints "IdentitySecret(hidden)" whatever the verb, or "IdentitySecret(not set)" for a zero value.
func (s IdentitySecret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.String())
}

// MarshalText returns the same, for logs and dumps of a configuration in JSON, XML and the like. Nothing
// makes a secret of that again.
func (s IdentitySecret) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// UnmarshalText parses the hexadecimal string from Pylon's dashboard, trimmed of white space as
// [IdentitySecretFromEnv] does, for libraries that read a configuration. The errors are those of
// [NewIdentitySecret]. Some libraries, such as envconfig, show a value that they cannot read, and most leave a
// missing one unset; then use [IdentitySecretFromEnv].
func (s *IdentitySecret) UnmarshalText(text []byte) error {
	parsed, err := fromValue(DefaultVariable, unsafe.String(unsafe.SliceData(text), len(text)), true)
	if err != nil {
		return err
	}
	*s = *parsed
	return nil
}

// MarshalBinary refuses, and so do encoding/gob and others that keep a value to restore it.
func (s IdentitySecret) MarshalBinary() ([]byte, error) {
	return nil, errors.New("an IdentitySecret stays in the process that made it: make it again in the " +
		"other one, for example with IdentitySecretFromEnv")
}

// SignMessageWithHMAC is a drop-in for the snippet in Pylon's docs: it parses secret and signs message
// with it. To sign more than once, keep an [IdentitySecret] instead. The errors are those of
// [NewIdentitySecret].
func SignMessageWithHMAC(message, secret string) (*string, error) {
	// The string and its digits, in one allocation.
	signed := new(struct {
		text   string
		digits emailHash
	})
	status := C.pylon_identity_sign_message_with_hmac(
		pointer(message), C.size_t(len(message)), pointer(secret), C.size_t(len(secret)), signed.digits.pointer())
	if status != C.PYLON_IDENTITY_OK {
		return nil, Error(status)
	}
	signed.text = unsafe.String(&signed.digits[0], len(signed.digits)-1)
	return &signed.text, nil
}

// GenerateSecret makes a new secret for tests and development: 64 hexadecimal digits (32 random
// bytes). In production the secret comes from Pylon's dashboard.
func GenerateSecret() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return hex.EncodeToString(key)
}

func (s *IdentitySecret) ready() *key {
	if s == nil || s.key == nil {
		panic(ErrSecretNotReady)
	}
	return s.key
}

func wipe(c *C.pylon_identity_secret) {
	C.pylon_identity_secret_wipe(c)
}

// An emailHash is one as C writes it: 64 digits and a NUL.
type emailHash [C.PYLON_IDENTITY_EMAIL_HASH_SIZE]byte

func (h *emailHash) pointer() *C.char { return (*C.char)(unsafe.Pointer(h)) }

func (h *emailHash) String() string { return string(h[:len(h)-1]) }

// pointer gives C the bytes of s. The result of unsafe.StringData is unspecified for an empty string.
func pointer(s string) *C.char {
	if s == "" {
		return nil
	}
	data := unsafe.StringData(s)
	maybeGC()
	return (*C.char)(unsafe.Pointer(data))
}
