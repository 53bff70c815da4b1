package pylonidentity

import (
	"strings"
	"testing"
	"unsafe"
)

// Memory that another goroutine wipes during a call looks like this to the core.
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
		memory := secret.key.state()
		clear(unsafe.Slice((*byte)(unsafe.Pointer(memory)), unsafe.Sizeof(*memory)))
		func() {
			defer func() {
				if found := recover(); found != ErrSecretNotReady {
					t.Errorf("%s: %v", name, found)
				}
			}()
			use(secret)
		}()
	}
}
