package pylonidentity_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

// each runs check on each case of a vector file, and fails if the file holds another number than ran.
func each(t *testing.T, file string, check func(t *testing.T, columns []string)) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "tests", "vectors", file))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	ran := 0
	for _, line := range lines[2:] {
		columns := strings.Split(line, "\t")
		t.Run(columns[0], func(t *testing.T) { check(t, columns[1:]) })
		ran++
	}
	if want := fmt.Sprintf("cases\t%d", ran); lines[0] != want {
		t.Errorf("ran %q, but the file says %q", want, lines[0])
	}
}

func text(t *testing.T, digits string) string {
	t.Helper()
	decoded, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return string(decoded)
}

func parse(t *testing.T, hex string) *pylonidentity.IdentitySecret {
	t.Helper()
	secret, err := pylonidentity.NewIdentitySecret(hex)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestSign(t *testing.T) {
	for _, file := range []string{"sign.tsv", "sign_bytes.tsv"} {
		each(t, file, func(t *testing.T, columns []string) {
			count, err := strconv.Atoi(columns[2])
			if err != nil {
				t.Fatal(err)
			}
			email, want := strings.Repeat(text(t, columns[1]), count), columns[3]
			secret := parse(t, columns[0])
			if got := secret.Sign(email); got != want {
				t.Errorf("Sign: %s, want %s", got, want)
			}
			if got := secret.SignMany([]string{email, "", email}); got[0] != want || got[2] != want {
				t.Errorf("SignMany: %v, want %s", got, want)
			}
			if !secret.Verify(email, want) {
				t.Error("Verify: false")
			}
			if got, err := pylonidentity.SignMessageWithHMAC(email, columns[0]); err != nil || *got != want {
				t.Errorf("SignMessageWithHMAC: %v, %v, want %s", got, err, want)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	each(t, "verify.tsv", func(t *testing.T, columns []string) {
		secret, email, hash := parse(t, columns[0]), text(t, columns[1]), text(t, columns[2])
		if got := strconv.FormatBool(secret.Verify(email, hash)); got != columns[3] {
			t.Errorf("Verify: %s, want %s", got, columns[3])
		}
	})
}

func TestMalformedSecrets(t *testing.T) {
	codes := map[string]error{
		"secret_empty":      pylonidentity.ErrSecretEmpty,
		"secret_odd_length": pylonidentity.ErrSecretOddLength,
		"secret_not_hex":    pylonidentity.ErrSecretNotHex,
	}
	each(t, "malformed_secrets.tsv", func(t *testing.T, columns []string) {
		malformed, want := text(t, columns[0]), codes[columns[1]]
		if secret, err := pylonidentity.NewIdentitySecret(malformed); secret != nil || !errors.Is(err, want) {
			t.Errorf("NewIdentitySecret: %v, %v, want %v", secret, err, want)
		}
		if hash, err := pylonidentity.SignMessageWithHMAC("", malformed); hash != nil || !errors.Is(err, want) {
			t.Errorf("SignMessageWithHMAC: %v, %v, want %v", hash, err, want)
		}
	})
}
