package pylonidentity

// The imports make `go mod vendor` copy the folders with the header and the libraries.
import (
	_ "github.com/pylon-identity/pylon-identity/go/include"
	_ "github.com/pylon-identity/pylon-identity/go/lib/darwin_amd64"
	_ "github.com/pylon-identity/pylon-identity/go/lib/darwin_arm64"
	_ "github.com/pylon-identity/pylon-identity/go/lib/linux_amd64"
	_ "github.com/pylon-identity/pylon-identity/go/lib/linux_arm64"
)
