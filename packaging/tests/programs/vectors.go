// The shared vectors through the module, as a backend would use it.
//
//	vectors DIRECTORY_OF_THE_VECTORS
//
// Prints each file and how many of its cases passed; the first that fails ends it.
package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

var codes = map[string]error{
	"ok":                nil,
	"secret_missing":    pylonidentity.ErrSecretMissing,
	"secret_exposed":    pylonidentity.ErrSecretExposed,
	"secret_empty":      pylonidentity.ErrSecretEmpty,
	"secret_odd_length": pylonidentity.ErrSecretOddLength,
	"secret_not_hex":    pylonidentity.ErrSecretNotHex,
	"email_empty":       pylonidentity.ErrEmailEmpty,
	"app_id_empty":      pylonidentity.ErrAppIDEmpty,
	"nonce_invalid":     pylonidentity.ErrNonceInvalid,
}

func each(file string, check func(columns []string) bool) {
	data, err := os.ReadFile(filepath.Join(os.Args[1], file))
	must(err)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[2:]
	for _, line := range lines {
		columns := strings.Split(line, "\t")
		if !check(columns[1:]) {
			log.Fatalf("FAILED: %s: %s", file, columns[0])
		}
	}
	fmt.Println(file, len(lines))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func text(digits string) string {
	decoded, err := hex.DecodeString(digits)
	must(err)
	return string(decoded)
}

func parse(digits string) *pylonidentity.IdentitySecret {
	secret, err := pylonidentity.NewIdentitySecret(digits)
	must(err)
	return secret
}

func sign(c []string) bool {
	count, err := strconv.Atoi(c[2])
	must(err)
	email := strings.Repeat(text(c[1]), count)
	many := parse(c[0]).SignMany([]string{email, "", email})
	dropIn, err := pylonidentity.SignMessageWithHMAC(email, c[0])
	return parse(c[0]).Sign(email) == c[3] && many[0] == c[3] && many[2] == c[3] &&
		parse(c[0]).Verify(email, c[3]) && err == nil && *dropIn == c[3]
}

func verify(c []string) bool {
	return strconv.FormatBool(parse(c[0]).Verify(text(c[1]), text(c[2]))) == c[3]
}

func malformed(c []string) bool {
	_, first := pylonidentity.NewIdentitySecret(text(c[0]))
	_, second := pylonidentity.SignMessageWithHMAC("", text(c[0]))
	return errors.Is(first, codes[c[1]]) && errors.Is(second, codes[c[1]])
}

func diagnose(c []string) bool {
	got := pylonidentity.Diagnose(text(c[0]), text(c[1]), text(c[2]))
	causes := strings.Join(got.Causes, ",")
	return got.Matches == (c[3] == "none") && (causes == c[3] || got.Matches && causes == "")
}

func env(c []string) bool {
	must(os.Unsetenv("PYLON_IDENTITY_SECRET"))
	if c[1] != "-" {
		must(os.Setenv(c[0], text(c[1])))
	}
	_, err := pylonidentity.IdentitySecretFromEnv(c[0])
	must(os.Unsetenv(c[0]))
	return errors.Is(err, codes[c[2]])
}

func settings(c []string) bool {
	given := make([]string, 7)
	for i := range given {
		if c[i+1] != "-" {
			given[i] = text(c[i+1])
		}
	}
	made, err := parse(c[0]).ChatSettings(pylonidentity.User{
		AppID: given[0], Email: given[1], Name: given[2],
		AvatarURL: given[3], AccountID: given[4], AccountExternalID: given[5],
	})
	script := ""
	if err == nil {
		tag, scriptErr := made.Script(given[6])
		script, err = string(tag), scriptErr
	}
	if expected := codes[c[8]]; expected != nil {
		// In Go an empty nonce is none.
		return errors.Is(err, expected) || expected == pylonidentity.ErrNonceInvalid && given[6] == ""
	}
	return err == nil && script == text(c[8])
}

func main() {
	each("sign.tsv", sign)
	each("sign_bytes.tsv", sign)
	each("verify.tsv", verify)
	each("malformed_secrets.tsv", malformed)
	each("diagnose.tsv", diagnose)
	each("env.tsv", env)
	each("settings.tsv", settings)
}
