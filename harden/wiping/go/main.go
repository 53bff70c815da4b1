// Uses secrets in one way, forgets them, and waits to be looked at; see wiping.py.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

const email = "ada@example.com"

var wrong = strings.Repeat("0", 64)

func check(good bool) {
	if !good {
		panic("unexpected answer")
	}
}

func use(step, digits string) *pylonidentity.IdentitySecret {
	switch step {
	case "drop-in":
		_, err := pylonidentity.SignMessageWithHMAC(email, digits)
		check(err == nil)
		return nil
	case "diagnose":
		check(!pylonidentity.Diagnose(digits+"\n", email, wrong).Matches)
		check(!pylonidentity.Diagnose(digits+"\n", email, wrong+wrong).Matches)
		return nil
	}
	parse := pylonidentity.NewIdentitySecret
	if step == "env" {
		parse, digits = pylonidentity.IdentitySecretFromEnv, ""
	}
	secret, err := parse(digits)
	check(err == nil)
	check(secret.Verify(email, secret.Sign(email)) && !secret.Verify(email, wrong))
	check(step == "sign and verify" || step == "env" || step == "many")
	if step == "many" {
		emails := make([]string, 10_000)
		check(len(secret.SignMany(emails)) == len(emails))
	}
	return secret
}

func main() {
	step, fate := os.Args[1], os.Args[2]
	var kept []*pylonidentity.IdentitySecret
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() && lines.Text() != "" {
		secret := use(step, lines.Text())
		if fate == "kept" {
			kept = append(kept, secret)
		} else {
			secret.Wipe()
		}
	}
	fmt.Println("ready")
	lines.Scan()
	runtime.KeepAlive(kept)
}
