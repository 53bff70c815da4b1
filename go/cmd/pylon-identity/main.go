// Command pylon-identity signs emails for Pylon's chat widget, verifies email hashes, and finds out why one is wrong.
// Its help explains it: pylon-identity --help.
package main

/*
#cgo linux,amd64 LDFLAGS: ${SRCDIR}/../../lib/linux_amd64/libpylon_identity_command.a
#cgo linux,arm64 LDFLAGS: ${SRCDIR}/../../lib/linux_arm64/libpylon_identity_command.a
#cgo darwin,amd64 LDFLAGS: ${SRCDIR}/../../lib/darwin_amd64/libpylon_identity_command.a
#cgo darwin,arm64 LDFLAGS: ${SRCDIR}/../../lib/darwin_arm64/libpylon_identity_command.a
#cgo linux LDFLAGS: -lutil -lrt -lpthread -lm -ldl
#include <fcntl.h>
#include <stddef.h>

extern int pylon_identity_command_line(char **args, size_t count, int stdin_closed, int stdout_closed);

static int stdin_closed, stdout_closed;

// Go opens /dev/null in place of a closed stream, so that output to it would be lost without an error. This runs
// before.
__attribute__((constructor)) static void look(void) {
	stdin_closed = fcntl(0, F_GETFD) == -1;
	stdout_closed = fcntl(1, F_GETFD) == -1;
}

static int run(char **args, size_t count) {
	return pylon_identity_command_line(args, count, stdin_closed, stdout_closed);
}
*/
import "C"

import (
	"os"

	// The imports make `go mod vendor` copy the folders with the libraries.
	_ "github.com/pylon-identity/pylon-identity/go/lib/darwin_amd64"
	_ "github.com/pylon-identity/pylon-identity/go/lib/darwin_arm64"
	_ "github.com/pylon-identity/pylon-identity/go/lib/linux_amd64"
	_ "github.com/pylon-identity/pylon-identity/go/lib/linux_arm64"
)

func main() {
	args := make([]*C.char, 0, len(os.Args))
	for _, arg := range os.Args[1:] {
		args = append(args, C.CString(arg))
	}
	args = append(args, nil)
	os.Exit(int(C.run(&args[0], C.size_t(len(args)-1))))
}
