package pylonidentity_test

import (
	"sync"
	"testing"

	pylonidentity "github.com/pylon-identity/pylon-identity/go"
)

// Only the call itself refers to these secrets, so their keys may be wiped as soon as it ends. With the build tag
// pylonidentity_gc, garbage is collected in the call.
func TestSecretsThatNothingRefersTo(t *testing.T) {
	want := parse(t, sentinel).Sign(email)
	var group sync.WaitGroup
	for range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 5 {
				settings, err := parse(t, sentinel).ChatSettings(pylonidentity.User{AppID: "app", Email: email})
				for _, got := range []string{
					parse(t, sentinel).Sign(email), parse(t, sentinel).SignMany([]string{"", email})[1], settings.EmailHash,
				} {
					if got != want || err != nil {
						t.Errorf("%s, %v", got, err)
					}
				}
				if !parse(t, sentinel).Verify(email, want) {
					t.Error("Verify: false")
				}
			}
		}()
	}
	group.Wait()
}
