//go:build pylonidentity_portable || (!pylonidentity_cgo && !pylonidentity_system && !(cgo && (linux || darwin) && (amd64 || arm64)))

package pylonidentity

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

var digits = strings.Repeat("5a", 32)

// Some distributions of Go use a SHA-256 of the system, which cannot restore a state.
func TestWithAnotherSHA256TheCoreSigns(t *testing.T) {
	secret, err := NewIdentitySecret(digits)
	if err != nil {
		t.Fatal(err)
	}
	want := secret.Sign("ada@example.com")
	made := signers.New
	defer func() { signers = sync.Pool{New: made} }()
	signers = sync.Pool{New: func() any { return new(signer) }}
	signed, err := SignMessageWithHMAC("ada@example.com", digits)
	if got := secret.Sign("ada@example.com"); got != want || err != nil || *signed != want {
		t.Errorf("%s, %s, %v, want %s", got, *signed, err, want)
	}
	if !secret.Verify("ada@example.com", want) {
		t.Error("Verify: false")
	}
}

func TestATrapIsAStatus(t *testing.T) {
	var trapped *call
	status := with(func(c *call) Error {
		trapped = c
		c.text(digits)
		return Error(c.Xpylon_identity_secret_wipe(-8))
	})
	if status != panicked {
		t.Error(status)
	}
	if strings.Contains(string(trapped.memory()), digits) {
		t.Error("the digits are still there")
	}
	for range 3 {
		with(func(c *call) Error {
			if c.Module == trapped.Module {
				t.Error("the module is used again")
			}
			return ok
		})
	}
}

func TestTextsThatAreTooLargeAreErrors(t *testing.T) {
	// Nothing touches this memory, so the system never gives it.
	memory := make([]byte, 1<<30)
	text := unsafe.String(&memory[0], len(memory))
	secret, err := NewIdentitySecret(digits)
	if err != nil {
		t.Fatal(err)
	}
	_, hexErr := NewIdentitySecret(text)
	_, userErr := secret.ChatSettings(User{AppID: "app", Email: text})
	_, settingsErr := ChatSettings{AppID: "app", Name: text}.Script("")
	for _, err := range []error{hexErr, userErr, settingsErr} {
		if !errors.Is(err, invalidArgument) {
			t.Error(err)
		}
	}
	diagnosis := Diagnose(digits, text, "")
	if !slices.Equal(diagnosis.Causes, []string{CauseUnknown}) || diagnosis.Explanation != invalidArgument.Error() {
		t.Errorf("%+v", diagnosis)
	}
}

func TestLargeTextsArePossible(t *testing.T) {
	name := strings.Repeat("a", 1<<20)
	script, err := ChatSettings{AppID: "app", Name: name}.Script("")
	if err != nil || !strings.Contains(string(script), name) {
		t.Error(err)
	}
	with(func(c *call) Error {
		if size := len(c.memory()); size > keptMemory {
			t.Errorf("%d bytes are kept", size)
		}
		return ok
	})
}
