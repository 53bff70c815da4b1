// Package include holds the header of the native library. It has no Go code; `go mod vendor` keeps only
// folders with some.
package include
