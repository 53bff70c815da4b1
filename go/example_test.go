package pylonidentity_test

import (
	"errors"
	"fmt"
	"time"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

// The secret of these examples. Yours comes from Pylon's dashboard, never from the source code.
const hexSecret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func ExampleIdentitySecret() {
	secret, err := pylonidentity.NewIdentitySecret(hexSecret)
	if err != nil {
		panic(err)
	}
	emailHash := secret.Sign("ada@example.com")
	fmt.Println(emailHash)
	fmt.Println(secret.Verify("ada@example.com", emailHash), secret.Verify("eve@example.com", emailHash))
	// Output:
	// 5c820b4a5aac8f31eb6741825bfecb8e97f00488d5edaed1ae2908c29d0b7e38
	// true false
}

func ExampleNewIdentitySecret_malformed() {
	_, err := pylonidentity.NewIdentitySecret("0x" + hexSecret)
	fmt.Println(errors.Is(err, pylonidentity.ErrSecretNotHex))
	// Output: true
}

func ExampleSignMessageWithHMAC() {
	hash, err := pylonidentity.SignMessageWithHMAC("CHAT_USER_EMAIL", hexSecret)
	if err != nil {
		panic(err)
	}
	fmt.Println(*hash)
	// Output: b6706b9c986e883b433facfb5a8390c0128ee2845cb6593fb0fd0c82556a6978
}

func ExampleChatSettings_Script() {
	secret, err := pylonidentity.NewIdentitySecret(hexSecret)
	if err != nil {
		panic(err)
	}
	settings, err := secret.ChatSettings(pylonidentity.User{
		AppID: "app-1", Email: "ada@example.com", Name: "Ada </script>",
	})
	if err != nil {
		panic(err)
	}
	script, err := settings.Script("r4nd0m")
	if err != nil {
		panic(err)
	}
	fmt.Println(script[:97])
	// Output: <script nonce="r4nd0m">window.pylon = {"chat_settings":{"app_id":"app-1","email":"ada@example.com
}

func ExampleDiagnose() {
	secret, err := pylonidentity.NewIdentitySecret(hexSecret)
	if err != nil {
		panic(err)
	}
	hash := secret.Sign("ada@example.com")
	fmt.Println(pylonidentity.Diagnose(hexSecret, "Ada@Example.com", hash).Causes)
	// Output: [email_case]
}

func ExampleJWTSecret() {
	secret, err := pylonidentity.NewJWTSecret("the JWT secret from Pylon's dashboard")
	if err != nil {
		panic(err)
	}
	settings, err := secret.ChatSettings(pylonidentity.Claims{AppID: "app-1", Email: "ada@example.com"}, 5*time.Minute)
	if err != nil {
		panic(err)
	}
	claims, err := secret.VerifyJWT(settings.JWT, "app-1")
	fmt.Println(claims.Email, claims.ExpiresAt.Sub(claims.IssuedAt), err)
	// Output: ada@example.com 5m0s <nil>
}
