package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

var (
	last string
	kept [][]byte
)

// memory prints for each kind of call how many there were, and how many kB the process held before and after.
func memory(calls int, leak bool) {
	secret, email := parse(), "ada@example.com"
	hash := secret.Sign(email)
	user := pylonidentity.User{AppID: "app-1", Email: email, Name: "Ada"}
	measure := func(kind string, calls int, call func()) {
		repeat := func(times int) {
			for range times {
				call()
				if leak {
					kept = append(kept, make([]byte, 8))
				}
			}
		}
		repeat(calls / 5)
		before := resident()
		repeat(calls)
		fmt.Println(kind, calls, before, resident())
	}
	measure("sign", calls, func() { last = secret.Sign(email) })
	measure("verify", calls, func() { secret.Verify(email, hash) })
	measure("secrets", calls, func() { last = parse().Sign(email) })
	measure("others", calls/500, func() {
		last = *must(pylonidentity.SignMessageWithHMAC(email, hexSecret))
		last = string(must(must(secret.ChatSettings(user)).Script("r4nd0m")))
		_, _ = pylonidentity.NewIdentitySecret("0x")
		last = pylonidentity.Diagnose(hexSecret, email, strings.ToUpper(hash)).Explanation
		secret.SignMany([]string{email, email})
	})
}

// batch prints how many kB the signing of many emails took at most, beyond the emails and the hashes.
func batch(count int, waste bool) {
	secret := parse()
	emails := make([]string, count)
	for i := range emails {
		emails[i] = fmt.Sprintf("user%d@example.com", i)
	}
	secret.SignMany(emails[:1000])
	resident()
	check(os.WriteFile("/proc/self/clear_refs", []byte("5"), 0))
	hashes := secret.SignMany(emails)
	if waste {
		held := strings.Repeat("x", count*100)
		runtime.KeepAlive(held)
	}
	peak := status("/proc/self/status", "VmHWM:")
	fmt.Println(count, peak-resident())
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

func check(err error) {
	if err != nil {
		panic(err)
	}
}
