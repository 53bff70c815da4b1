// Answers the tests across languages through the Go API; see tests/languages.py.
package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

func answer(secret, email, hash string) string {
	parsed, err := pylonidentity.NewIdentitySecret(secret)
	dropIn, dropInErr := pylonidentity.SignMessageWithHMAC(email, secret)
	if !errors.Is(err, dropInErr) {
		return fmt.Sprintf("two errors: %v, %v", err, dropInErr)
	}
	var malformed pylonidentity.Error
	if errors.As(err, &malformed) {
		return fmt.Sprintf("error\t%s\t%v", malformed.Code(), err)
	}
	hashes := append(parsed.SignMany([]string{email}), parsed.Sign(email), *dropIn)
	return fmt.Sprintf("ok\t%t\t%s", parsed.Verify(email, hash), strings.Join(hashes, "\t"))
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var fields []string
		for _, digits := range strings.Split(in.Text(), "\t") {
			field, err := hex.DecodeString(digits)
			if err != nil {
				panic(err)
			}
			fields = append(fields, string(field))
		}
		if len(fields) > 3 {
			diagnosis := pylonidentity.Diagnose(fields[0], fields[1], fields[2])
			fmt.Fprintf(out, "%s\t%x\n", strings.Join(diagnosis.Causes, ","), diagnosis.Explanation)
			continue
		}
		fmt.Fprintln(out, answer(fields[0], fields[1], fields[2]))
	}
}
