// Package lib holds the native library for darwin_arm64. It has no Go code; `go mod vendor` keeps only folders with
// some.
package lib
