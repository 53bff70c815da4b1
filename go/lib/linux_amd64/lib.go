// Package lib holds the native library for linux_amd64. It has no Go code; `go mod vendor` keeps only folders with
// some.
package lib
