// The snippet of Pylon's docs for Go, with the import that it lacks, in a loop.
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

func SignMessageWithHMAC(message, secret string) (*string, error) {
	secretBytes, err := hex.DecodeString(secret)
	if err != nil {
		return nil, errors.New("unable to decode secret")
	}
	h := hmac.New(sha256.New, secretBytes)
	h.Write([]byte(message))
	signature := hex.EncodeToString(h.Sum(nil))
	return &signature, nil
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		fields := strings.Split(in.Text(), "\t")
		secret, _ := hex.DecodeString(fields[0])
		email, _ := hex.DecodeString(fields[1])
		hash, err := SignMessageWithHMAC(string(email), string(secret))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(*hash)
	}
}
