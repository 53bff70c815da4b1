// The contenders in Go; bench/measure.py has the tasks.
package main

/*
#cgo noescape empty_sign
#cgo nocallback empty_sign

#include <stddef.h>
#include <string.h>

// The signature of pylon_identity_sign.
static int empty_sign(const void *secret, const char *email, size_t email_len, char *out) {
	memset(out, '0', 65);
	return secret == email && email_len == 0;
}
*/
import "C"

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/golang-jwt/jwt/v5"
	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

var hash string

// Claims of golang-jwt, in the order of ours, so that both give the same token.
type claims struct {
	Email   string `json:"email"`
	AppID   string `json:"aud"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
	Name    string `json:"name,omitempty"`
	Account string `json:"account_external_id,omitempty"`
	Contact string `json:"contact_external_id,omitempty"`

	jwt.Claims `json:"-"` // signing does not call it
}

// signed returns the token of golang-jwt.
func signed(method jwt.SigningMethod, of claims, key []byte) string {
	token, err := jwt.NewWithClaims(method, of).SignedString(key)
	if err != nil {
		panic(err)
	}
	return token
}

func main() {
	hexSecret, email := os.Getenv("BENCH_SECRET"), os.Getenv("BENCH_EMAIL")
	secret, err := pylonidentity.NewIdentitySecret(hexSecret)
	if err != nil {
		panic(err)
	}
	key, _ := hex.DecodeString(hexSecret)
	jwtSecret, err := pylonidentity.NewJWTSecret(hexSecret)
	if err != nil {
		panic(err)
	}
	now, _ := strconv.ParseInt(os.Getenv("BENCH_NOW"), 10, 64)
	kept := hmac.New(sha256.New, key)
	many := make([]string, 1_000_000)
	for i := range many {
		many[i] = fmt.Sprintf("user%d@example.com", i)
	}
	contenders := map[string]func(){
		"sign": func() { hash = secret.Sign(email) },
		"empty call": func() {
			var out [65]byte
			C.empty_sign(unsafe.Pointer(&key[0]), (*C.char)(unsafe.Pointer(unsafe.StringData(email))),
				C.size_t(len(email)), (*C.char)(unsafe.Pointer(&out[0])))
			hash = string(out[:64])
		},
		"drop-in": func() {
			signed, _ := pylonidentity.SignMessageWithHMAC(email, hexSecret)
			hash = *signed
		},
		"snippet": func() {
			key, _ := hex.DecodeString(hexSecret)
			h := hmac.New(sha256.New, key)
			h.Write([]byte(email))
			hash = hex.EncodeToString(h.Sum(nil))
		},
		"hmac kept": func() {
			kept.Reset()
			kept.Write([]byte(email))
			hash = hex.EncodeToString(kept.Sum(nil))
		},
		"SignJWT": func() {
			user := pylonidentity.Claims{AppID: "app", Email: email, Name: "Ada", IssuedAt: time.Unix(now, 0)}
			hash, _ = jwtSecret.SignJWT(user, 0)
		},
		"golang-jwt": func() {
			user := claims{Email: email, AppID: "app", Issued: now, Expires: now + 600, Name: "Ada"}
			hash = signed(jwt.SigningMethodHS256, user, []byte(hexSecret))
		},
		"loop": func() {
			hashes := make([]string, len(many))
			for i, email := range many {
				hashes[i] = secret.Sign(email)
			}
		},
		"many": func() { secret.SignMany(many) },
	}
	for name, run := range contenders {
		if name != "loop" && name != "many" && name != "empty call" {
			run()
			fmt.Printf("%s\t%s\n", name, hash)
		}
	}
	fmt.Println()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		name, digits, _ := strings.Cut(in.Text(), "\t")
		count, _ := strconv.Atoi(digits)
		run := contenders[name]
		if name == "loop" || name == "many" {
			runtime.GC()
		}
		start := time.Now()
		for range count {
			run()
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
}
