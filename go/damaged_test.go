package pylonidentity

import (
	"strings"
	"testing"
	"unsafe"
)

// The core sees such memory if another goroutine wipes it during a call.
func TestDamagedKeysPanic(t *testing.T) {
	for name, use := range map[string]func(*IdentitySecret){
		"Sign":         func(s *IdentitySecret) { s.Sign("ada@example.com") },
		"SignMany":     func(s *IdentitySecret) { s.SignMany([]string{"ada@example.com"}) },
		"Verify":       func(s *IdentitySecret) { s.Verify("ada@example.com", "") },
		"ChatSettings": func(s *IdentitySecret) { _, _ = s.ChatSettings(User{AppID: "app", Email: "ada@example.com"}) },
	} {
		secret, err := NewIdentitySecret(strings.Repeat("5a", 32))
		if err != nil {
			t.Fatal(err)
		}
		panicsWhenDamaged(t, name, secret.key, func() { use(secret) })
	}
	for name, use := range map[string]func(*JWTSecret){
		"SignJWT":   func(s *JWTSecret) { _, _ = s.SignJWT(Claims{AppID: "app", Email: "ada@example.com"}, 0) },
		"VerifyJWT": func(s *JWTSecret) { _, _ = s.VerifyJWT("", "app") },
	} {
		secret, err := NewJWTSecret(strings.Repeat("5a", 32))
		if err != nil {
			t.Fatal(err)
		}
		panicsWhenDamaged(t, name, secret.key, func() { use(secret) })
	}
}

func TestDiagnosisOfTextsThatDoNotFit(t *testing.T) {
	found := diagnosis(0, "", invalidArgument)
	if found.Matches || len(found.Causes) != 1 || found.Causes[0] != CauseUnknown || found.Explanation == "" {
		t.Error(found)
	}
}

func panicsWhenDamaged(t *testing.T, name string, k *key, use func()) {
	memory := k.state()
	clear(unsafe.Slice((*byte)(unsafe.Pointer(memory)), unsafe.Sizeof(*memory)))
	defer func() {
		if found := recover(); found != ErrSecretNotReady {
			t.Errorf("%s: %v", name, found)
		}
	}()
	use()
}
