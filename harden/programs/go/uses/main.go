// Uses secrets while another process looks at its memory; the commands are those of uses.py.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

const email = "ada@example.com"

var (
	wrong  = strings.Repeat("0", 64)
	kept   []*pylonidentity.IdentitySecret
	jwts   []*pylonidentity.JWTSecret
	leaked [][]byte
	emails []string
	hashes []string
)

func check(good bool) {
	if !good {
		panic("unexpected answer")
	}
}

func must[T any](value T, err error) T {
	check(err == nil)
	return value
}

var steps = map[string]func(digits string){
	"keep": func(digits string) {
		kept = append(kept, must(pylonidentity.NewIdentitySecret(digits)))
		jwts = append(jwts, must(pylonidentity.NewJWTSecret(digits)))
	},
	"parse": func(digits string) { must(pylonidentity.NewIdentitySecret(digits)) },
	"use": func(digits string) {
		secret := must(pylonidentity.NewIdentitySecret(digits))
		check(secret.Verify(email, secret.Sign(email)) && !secret.Verify(email, wrong))
		settings := must(secret.ChatSettings(pylonidentity.User{AppID: "a", Email: email, Name: "Ada"}))
		must(settings.Script("bm9uY2U="))
		secret.Wipe()
	},
	// The digits are the key of a JWT as they are.
	"jwt": func(digits string) {
		secret := must(pylonidentity.NewJWTSecret(digits))
		settings := must(secret.ChatSettings(pylonidentity.Claims{AppID: "a", Email: email, Name: "Ada"}, 0))
		must(secret.VerifyJWT(settings.JWT, "a"))
		secret.Wipe()
		check(!pylonidentity.DiagnoseJWT(digits+"\n", "a", settings.JWT[1:], email).Matches)
		_, err := pylonidentity.NewJWTSecret(digits + "\n")
		check(err == pylonidentity.ErrJWTSecretWrapped)
	},
	"many": func(digits string) {
		secret := must(pylonidentity.NewIdentitySecret(digits))
		check(len(secret.SignMany(make([]string, 5000))) == 5000)
		secret.Wipe()
	},
	"drop-in": func(digits string) { must(pylonidentity.SignMessageWithHMAC(email, digits)) },
	"diagnose": func(digits string) {
		check(!pylonidentity.Diagnose(digits+"\n", email, wrong).Matches)
		check(!pylonidentity.Diagnose(digits+"\n", email, wrong+wrong).Matches)
		page := "{app_id: 'a', email: 'a', email_hash: '" + wrong + "'}"
		check(!pylonidentity.DiagnosePage(digits+"\n", page).Matches)
	},
	"env": func(string) {
		secret := must(pylonidentity.IdentitySecretFromEnv(""))
		secret.Sign(email)
		secret.Wipe()
	},
	"refused": func(digits string) {
		_, err := pylonidentity.NewIdentitySecret(digits + "\n")
		check(err == pylonidentity.ErrSecretNotHex)
	},
	"sign":   func(string) { kept[0].Sign(email) },
	"verify": func(string) { kept[0].Verify(email, wrong) },
	"emails": func(string) { emails = append(emails, fmt.Sprintf("user%d@example.com", len(emails))) },
	"batch":  func(string) { hashes = kept[0].SignMany(emails) },
	"leak":   func(string) { leaked = append(leaked, make([]byte, 8)) },
	"waste":  func(string) { check(strings.Repeat("x", 100_000_000) != "") },
	"collect": func(string) {
		for range 5 { // one collection finds it, a cleanup wipes it, and the next collection frees it
			debug.FreeOSMemory()
			time.Sleep(10 * time.Millisecond)
		}
	},
	"forget": func(string) {},
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	var lines []string
	for input.Scan() && input.Text() != "" {
		lines = append(lines, input.Text())
	}
	fmt.Println("done")
	for input.Scan() {
		var step string
		var times int
		must(fmt.Sscan(input.Text(), &step, &times))
		for _, line := range lines {
			for range times {
				steps[step](line)
			}
		}
		fmt.Println("done")
	}
	check(hashes == nil || len(hashes) == len(emails))
}
