// Package pylonidentity signs the email of the logged-in user for Pylon's chat widget. For Pylon's option "JWT
// (signed token)" see [JWTSecret].
//
// The page tells the widget who the user is, and anyone can change the page. So the backend signs the
// email with the identity secret from Pylon's dashboard, and the page passes the email hash along as
// window.pylon.chat_settings.email_hash. The hash is HMAC-SHA256 (RFC 2104) over the bytes of the
// email, keyed with the decoded secret, as 64 lowercase hexadecimal digits. See
// https://docs.usepylon.com/pylon-docs/chat-widget/identity-verification.
//
// The package is a thin layer over a core in Rust. With cgo, on Linux and macOS on amd64 and arm64, that is a
// native library in the module. Everywhere else it is the portable core: the same code, translated to Go. The
// results and errors are the same; [Backend] says which one runs. These build tags choose one:
//   - pylonidentity_portable: the portable core.
//   - pylonidentity_cgo: the native library of the module, or an error of the compiler.
//   - pylonidentity_system: a native library of your own. Install the C library, for which pkg-config finds
//     pylon_identity.
package pylonidentity

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Version is the version of the core, for example "1.2.3".
var Version = version()

// The results of the core that are no [Error] of this package.
const (
	ok              Error = 0
	hashMismatch    Error = 5
	invalidArgument Error = 6
	panicked        Error = 7
)

// An Error is one of the Err constants, for errors.Is. The text names the problem and the next step, and
// never contains the secret.
type Error int32

// Error returns the message, which is the same in every language.
func (e Error) Error() string { return e.message() }

// Code returns the name for programs and logs, which is the same in every language: that of
// [ErrSecretEmpty] is "secret_empty".
func (e Error) Code() string { return e.code() }

// An IdentitySecret is a parsed identity secret. It does not keep the hexadecimal string, prints as
// hidden with every verb and in JSON, and is wiped when it is garbage collected or by
// [IdentitySecret.Wipe].
//
// Any number of goroutines may sign and verify with it at the same time.
type IdentitySecret struct {
	// Copies share it, so the key is wiped after the last of them.
	key *key
}

type key struct {
	// It points to a state, without a type that printing or reflection could follow.
	memory unsafe.Pointer
	wiped  atomic.Bool
}

// A kind of secret.
type kind struct {
	isJWT          bool
	name, variable string
}

var (
	identityKind = &kind{name: "IdentitySecret", variable: DefaultVariable}
	jwtKind      = &kind{isJWT: true, name: "JWTSecret", variable: DefaultJWTVariable}
)

func newKey() *key { return &key{memory: unsafe.Pointer(new(state))} }

func (k *key) state() *state {
	memory := k.memory
	maybeGC()
	return (*state)(memory)
}

// NewIdentitySecret parses the hexadecimal string from Pylon's dashboard: an even number of the digits
// 0-9a-fA-F and nothing else, for at least 16 bytes that are not all zero. The error is [ErrSecretEmpty],
// [ErrSecretOddLength], [ErrSecretNotHex] or [ErrSecretWeak].
func NewIdentitySecret(hex string) (*IdentitySecret, error) {
	return secretOf[IdentitySecret](identityKind.parse(hex))
}

func (of *kind) parse(text string) (*key, error) {
	k := newKey()
	return k.kept(k.state().parse(of.isJWT, text))
}

// kept arranges that the key of a parsed secret is wiped when it is collected.
func (k *key) kept(status Error) (*key, error) {
	if status != ok {
		return nil, status
	}
	runtime.AddCleanup(k, (*state).wipe, k.state())
	return k, nil
}

func secretOf[S ~struct{ key *key }](k *key, err error) (*S, error) {
	if err != nil {
		return nil, err
	}
	return &S{k}, nil
}

// Sign returns the email hash of exactly this email, which is never trimmed or lowercased, as 64
// lowercase hexadecimal digits. Sign only the email of the logged-in session, and only an address that
// the user has proved to own.
//
// It cannot fail, but panics with [ErrSecretNotReady] after [IdentitySecret.Wipe] or if s was never set.
func (s *IdentitySecret) Sign(email string) string {
	k := s.ready()
	var out emailHash
	status := k.state().sign(email, &out)
	k.used()
	if status != ok {
		panic(status)
	}
	return out.String()
}

// Verify reports whether emailHash is exactly the hash that [IdentitySecret.Sign] returns for this email.
// It compares in constant time. Anything but 64 lowercase hexadecimal digits is false.
//
// It panics with [ErrSecretNotReady] after [IdentitySecret.Wipe].
func (s *IdentitySecret) Verify(email, emailHash string) bool {
	k := s.ready()
	status := k.state().verify(email, emailHash)
	k.used()
	if status != ok && status != hashMismatch {
		panic(status)
	}
	return status == ok
}

// Wipe overwrites the key in memory. It may run beside other uses of s and of its copies: each of them gives a right
// result or panics with [ErrSecretNotReady]. Every later use panics. Wiping twice, or a nil s, does nothing. The
// hexadecimal string that you passed is yours to forget; Go cannot wipe strings.
func (s *IdentitySecret) Wipe() {
	if s != nil {
		s.key.wipe()
	}
}

func (k *key) wipe() {
	if k != nil {
		k.wiped.Store(true) // first, so that a call that read a half wiped key notices
		k.state().wipe()
		runtime.KeepAlive(k)
	}
}

// used ends a use of the key: it was not collected during the call, and not wiped.
func (k *key) used() {
	runtime.KeepAlive(k)
	if k.wiped.Load() {
		panic(ErrSecretNotReady)
	}
}

func (s IdentitySecret) String() string { return identityKind.shown(s.key) }

func (of *kind) shown(k *key) string {
	if k == nil {
		return of.name + "(not set)"
	}
	return of.name + "(hidden)"
}

// Format prints "IdentitySecret(hidden)" for every verb, or "IdentitySecret(not set)" for a zero value.
func (s IdentitySecret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.String())
}

// MarshalText returns the same, for logs and dumps of a configuration in JSON, XML and the like. It cannot be parsed
// again.
func (s IdentitySecret) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// UnmarshalText parses the hexadecimal string from Pylon's dashboard, trimmed of white space as
// [IdentitySecretFromEnv] does, for libraries that read a configuration. The errors are those of
// [NewIdentitySecret]. Some libraries, such as envconfig, show a value that they cannot read, and most leave a
// missing one unset; then use [IdentitySecretFromEnv].
func (s *IdentitySecret) UnmarshalText(text []byte) error {
	k, err := identityKind.trimmed(text)
	if err == nil {
		s.key = k
	}
	return err
}

func (of *kind) trimmed(text []byte) (*key, error) {
	return of.fromValue(of.variable, unsafe.String(unsafe.SliceData(text), len(text)), true)
}

// MarshalBinary returns an error, so that encoding/gob and the like cannot store the secret.
func (s IdentitySecret) MarshalBinary() ([]byte, error) { return nil, identityKind.stays() }

func (of *kind) stays() error {
	return fmt.Errorf("this %[1]s stays in the process that made it: make it again in the other one, for "+
		"example with %[1]sFromEnv", of.name)
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
	if status := signMessage(message, secret, &signed.digits); status != ok {
		return nil, status
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

// An emailHash has the form of the core: 64 digits and a NUL.
type emailHash [65]byte

func (h *emailHash) String() string { return string(h[:len(h)-1]) }
