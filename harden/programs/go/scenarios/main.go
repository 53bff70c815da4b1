// Uses secrets in many goroutines; test_runtimes.py builds it with the checks of Go's tools.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

var hexSecret = os.Getenv("HARDEN_SECRET")

const goroutines = 64

func main() {
	share(must(strconv.Atoi(os.Args[2])))
}

// share has goroutines use one secret, and secrets of their own that are collected or wiped.
func share(rounds int) {
	shared := parse()
	var group sync.WaitGroup
	for number := range goroutines {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := range rounds {
				email := fmt.Sprintf("user%d.%d@example.com", number, round)
				// Each goroutine starts with a small stack, which grows and moves in the calls.
				deeper(round%8, func() { use(shared, email) })
			}
		}()
	}
	group.Wait()
	shared.Wipe()
	func() {
		defer func() {
			if recover() != pylonidentity.ErrSecretNotReady {
				panic("a wiped secret was used")
			}
		}()
		shared.Sign("ada@example.com")
	}()
	fmt.Printf("%d goroutines, %d rounds each\n", goroutines, rounds)
}

//go:noinline
func deeper(depth int, use func()) byte {
	var frame [2048]byte
	if depth > 0 {
		frame[depth] = deeper(depth-1, use)
	} else {
		use()
	}
	return frame[depth]
}

func use(shared *pylonidentity.IdentitySecret, email string) {
	want := oracle(email)
	equal(shared.Sign(email), want)
	equal(parse().Sign(email), want) // collected whenever Go likes
	equal(parse().SignMany([]string{email, email})[1], want)
	equal(parse().Verify(email, want), true)
	own := parse()
	equal(own.Verify(email, want), true)
	own.Wipe()

	emails := make([]string, 600)
	for i := range emails {
		emails[i] = email
	}
	for _, hash := range shared.SignMany(emails) {
		equal(hash, want)
	}
	equal(shared.Verify(email, want), true)
	equal(shared.Verify(email+"x", want), false)
	user := pylonidentity.User{AppID: "app-1", Email: email, Name: "Ada"}
	settings := must(parse().ChatSettings(user))
	equal(settings.EmailHash, want)
	must(settings.Script("r4nd0m"))
	equal(*must(pylonidentity.SignMessageWithHMAC(email, hexSecret)), want)
	_, err := pylonidentity.NewIdentitySecret(hexSecret[1:])
	equal(errors.Is(err, pylonidentity.ErrSecretOddLength), true)
	equal(pylonidentity.Diagnose(hexSecret, email, want).Matches, true)
}

func parse() *pylonidentity.IdentitySecret {
	return must(pylonidentity.NewIdentitySecret(hexSecret))
}

func oracle(email string) string {
	mac := hmac.New(sha256.New, must(hex.DecodeString(hexSecret)))
	mac.Write([]byte(email))
	return hex.EncodeToString(mac.Sum(nil))
}

func equal[T comparable](got, want T) {
	if got != want {
		panic(fmt.Sprintf("got %v, want %v", got, want))
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
