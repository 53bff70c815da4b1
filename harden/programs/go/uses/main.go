// Uses secrets, for the scan of memory and for the measurement of its growth; the commands are those of uses.py.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

const email = "ada@example.com"

var (
	wrong   = strings.Repeat("0", 64)
	several = 10_000
	leaked  [][]byte
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

func used(secret *pylonidentity.IdentitySecret, err error) *pylonidentity.IdentitySecret {
	check(err == nil)
	check(secret.Verify(email, secret.Sign(email)) && !secret.Verify(email, wrong))
	settings := must(secret.ChatSettings(pylonidentity.User{AppID: "a", Email: email, Name: "Ada"}))
	must(settings.Script("bm9uY2U="))
	return secret
}

// steps take digits and return a secret that they made.
var steps = map[string]func(digits string) *pylonidentity.IdentitySecret{
	"use": func(digits string) *pylonidentity.IdentitySecret {
		return used(pylonidentity.NewIdentitySecret(digits))
	},
	"many": func(digits string) *pylonidentity.IdentitySecret {
		secret := used(pylonidentity.NewIdentitySecret(digits))
		check(len(secret.SignMany(make([]string, several))) == several)
		return secret
	},
	"drop-in": func(digits string) *pylonidentity.IdentitySecret {
		must(pylonidentity.SignMessageWithHMAC(email, digits))
		return nil
	},
	"diagnose": func(digits string) *pylonidentity.IdentitySecret {
		check(!pylonidentity.Diagnose(digits+"\n", email, wrong).Matches)
		check(!pylonidentity.Diagnose(digits+"\n", email, wrong+wrong).Matches)
		return nil
	},
	"env": func(string) *pylonidentity.IdentitySecret {
		return used(pylonidentity.IdentitySecretFromEnv(""))
	},
	"refused": func(digits string) *pylonidentity.IdentitySecret {
		_, err := pylonidentity.NewIdentitySecret(digits + "\n")
		check(err == pylonidentity.ErrSecretNotHex)
		return nil
	},
}

func wiping(step, fate string) {
	var kept []*pylonidentity.IdentitySecret
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() && lines.Text() != "" {
		secret := steps[step](lines.Text())
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

func memory(calls int, leak bool) {
	several = 2
	hex := os.Getenv("PYLON_IDENTITY_SECRET")
	secret := steps["use"](hex)
	right := secret.Sign(email)
	measure := func(kind string, calls int, call func()) {
		repeat := func(times int) {
			for range times {
				call()
				if leak {
					leaked = append(leaked, make([]byte, 8))
				}
			}
		}
		repeat(calls / 5)
		before := resident()
		repeat(calls)
		fmt.Println(kind, calls, before, resident())
	}
	measure("sign", calls, func() { secret.Sign(email) })
	measure("verify", calls, func() { secret.Verify(email, right) })
	measure("secrets", calls, func() { must(pylonidentity.NewIdentitySecret(hex)) })
	measure("steps", calls/1000, func() {
		for _, step := range steps {
			step(hex)
		}
	})
}

func batch(count int, waste bool) {
	secret := steps["env"]("")
	emails := make([]string, count)
	for i := range emails {
		emails[i] = fmt.Sprintf("user%d@example.com", i)
	}
	secret.SignMany(emails[:1000])
	resident()
	check(os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) == nil)
	hashes := secret.SignMany(emails)
	if waste {
		held := strings.Repeat("x", count*100)
		runtime.KeepAlive(held)
	}
	peak := status("/proc/self/status", "VmHWM:")
	fmt.Println(peak - resident())
	runtime.KeepAlive(emails)
	runtime.KeepAlive(hashes)
}

func resident() int {
	for range 5 { // what one collection finds, a cleanup wipes, and only the next one frees
		debug.FreeOSMemory()
		time.Sleep(10 * time.Millisecond)
	}
	return status("/proc/self/smaps_rollup", "Rss:")
}

func status(file, name string) (kB int) {
	_, rest, _ := strings.Cut(string(must(os.ReadFile(file))), name)
	must(fmt.Sscan(rest, &kB))
	return kB
}

func main() {
	switch planted := len(os.Args) > 3; os.Args[1] {
	case "wiping":
		wiping(os.Args[2], os.Args[3])
	case "memory":
		memory(must(strconv.Atoi(os.Args[2])), planted)
	case "batch":
		batch(must(strconv.Atoi(os.Args[2])), planted)
	}
}
