package main

import (
	"errors"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/golang-jwt/jwt/v5"
	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

// Properties of every JWT, with golang-jwt as oracle. Only the tests and the benchmark depend on it.

const now = 1_800_000_000

// read verifies a token with golang-jwt, and returns its claims.
func read(token, appID string, key []byte) (jwt.MapClaims, error) {
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithStrictDecoding(), jwt.WithAudience(appID),
		jwt.WithIssuedAt(), jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return time.Unix(now, 0) }))
	found := jwt.MapClaims{}
	_, err := parser.ParseWithClaims(token, found, func(*jwt.Token) (any, error) { return key, nil })
	return found, err
}

// usable makes a text that the core accepts as an app ID or email.
func usable(text string) string { return "x" + strings.ToValidUTF8(text, "") }

func keyed(t *testing.T, key string) (*pylonidentity.JWTSecret, []byte) {
	t.Helper()
	key = "k" + key + "0123456789abcde"
	secret, err := pylonidentity.NewJWTSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	return secret, []byte(key)
}

func TestGolangJWTReadsOurTokens(t *testing.T) {
	reads := func(key, appID, email, name, account, contact string, ttl uint16) bool {
		secret, raw := keyed(t, key)
		user := pylonidentity.Claims{
			AppID: usable(appID), Email: usable(email), Name: name, AccountExternalID: account, ContactExternalID: contact,
			IssuedAt: time.Unix(now, 0),
		}
		lifetime := time.Duration(ttl%1024) * time.Second
		token, err := secret.SignJWT(user, lifetime)
		if lifetime > 15*time.Minute {
			return errors.Is(err, pylonidentity.ErrJWTLifetime)
		}
		if lifetime == 0 {
			lifetime = 10 * time.Minute
		}
		found, readErr := read(token, user.AppID, raw)
		want := jwt.MapClaims{
			"email": user.Email, "aud": user.AppID, "iat": float64(now), "exp": now + lifetime.Seconds(),
			"name": name, "account_external_id": account, "contact_external_id": contact,
		}
		for field, value := range want {
			if value != found[field] && (value != "" || found[field] != nil) {
				t.Errorf("%s: %q, want %q", field, found[field], value)
			}
		}
		return err == nil && readErr == nil
	}
	if err := quick.Check(reads, &quick.Config{MaxCount: 300}); err != nil {
		t.Error(err)
	}
}

func TestWeTakeTheTokensThatGolangJWTTakes(t *testing.T) {
	methods := []jwt.SigningMethod{
		jwt.SigningMethodHS256, jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512,
	}
	taken := 0
	agrees := func(key, appID, email, name string, method, issued, lives, other byte, at uint16, char byte) bool {
		secret, raw := keyed(t, key)
		signer, shown := raw, usable(appID)
		if other%8 == 1 {
			signer = append([]byte{0}, raw...)
		}
		if other%8 == 2 {
			shown += "x"
		}
		iat := now + int64(issued%4) - 2
		of := claims{
			Email: usable(email), AppID: usable(appID), Issued: iat, Expires: iat + int64(lives)*5, Name: name,
		}
		token := signed(methods[method%4], of, signer)
		if other%8 == 3 {
			index := int(at) % len(token)
			token = token[:index] + string(rune(char&127)) + token[index+1:]
		}
		_, wrong := read(token, shown, raw)
		found, err := secret.VerifyJWT(token, shown, time.Unix(now, 0))
		isLong := of.Expires-of.Issued > 900
		if (err == nil) != (wrong == nil && !isLong) {
			t.Errorf("%s: %v, golang-jwt: %v", token, err, wrong)
		}
		if err == nil {
			taken++
			return found.Email == of.Email && found.Name == name && found.ExpiresAt.Unix() == of.Expires
		}
		return found == pylonidentity.Claims{}
	}
	if err := quick.Check(agrees, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
	if taken < 100 {
		t.Errorf("only %d tokens were right", taken)
	}
}
